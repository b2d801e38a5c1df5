"""C27: call frequency, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("the default", posture(), "good"),
    ("none", posture({"call_frequency": ""}), "warning"),
    ("one more a second", posture({"call_frequency": "6/1/second"}), "warning"),
    ("loose, but tight by the minute", posture({"call_frequency": "6/1/second&300/1/minute"}), "good"),
    ("not said", posture({"call_frequency": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_frequency(of: object, wanted: str) -> None:
    assert verdict("call_frequency", of) == wanted
