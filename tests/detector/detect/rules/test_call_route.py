"""Calls on a route by extensions that it is not for (C22)."""

import pytest

from tests.detector.engine.builders import DAY, EMERGENCY, GERMANY, HOME, call, detections, fired, run, settings

RULE = "call.route"
ONLY = settings(
    rules={RULE: {"allowed": {"International": ["1001", "1010-1019", "sales", 1030]}}},
    pbx={"groups": {"sales": {"members": ["1020"]}}},
)
CASES = [
    ("nobody's list", [call(0)], settings(), []),
    ("not on the list", [call(0)], ONLY, [0]),
    ("each call", [call(n) for n in range(3)], ONLY, [0, 1, 2]),
    ("slow drip", [call(n * DAY) for n in range(3)], ONLY, [0, DAY, 2 * DAY]),
    ("at home as well", [call(0, HOME)], ONLY, [0]),
    ("on the list", [call(0, extension="1001"), call(1, extension="1030")], ONLY, []),
    ("in a range", [call(n, extension=phone) for n, phone in enumerate(["1010", "1019"])], ONLY, []),
    ("beside a range", [call(n, extension=phone) for n, phone in enumerate(["1009", "1020", "1021"])], ONLY, [0, 2]),
    ("in a group", [call(0, extension="1020")], ONLY, []),
    ("no number at all", [call(0, extension="10x5"), call(1, extension="1" * 64)], ONLY, [0, 1]),
    ("another route", [call(0, route="Local")], ONLY, []),
    ("several phases", [call(0, call="a"), call(1, call="a", phase="ended")], ONLY, [0]),
    ("twice the same event", [call(0), call(0)], ONLY, [0]),
    ("out of order", [call(1), call(0)], ONLY, [1, 0]),
    ("an emergency", [call(0, EMERGENCY)], ONLY, []),
    ("internal", [call(0, "1002", direction="internal")], ONLY, []),
    ("comes in", [call(0, "1007", direction="inbound")], ONLY, []),
]


@pytest.mark.parametrize(("events", "configured", "seconds"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_call_route(events, configured, seconds) -> None:
    assert fired(events, RULE, configured) == seconds


def test_whoever_forwards_needs_the_route() -> None:
    (found,) = detections(run([call(0, GERMANY, "1001", via="forward", on_behalf_of="1007")], ONLY), RULE)
    assert (found.subject.id, found.severity, found.values["route"]) == ("1007", "warning", "International")
