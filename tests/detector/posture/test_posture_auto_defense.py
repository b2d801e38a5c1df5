"""C08: auto defense, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("as published", posture(), "good"),
    ("stricter", posture({"auto_defense": {"sip": "10/2", "https": "60/60"}}), "good"),
    ("as many in a longer time", posture({"auto_defense": {"sip": "40/4", "https": "120/60"}}), "good"),
    ("one packet looser", posture({"auto_defense": {"sip": "41/2", "https": "120/60"}}), "warning"),
    ("no rule for the web", posture({"auto_defense": {"sip": "40/2"}}), "warning"),
    ("in no time at all", posture({"auto_defense": {"sip": "40/0", "https": "120/60"}}), "warning"),
    ("off", posture({"auto_defense": {}}), "warning"),
    ("not said", posture({"auto_defense": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_auto_defense(of: object, wanted: str) -> None:
    assert verdict("auto_defense", of) == wanted
