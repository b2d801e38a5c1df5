"""C29: call duration, good, weak and unknown."""

import pytest
from msgspec.structs import replace

from tests.detector.posture.postures import SOUND, UNSEEN, posture, verdict

CASES = [
    ("for everybody", posture(), "good"),
    ("four hours", posture({"max_call_seconds": 14400}), "good"),
    ("longer", posture({"max_call_seconds": 14401}), "warning"),
    ("none", posture({"max_call_seconds": 0}), "warning"),
    ("each has one", posture({"max_call_seconds": 0}, extensions=(replace(SOUND, max_call_seconds=600),)), "good"),
    (
        "each has one, and nothing is said of all",
        posture({"max_call_seconds": None}, extensions=(replace(SOUND, max_call_seconds=600),)),
        "good",
    ),
    ("not said", posture({"max_call_seconds": None}), "unknown"),
    ("none for everybody, extensions not read", posture({"max_call_seconds": 0}, extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_duration(of: object, wanted: str) -> None:
    assert verdict("call_duration", of) == wanted
