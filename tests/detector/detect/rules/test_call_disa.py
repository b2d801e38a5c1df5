"""Calls abroad by DISA, voicemail and callback (C23)."""

import pytest

from tests.detector.engine.builders import (
    EMERGENCY,
    HOME,
    HOUR,
    LATVIA,
    SOMALIA,
    branch,
    call,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    watched,
)

RULE = "call.disa"


def dialled(count, apart=60, to=SOMALIA, via="disa", extension=None, **more):
    return [call(apart * n, to, extension, **{"via": via, "call": f"d{apart * n}"} | more) for n in range(count)]


CASES = [
    ("one below the limit", dialled(2), []),
    ("at the limit", dialled(3), [120]),
    ("each one past the limit", dialled(4), [120, 180]),
    ("within the window", dialled(3, 1_799), [3_598]),
    ("slow drip", dialled(9, HOUR / 2), []),
    ("by voicemail", dialled(3, via="voicemail", extension="1007"), [120]),
    ("by callback", dialled(3, via="callback"), [120]),
    ("by queue", dialled(9, via="queue"), []),
    ("out of order", [dialled(3)[n] for n in (2, 0, 1)], [60]),
    ("twice the same event", [event for event in dialled(2) for _ in "ab"], []),
    ("several legs of one call", [call(n, extension=None, via="disa", call="a", leg=str(n)) for n in range(9)], []),
    ("an overseas branch called every day", [*branch(LATVIA), *dialled(9, to=LATVIA)], []),
    ("at home", dialled(9, to=HOME), []),
    ("emergencies", dialled(9, to=EMERGENCY), []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_disa(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_and_critical_once_the_pbx_is_known() -> None:
    found = run([*watched(), *dialled(6, trunk_in="carrier-b")])
    assert {each.severity for each in detections(found, RULE)} == {"critical"}
    (incident,) = incidents(found)
    assert incident.title == "Somebody over trunk carrier-b is dialling out through the PBX to Somalia"
    assert incident.kind == "dial_through"
    assert {each.action for each in decisions(found)} == {"hang_up", "block_number"}
    assert {each.severity for each in detections(run(dialled(3)), RULE)} == {"info"}


def test_limits_are_settable() -> None:
    assert fired(dialled(1), RULE, settings(rules={RULE: {"calls": 1}})) == [0]
