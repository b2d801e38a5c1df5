"""C15: login lockout, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("after five", posture(), "good"),
    ("after ten", posture({"login_attempts": 10}), "good"),
    ("after eleven", posture({"login_attempts": 11}), "warning"),
    ("never", posture({"login_attempts": 0}), "critical"),
    ("not said", posture({"login_attempts": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_lockout(of: object, wanted: str) -> None:
    assert verdict("login_lockout", of) == wanted
