"""C19: password policy, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("long and new", posture(), "good"),
    ("at the limits", posture({"password_min_length": 10, "password_history": 3}), "good"),
    ("too short", posture({"password_min_length": 9}), "warning"),
    ("old ones again", posture({"password_history": 2}), "warning"),
    ("short, and history not said", posture({"password_min_length": 9, "password_history": None}), "warning"),
    ("long, and history not said", posture({"password_history": None}), "unknown"),
    ("not said", posture({"password_min_length": None, "password_history": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_password_policy(of: object, wanted: str) -> None:
    assert verdict("password_policy", of) == wanted
