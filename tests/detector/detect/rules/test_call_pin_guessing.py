"""One extension tries PINs of an outbound route (C23)."""

import pytest

from tests.detector.engine.builders import (
    HOME,
    HOUR,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    refused,
    run,
    settings,
)

RULE = "call.pin_guessing"


def tries(count, apart=10, **more):
    return [refused(apart * n, HOME, reason="wrong_pin", **more) for n in range(count)]


CASES = [
    ("one below the limit", tries(4), []),
    ("at the limit", tries(5), [40]),
    ("one past the limit", tries(6), [40]),
    ("starts over", tries(10), [40, 90]),
    ("within the window", tries(5, 149), [596]),
    ("slow drip", tries(14, HOUR), []),
    ("slow drip for hours", tries(15, HOUR), [14 * HOUR]),
    ("slower than a day", tries(30, 2 * HOUR), []),
    ("out of order", [tries(5)[n] for n in (4, 2, 0, 1, 3)], [30]),
    ("twice the same event", [event for event in tries(4) for _ in "ab"], []),
    ("several legs of one call", [refused(n, HOME, reason="wrong_pin", call="a", leg=str(n)) for n in range(9)], []),
    ("two extensions", [*tries(4), *tries(4, extension="1008")], []),
    ("other reasons", [refused(n, HOME, reason="no_permission") for n in range(9)], []),
    ("the right PIN", [cdr(n, 60, HOME, pin="a") for n in range(9)], []),
    ("from outside", tries(9, direction="inbound"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_pin_guessing(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_told_and_nobody_is_cut_off() -> None:
    found = run(tries(30))
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == ("pin_guessing", "Extension 1007 is guessing PINs")
    assert decisions(found) == []


def test_an_extension_can_have_limits_of_its_own() -> None:
    own = {"extensions": {"1007": {"rules": {RULE: {"calls": 2}}}}}
    assert fired(tries(2), RULE, settings(pbx=own)) == [10]


def test_what_was_read_out_of_text_is_told_as_such() -> None:
    (found,) = detections(run([*tries(4), *tries(1, extension="1007", trust="text", call="x", leg="t")]), RULE)
    assert found.values["trust"] == "text"
