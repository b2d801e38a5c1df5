"""C26: blocked numbers, good, weak and unknown."""

import pytest

from detector.audit.posture import BlockedPosture
from tests.detector.posture.postures import UNSEEN, posture, verdict

CASES = [
    ("premium-rate", posture(), "good"),
    ("no rule", posture(blocked=()), "warning"),
    ("inbound only", posture(blocked=(BlockedPosture(name="x", direction="inbound", numbers=("1",)),)), "warning"),
    ("other numbers only", posture(premium_blocked=False), "warning"),
    ("a country without known premium-rate numbers", posture(premium_blocked=UNSEEN), "unknown"),
    ("not read", posture(blocked=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_blocked_numbers(of: object, wanted: str) -> None:
    assert verdict("blocked_numbers", of) == wanted
