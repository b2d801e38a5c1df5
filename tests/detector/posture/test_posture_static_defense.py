"""C07: static defense, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("the LAN", posture(), "good"),
    ("nothing", posture({"static_accept": []}), "good"),
    ("a whole private network", posture({"static_accept": ["10.0.0.0/8"]}), "good"),
    ("one site", posture({"static_accept": ["203.0.113.0/24", "8.8.8.0/24", "2001:4860::/48"]}), "good"),
    ("wider than a site", posture({"static_accept": ["8.8.8.0/23"]}), "critical"),
    ("wider than a site, IPv6", posture({"static_accept": ["2001:4860::/47"]}), "critical"),
    ("everything", posture({"static_accept": ["0.0.0.0/0"]}), "critical"),
    ("a name", posture({"static_accept": ["support.example"]}), "good"),
    ("not said", posture({"static_accept": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_static_defense(of: object, wanted: str) -> None:
    assert verdict("static_defense", of) == wanted
