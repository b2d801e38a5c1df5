"""C21: remote login, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("some", posture(), "good"),
    ("everybody", posture({"remote_login_restricted": False}), "warning"),
    ("not said", posture({"remote_login_restricted": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_remote_login(of: object, wanted: str) -> None:
    assert verdict("remote_login", of) == wanted
