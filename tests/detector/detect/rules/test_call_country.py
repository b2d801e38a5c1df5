"""Calls to countries that may not be called, and by extensions that may not call abroad (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    LATVIA,
    SATELLITE,
    SOMALIA,
    call,
    cdr,
    detections,
    fired,
    run,
    settings,
    whole,
)

RULE = "call.country"
CONFIGURED = settings(allowed_destination_countries=["US", "DE"])
CASES = [
    ("a country that is allowed", [call(0, GERMANY)], []),
    ("a country that is not", [call(0, SOMALIA)], [0]),
    ("each call", [call(0, SOMALIA), call(5, LATVIA)], [0, 5]),
    ("slow drip", [call(n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("out of order", [call(5), call(0)], [5, 0]),
    ("once a call, whatever its phases", whole(0, 60), [0]),
    ("once a call, whatever its order", whole(0, 60)[::-1], [60]),
    ("twice the same event", [call(0, SOMALIA)] * 2, [0]),
    ("known by its record only", [cdr(0, 60, SOMALIA)], [60]),
    ("dialled with a wrong exit code", [call(0, "90025261234567")], [0]),
    ("a network without a country", [call(0, SATELLITE)], [0]),
    ("a country behind +1", [call(0, "918765551234")], [0]),
    ("at home", [call(0, HOME)], []),
    ("emergency", [call(0, EMERGENCY)], []),
    ("internal", [call(0, "1008", direction="internal")], []),
    ("a call that came in", [call(0, SOMALIA, direction="inbound")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_country(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_an_empty_list_is_not_enforced() -> None:
    assert fired([call(0, SOMALIA)], RULE, settings()) == []


def test_countries_of_one_extension() -> None:
    own = settings(allowed_destination_countries=["US", "DE"],
                   pbx={"extensions": {"1008": {"allowed_destination_countries": ["US", "SO"]}}})  # fmt: skip
    assert fired([call(0, SOMALIA, "1008"), call(1, GERMANY, "1008"), call(2, SOMALIA)], RULE, own) == [1, 2]


def test_an_extension_without_the_right_to_call_abroad() -> None:
    own = settings(pbx={"extensions": {"1008": {"international": False}}})
    assert fired([call(0, GERMANY, "1008"), call(1, HOME, "1008"), call(2, GERMANY)], RULE, own) == [0]


def test_what_it_says() -> None:
    (found,) = detections(run([call(0, SOMALIA)], CONFIGURED), RULE)
    assert (found.subject.id, found.values["country"], found.severity) == ("1007", "SO", "warning")
    assert found.summary == "Extension 1007 called Somalia, which is not allowed"
