"""Calls on a route by extensions that it is not for (C22)."""

import pytest

from tests.detector.engine.builders import DAY, EMERGENCY, GERMANY, HOME, call, detections, fired, run, settings

RULE = "call.route"
CONFIGURED = settings(
    rules={RULE: {"allowed": {"International": ["1001", "1010-1019", "sales", 1030]}}},
    pbx={"groups": {"sales": {"members": ["1020"]}}},
)
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
    ("an emergency", [call(0, EMERGENCY)], []),
    ("internal", [call(0, "1002", direction="internal")], []),
    ("comes in", [call(0, "1007", direction="inbound")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_route(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


def test_whoever_forwards_needs_the_route() -> None:
    (found,) = detections(run([call(0, GERMANY, "1001", via="forward", on_behalf_of="1007")], CONFIGURED), RULE)
    assert (found.subject.id, found.severity, found.values["route"]) == ("1007", "warning", "International")
