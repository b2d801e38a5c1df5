"""C17: two factor, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("mandatory", posture(), "good"),
    ("not mandatory", posture({"two_factor": False}), "warning"),
    ("not said", posture({"two_factor": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_two_factor(of: object, wanted: str) -> None:
    assert verdict("two_factor", of) == wanted
