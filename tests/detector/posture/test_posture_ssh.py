"""C02: ssh, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("off", posture(), "good"),
    ("on", posture({"ssh": True}), "critical"),
    ("not said", posture({"ssh": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_ssh(of: object, wanted: str) -> None:
    assert verdict("ssh", of) == wanted
