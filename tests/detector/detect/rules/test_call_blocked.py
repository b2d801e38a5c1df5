"""Calls to blocked numbers and sorts of numbers (C26)."""

import pytest

from detector.detect.catalogue import catalogue
from detector.settings.problems import problems
from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    PREMIUM,
    SOMALIA,
    call,
    detections,
    fired,
    run,
    settings,
)

RULE = "call.blocked"


def blocked(*numbers, classes=()):
    return settings(rules={RULE: {"numbers": list(numbers), "classes": list(classes)}})


CONFIGURED = blocked("9011252.", "1900NXXXXXX")
CASES = [
    ("on the list", [call(0)], [0]),
    ("the second on the list", [call(0, PREMIUM)], [0]),
    ("not on the list", [call(0, GERMANY)], []),
    ("each call", [call(n) for n in range(3)], [0, 1, 2]),
    ("slow drip", [call(n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("several phases", [call(0, call="a"), call(1, call="a", phase="ended")], [0]),
    ("twice the same event", [call(0), call(0)], [0]),
    ("out of order", [call(1), call(0)], [1, 0]),
]
LISTS = [
    ("as dialled", [call(0)], blocked("9011252."), [0]),
    ("without the access digit", [call(0)], blocked("011252!"), [0]),
    ("as E.164", [call(0)], blocked("+2526XXXXXXX"), [0]),
    ("behind the exit code, dialled otherwise", [call(0, "+252612345678")], blocked("011252."), [0]),
    ("a premium range at home", [call(0, PREMIUM)], blocked("1900NXXXXXX"), [0]),
    ("one digit too few", [call(0, PREMIUM)], blocked("1900NXXXXX"), []),
    ("one digit too many", [call(0, PREMIUM)], blocked("1900NXXXXXXX"), []),
    ("the second of two", [call(0, GERMANY)], blocked("9011252.", "901149."), [0]),
    ("a sort of number", [call(0, PREMIUM), call(1)], blocked(classes=["premium"]), [0]),
    ("an emergency", [call(0, EMERGENCY)], blocked("."), []),
    ("internal", [call(0, "1002", direction="internal")], blocked("."), []),
    ("comes in", [call(0, "1007", direction="inbound", from_=SOMALIA)], blocked("."), []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_blocked(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


@pytest.mark.parametrize(("events", "configured", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in LISTS])
def test_what_a_list_may_say(events, configured, seconds) -> None:
    assert fired(events, RULE, configured) == seconds


def test_it_says_which_pattern_and_for_whom() -> None:
    own = {"extensions": {"1008": {"rules": {RULE: {"numbers": []}}}}}
    configured = settings(rules={RULE: {"numbers": ["X."]}}, pbx=own)
    (found,) = detections(run([call(0, HOME), call(1, HOME, "1008")], configured), RULE)
    assert (found.subject.id, found.values["pattern"]) == ("1007", "X.")


def test_a_pattern_that_is_none_is_a_problem_of_the_configuration() -> None:
    (problem,) = problems(blocked("[9-1]"), catalogue())
    assert "not a set" in problem.text
