"""C28: concurrent calls, good, weak and unknown."""

import pytest

from detector.audit.posture import TrunkPosture
from tests.detector.posture.postures import UNSEEN, posture, verdict

CASES = [
    ("limited", posture(), "good"),
    ("no limit", posture({"trunk_calls": {"carrier-a": 0}}), "warning"),
    ("not said of this trunk", posture({"trunk_calls": {"carrier-b": 3}}), "unknown"),
    (
        "a trunk that is off",
        posture({"trunk_calls": {}}, trunks=(TrunkPosture(name="carrier-a", enabled=False),)),
        "good",
    ),
    ("not said", posture({"trunk_calls": None}), "unknown"),
    ("not read", posture(trunks=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_concurrent_calls(of: object, wanted: str) -> None:
    assert verdict("concurrent_calls", of) == wanted
