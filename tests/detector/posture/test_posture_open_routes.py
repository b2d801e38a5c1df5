"""C22: open routes, good, weak and unknown."""

import pytest
from msgspec.structs import replace

from tests.detector.posture.postures import ABROAD, SOUND, UNSEEN, posture, verdict, with_route

CASES = [
    ("as meant", posture(), "good"),
    ("abroad for everybody", posture(routes=with_route(members=("1000", "1003", "1004", "1005"))), "critical"),
    (
        "abroad for a group called after everybody",
        posture(routes=with_route(groups=("Default_All_Extensions",))),
        "critical",
    ),
    ("abroad for a group in the Hall", posture(routes=with_route(groups=("Hall",))), "unknown"),
    ("at home for everybody, unasked", posture({"routes_for_everybody": None}), "info"),
    (
        "abroad for nine of ten",
        posture(
            extensions=tuple(replace(SOUND, number=str(n)) for n in range(10)),
            routes=(replace(ABROAD, members=tuple(str(n) for n in range(9))),),
        ),
        "critical",
    ),
    (
        "abroad for eight of ten",
        posture(
            extensions=tuple(replace(SOUND, number=str(n)) for n in range(10)),
            routes=(replace(ABROAD, members=tuple(str(n) for n in range(8))),),
        ),
        "good",
    ),
    ("routes not read", posture(routes=UNSEEN), "unknown"),
    ("extensions not read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_open_routes(of: object, wanted: str) -> None:
    assert verdict("open_routes", of) == wanted
