"""C31: backup, good, weak and unknown."""

from math import inf

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict

CASES = [
    ("two days old", posture(), "good"),
    ("a month old", posture(backup_age=31.0), "good"),
    ("older", posture(backup_age=31.1), "warning"),
    ("never", posture(backup_age=inf), "warning"),
    ("no schedule", posture({"backup_schedule": False}), "warning"),
    ("schedule not said", posture({"backup_schedule": None}), "unknown"),
    ("old, schedule not said", posture({"backup_schedule": None}, backup_age=40.0), "warning"),
    ("not read", posture(backup_age=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_backup(of: object, wanted: str) -> None:
    assert verdict("backup", of) == wanted
