"""How long an incident stays open, and when it counts as contained."""

from datetime import timedelta

import pytest

from detector.contract.codec import from_micros
from detector.contract.findings import FOREVER, Decision, Subject
from detector.contract.vocabulary import Act, DecisionStatus, Mode, Stage, State, Status, SubjectKind
from detector.correlate.case import Case
from detector.correlate.ends import (
    LEAK_GRACE_MICROS,
    LEAK_QUIET_MICROS,
    QUIET_MICROS,
    close_leaks,
    contain,
    find_end,
    find_leak,
    is_held,
    note_leak,
    note_outcome,
    reopen,
)

HOUR = 3_600_000_000
NOW = 100 * HOUR


def decision(name: str, until: int | None = None, **more: object) -> Decision:
    made = {
        "id": name, "pbx": "hq", "at": from_micros(NOW), "incident": "a", "because": (), "action": Act.BLOCK_IP,
        "rung": 1, "target": Subject(SubjectKind.SOURCE_IP, "203.0.113.77"), "mode": Mode.AUTO,
        "status": DecisionStatus.ACTIVE, "until": FOREVER if until is None else from_micros(until),
    }  # fmt: skip
    return Decision(**made | more)


def case(*made: Decision, **more: object) -> Case:
    standard = {"opened": NOW, "updated": NOW, "tenant": "", "currency": "USD", "peak": 90}
    return Case(id="a", decisions={one.id: one for one in made}, **standard | more)


@pytest.mark.parametrize(
    ("made", "at", "hours"),
    [
        pytest.param(case(), NOW, 24, id="a day after its last sign"),
        pytest.param(case(stages=[Stage.PROBE]), NOW, 48, id="with calls two nights"),
        pytest.param(case(stages=[Stage.ACCESS]), NOW, 24, id="without calls one"),
        pytest.param(case(decision("a", NOW + 30 * HOUR)), NOW, 30, id="not before what was decided ends"),
        pytest.param(case(decision("a", NOW + HOUR)), NOW, 24, id="what ends sooner holds nothing"),
        pytest.param(case(decision("a")), NOW, 24, id="what is for good is not waited for"),
        pytest.param(
            case(decision("a", NOW + 30 * HOUR, status=DecisionStatus.LIFTED)), NOW, 24, id="nor what is lifted"
        ),
        pytest.param(case(legs=["up"]), NOW + 60 * HOUR, 84, id="not while a call is up"),
    ],
)
def test_when_a_quiet_incident_is_over(made: Case, at: int, hours: int) -> None:
    assert find_end(made, at) == NOW + hours * HOUR
    assert timedelta(days=1) // timedelta(microseconds=1) == QUIET_MICROS


@pytest.mark.parametrize(
    ("made", "states", "held"),
    [
        pytest.param(case(), {"a": "confirmed"}, True, id="confirmed"),
        pytest.param(case(), {"a": "applied"}, False, id="applied is not confirmed"),
        pytest.param(case(), {"a": "of another version"}, False, id="a state that is not known"),
        pytest.param(case(), {"a": "confirmed", "c": "failed"}, True, id="one is confirmed"),
        pytest.param(case(), {"a": "confirmed", "b": "applied"}, True, id="the other is on its way"),
        pytest.param(case(legs=["up"]), {"a": "confirmed"}, False, id="a call is up"),
        pytest.param(case(leaks={"a": NOW}), {"a": "confirmed"}, False, id="what is kept out comes all the same"),
        pytest.param(case(), {}, False, id="nothing was done"),
    ],
)
def test_what_holds_an_attack(made: Case, states: dict[str, str], held: bool) -> None:
    for name, state in states.items():
        note_outcome(made, name, state, NOW)
    assert is_held(made) is held


@pytest.mark.parametrize(
    ("status", "then", "avoided"),
    [
        (Status.OPEN, Status.CONTAINED, 90 * 60), (Status.CONTAINED, Status.CONTAINED, 0),
        (Status.CLOSED, Status.CLOSED, 0),
    ],
)  # fmt: skip
def test_an_open_incident_is_contained_once(status: Status, then: Status, avoided: int) -> None:
    made = case(status=status)
    contain(made)
    assert (made.status, made.avoided) == (then, avoided)


@pytest.mark.parametrize(
    ("status", "then"),
    [(Status.CONTAINED, Status.OPEN), (Status.OPEN, Status.OPEN), (Status.CLOSED, Status.CLOSED)],
)
def test_what_was_contained_is_open_when_the_calls_go_on(status: Status, then: Status) -> None:
    made = case(status=status)
    reopen(made)
    assert made.status is then


def test_outcomes_are_dated_by_our_own_clock() -> None:
    made = case(decision("a"))
    note_outcome(made, "a", State.CONFIRMED, NOW + 5)
    assert made.confirmed_at == NOW + 5


LATER = NOW + LEAK_GRACE_MICROS + 1
SOURCE = Subject(SubjectKind.SOURCE_IP, "203.0.113.77")
ANOTHER = Subject(SubjectKind.SOURCE_IP, "203.0.113.78")


@pytest.mark.parametrize(
    ("made", "state", "source", "at", "leaks"),
    [
        pytest.param(decision("a"), "confirmed", SOURCE, LATER, True, id="it comes although it is kept out"),
        pytest.param(decision("a"), "confirmed", SOURCE, LATER - 1, False, id="while the firewall loads its list"),
        pytest.param(decision("a"), "applied", SOURCE, LATER, False, id="nobody said yet that it is kept out"),
        pytest.param(decision("a"), "undone", SOURCE, LATER, False, id="it may come again"),
        pytest.param(decision("a"), "confirmed", ANOTHER, LATER, False, id="another address"),
        pytest.param(decision("a", action=Act.HANG_UP), "confirmed", SOURCE, LATER, False, id="another act"),
        pytest.param(decision("a", status=DecisionStatus.LIFTED), "confirmed", SOURCE, LATER, False, id="lifted"),
    ],
)  # fmt: skip
def test_what_is_kept_out_and_comes_all_the_same(
    made: Decision, state: str, source: Subject, at: int, leaks: bool
) -> None:
    blocked = case(made)
    note_outcome(blocked, "a", "confirmed", NOW)
    note_outcome(blocked, "a", state, NOW)
    assert (find_leak(blocked, source, at) is made) is leaks


def test_what_leaks_is_open_until_it_has_been_quiet_for_a_while() -> None:
    made = case(decision("a"), status=Status.CONTAINED)
    assert note_leak(made, made.decisions["a"], NOW)
    assert made.status is Status.OPEN
    assert not note_leak(made, made.decisions["a"], NOW + HOUR)
    assert not close_leaks(made, NOW + HOUR + LEAK_QUIET_MICROS - 1)
    assert close_leaks(made, NOW + HOUR + LEAK_QUIET_MICROS)
    assert made.leaks == {}
    made.leaks = {"b": NOW}
    assert close_leaks(made, NOW), "nobody wants it kept out any more"
