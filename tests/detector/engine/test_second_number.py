"""Another number under the name of a call is looked at like any other call, whatever order its phases come in."""

import pytest

from detector.contract.findings import Detection
from tests.detector.engine.builders import (
    HOME,
    SATELLITE,
    SOMALIA,
    THIEF,
    call,
    engine,
    guesses,
    incidents,
    interrupted,
    registration,
    run,
    text,
    tick,
    watched,
    whole,
)


def under(name, *calls):
    """Calls under one name, each event with an id of its own."""
    events = [event for one in calls for event in one]
    return [call(0, **changed(event, name, number)) for number, event in enumerate(events)]


def changed(event, name, number):
    given = {field: getattr(event, field) for field in event.__struct_fields__}
    return given | {"call": name, "call_id": name, "id": f"{name}#{number}"}


AT_HOME, ABROAD = whole(0, 20, HOME), whole(30, 600, SATELLITE)
ORDERS = [
    ("one after the other", [AT_HOME, ABROAD], 0),
    ("the second begins before the end of the first is told", [AT_HOME[:2], ABROAD[:1], AT_HOME[2:], ABROAD[1:]], 0),
    ("the end of the first is never told", [AT_HOME[:2], ABROAD], 0),
    ("of the second only the end is told", [AT_HOME, ABROAD[2:]], 0),
    ("of both only the ends are told", [AT_HOME[2:], ABROAD[2:]], 0),
    ("the record of the second comes while the first is up", [AT_HOME[:2], ABROAD[2:], AT_HOME[2:]], 0),
    ("the second is still up", [AT_HOME, ABROAD[:2]], 1),
    ("it is one channel", [[call(0, HOME, leg="c")], [call(9, SATELLITE, leg="c")]], 1),
]


@pytest.mark.parametrize(("parts", "up"), [pytest.param(*case[1:], id=case[0]) for case in ORDERS])
def test_the_second_number_is_looked_at(parts, up) -> None:
    events = under("k1", *parts)
    made = engine()
    found = [one for event in [*watched(), *events] for one in made.process(event)]
    called = [one.values.get("destination") for one in found if isinstance(one, Detection)]
    assert "+881612345678" in called
    assert made._states["hq", False].ledger.legs_up == up
    assert text(interrupted([*watched(), *events])) == text(found)


SAME = [
    ("with the access digit and without", "912125550123", "12125550123"),
    ("as it was dialled and as it is known all over the world", "9011252612345678", "+252612345678"),
    ("as the trunk changed it", "9011252612345678", "00252612345678"),
]


@pytest.mark.parametrize(("one", "other"), [pytest.param(*case[1:], id=case[0]) for case in SAME])
def test_the_same_number_told_otherwise_is_no_second_call(one, other) -> None:
    made = engine()
    for event in under("k1", [call(0, one)], [call(1, other, phase="answered")], [call(9, other, phase="ended")]):
        made.process(event)
    assert len(made._states["hq", False].ledger.legs) == 1


def test_a_colleague_to_whom_it_is_sent_on_is_no_second_call() -> None:
    made = engine()
    for event in under("k1", [call(0, SOMALIA)], [call(5, "1002", phase="ended", trunk=None)]):
        made.process(event)
    assert len(made._states["hq", False].ledger.legs) == 1


def test_what_is_told_without_a_number_is_of_the_number_called_last() -> None:
    made = engine()
    for event in under("k1", AT_HOME, ABROAD[:1], [call(40, None, phase="answered"), call(60, None, phase="ended")]):
        made.process(event)
    legs = made._states["hq", False].ledger.legs.values()
    assert [(leg.up, leg.answered > 0, leg.klass) for leg in legs] == [
        (False, True, "national"),
        (False, True, "satellite"),
    ]


def test_the_money_of_a_call_that_a_second_number_ends_is_counted_once() -> None:
    stolen = [*guesses(-60), registration(-50, "accepted")]
    parts = under("k1", whole(0, 600)[:2], whole(60, 60, "901137127654321", source_ip=THIEF))
    found = run([*stolen, *parts, tick(3_600)])
    (incident,) = incidents(found)
    assert incident.loss.spent == 90 + 60
    assert incident.loss.per_minute == 0
