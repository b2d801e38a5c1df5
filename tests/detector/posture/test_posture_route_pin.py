"""C23: route pin, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import NATIONAL, UNSEEN, posture, verdict, with_route

CASES = [
    ("a list", posture(), "good"),
    ("one PIN", posture(routes=with_route(pin="single_pin")), "good"),
    ("none", posture(routes=with_route(pin="disable")), "critical"),
    ("something else", posture(routes=with_route(pin="later")), "critical"),
    ("none at home", posture(routes=(NATIONAL,)), "good"),
    ("not read", posture(routes=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_route_pin(of: object, wanted: str) -> None:
    assert verdict("route_pin", of) == wanted
