"""Callers from outside try PINs to dial through (C23)."""

import pytest

from tests.detector.engine.builders import HOUR, decisions, fired, incidents, refused, run, rung, settings, whole

RULE = "call.disa_pin"


def tries(count, apart=10, **more):
    given = {"reason": "wrong_pin", "disposition": "failed", "trunk_in": "carrier-b"}
    return [rung(apart * n, f"+1212555{n:04}", **given | more) for n in range(count)]


CASES = [
    ("one below the limit", tries(9), []),
    ("at the limit, each from another number", tries(10), [90]),
    ("one past the limit", tries(11), [90]),
    ("starts over", tries(20), [90, 190]),
    ("within the window", tries(10, 399), [3_591]),
    ("slow drip", tries(30, 401), []),
    ("out of order", [tries(10)[n] for n in (9, 1, 2, 3, 4, 0, 5, 6, 8, 7)], [70]),
    ("twice the same event", [event for event in tries(9) for _ in "ab"], []),
    ("over two trunks", [*tries(9), *tries(9, trunk_in="carrier-c", call="x")], []),
    ("other reasons", tries(20, reason="timeout"), []),
    ("from inside", [refused(n, reason="wrong_pin") for n in range(20)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_disa_pin(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_that_accuses_no_extension() -> None:
    found = run(tries(40))
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == ("pin_guessing", "Somebody over trunk carrier-b is guessing PINs")
    assert {each.kind for each in incident.subjects} == {"trunk"}
    assert decisions(found) == []


def test_whoever_is_called_next_is_not_taken_for_stolen() -> None:
    found = run([*tries(20), *whole(HOUR, 60, extension="1001")])
    assert decisions(found) == []
    assert fired(tries(2), RULE, settings(rules={RULE: {"calls": 2}})) == [10]
