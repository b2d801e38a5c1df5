"""C30: notifications, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("all on", posture(), "good"),
    ("one off", posture({"notifications": ["web_user_blocked_out"]}), "warning"),
    ("nobody is told", posture({"notification_contacts": 0}), "warning"),
    ("contacts not said", posture({"notification_contacts": None}), "unknown"),
    ("not said", posture({"notifications": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_notifications(of: object, wanted: str) -> None:
    assert verdict("notifications", of) == wanted
