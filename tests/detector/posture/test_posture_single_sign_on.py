"""C16: single sign on, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("in use", posture(), "good"),
    ("not in use", posture({"single_sign_on": False}), "info"),
    ("not said", posture({"single_sign_on": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_single_sign_on(of: object, wanted: str) -> None:
    assert verdict("single_sign_on", of) == wanted
