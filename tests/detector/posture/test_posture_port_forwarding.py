"""C04: port forwarding, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("none", posture(), "good"),
    ("some", posture({"port_forwarding": True}), "warning"),
    (
        "services for administrators are open",
        posture({"port_forwarding": True, "exposed_services": {"ami": 15038}}),
        "critical",
    ),
    (
        "they are open, forwarding is not said",
        posture({"port_forwarding": None, "exposed_services": {"ldap": 1389}}),
        "critical",
    ),
    ("not said", posture({"port_forwarding": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_port_forwarding(of: object, wanted: str) -> None:
    assert verdict("port_forwarding", of) == wanted
