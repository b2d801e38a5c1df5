"""Calls on a route by extensions that it is not for (C22)."""

from typing import Any

import pytest

from tests.detector.engine.builders import DAY, EMERGENCY, GERMANY, HOME, call, detections, fired, run, settings, whole

RULE = "call.route"
CONFIGURED = settings(
    rules={RULE: {"allowed": {"International": ["1001", "1010-1019", "sales", 1030], "Premium": ["1000"]}}},
    pbx={"groups": {"sales": {"members": ["1020"]}}},
)
UNTOLD: dict[str, Any] = {"route": None}


def either(*routes: str) -> dict[str, Any]:
    """Which of these it went by is not known."""
    return {"route": None, "possible_routes": routes}


CASES = [
    ("not on the list", [call(0)], [0]),
    ("each call", [call(n) for n in range(3)], [0, 1, 2]),
    ("slow drip", [call(n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("at home as well", [call(0, HOME)], [0]),
    ("on the list", [call(0, extension="1001"), call(1, extension="1030")], []),
    ("in a range", [call(n, extension=phone) for n, phone in enumerate(["1010", "1019"])], []),
    ("beside a range", [call(n, extension=phone) for n, phone in enumerate(["1009", "1020", "1021"])], [0, 2]),
    ("in a group", [call(0, extension="1020")], []),
    ("no number at all", [call(0, extension="10x5"), call(1, extension="1" * 64)], [0, 1]),
    ("another route", [call(0, route="Local")], []),
    ("several phases", [call(0, call="a"), call(1, call="a", phase="ended")], [0]),
    ("twice the same event", [call(0), call(0)], [0]),
    ("out of order", [call(1), call(0)], [1, 0]),
    ("no route is told", [call(0, **UNTOLD), call(1, call="1007@0", phase="ended", **UNTOLD)], []),
    ("its route is told when it ends", [call(0, call="a", **UNTOLD), call(9, call="a", phase="ended")], [9]),
    ("told by a revision", [call(0, **UNTOLD), call(0, revision=1)], [0]),
    ("told by a revision of its end", [*whole(0, 5, **UNTOLD), call(5, call="1007@0", phase="ended", revision=2)], [5]),
    ("told twice", [call(0, **UNTOLD), call(0, revision=1), call(0, revision=2)], [0]),
    ("told of one on the list", [call(0, extension="1001", **UNTOLD), call(0, extension="1001", revision=1)], []),
    ("either of two that are not for it", [call(0, **either("International", "Premium"))], [0]),
    ("either, and one is for it", [call(0, extension="1001", **either("International", "Premium"))], []),
    ("either, and one is for everybody", [call(0, **either("International", "Local"))], []),
    ("either, then the one that is not", [call(0, **either("International", "Local")), call(0, revision=1)], [0]),
    (
        "either, over and over",
        [
            call(n, call="a", phase=phase, **either("International", "Premium"))
            for n, phase in enumerate(["started", "answered", "ended"])
        ],
        [0],
    ),
    ("an emergency", [call(0, EMERGENCY)], []),
    ("internal", [call(0, "1002", direction="internal")], []),
    ("comes in", [call(0, "1007", direction="inbound")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_route(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


def test_all_routes_that_it_may_have_gone_by_are_named() -> None:
    (found,) = detections(run([call(0, **either("International", "Premium"))], CONFIGURED), RULE)
    assert found.values["route"] == "International or Premium"
    assert found.summary == "Extension 1007 called on route International or Premium, which is not for it"


def test_whoever_forwards_needs_the_route() -> None:
    (found,) = detections(run([call(0, GERMANY, "1001", via="forward", on_behalf_of="1007")], CONFIGURED), RULE)
    assert (found.subject.id, found.severity, found.values["route"]) == ("1007", "warning", "International")
