"""C09: registration lockout, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("after five", posture(), "good"),
    ("after ten", posture({"registration_attempts": 10}), "good"),
    ("after eleven", posture({"registration_attempts": 11}), "warning"),
    ("never", posture({"registration_attempts": 0}), "critical"),
    ("not said", posture({"registration_attempts": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_lockout(of: object, wanted: str) -> None:
    assert verdict("registration_lockout", of) == wanted
