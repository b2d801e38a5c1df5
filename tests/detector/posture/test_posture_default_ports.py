"""C03: default ports, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict

CASES = [
    ("another port", posture(), "good"),
    ("nothing is exposed", posture({"exposed_services": {}}), "good"),
    ("SIP on 5060", posture({"exposed_services": {"sip": 5060}}), "warning"),
    ("web where the connection shows its port", posture({"exposed_services": {"https": 8088}}, web_port=15443), "good"),
    ("web on 8088", posture({"exposed_services": {"https": 8088}}, web_port=8088), "warning"),
    (
        "web on 8088, seen from inside another way",
        posture({"exposed_services": {"https": 8088}}, web_port=UNSEEN),
        "warning",
    ),
    ("a service we do not know", posture({"exposed_services": {"other": 5060}}), "good"),
    ("not said", posture({"exposed_services": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_default_ports(of: object, wanted: str) -> None:
    assert verdict("default_ports", of) == wanted
