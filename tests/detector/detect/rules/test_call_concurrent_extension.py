"""More calls at once than a person holds (C28)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import (
    EMERGENCY,
    GERMANY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    SOMALIA,
    branch,
    call,
    cdr,
    decisions,
    detections,
    fired,
    run,
    settings,
)

RULE = "call.concurrent_extension"
PERU = "90115111234567"


def held(times, start=0, **more):
    return [call(start + 10 * step, HOME, **more) for step in range(times)]


def ended(at, began, **more):
    return call(at, HOME, phase="ended", call=f"1007@{began}", **more)


def over(times, apart=10, talk=600, to=HOME, **more):
    """Records of calls that began one after the other, each when its call is over."""
    return [cdr(apart * n, talk, to, **more) for n in range(times)]


def longest_first(times):
    """Records of calls of which the first was the longest, in the order of their ends."""
    return sorted((cdr(60 * n, 3_600 * (times - n), HOME) for n in range(times)), key=lambda each: each.at)


CASES = [
    ("one below the limit", held(3), []),
    ("at the limit", held(4), [30]),
    ("one past the limit is not said again at once", held(5), [30]),
    ("said again after a pause", [*held(4), call(329.999, HOME), call(330, HOME)], [30, 330]),
    ("slow drip: one ends before the next begins",
     [e for s in range(0, 200, 10) for e in (call(s, HOME), ended(s + 9, s))], []),
    ("one of four has ended", [*held(3), ended(25, 0), call(30, HOME)], []),
    ("the end comes out of order, before the start", [ended(25, 20), *held(4)], []),
    ("starts come out of order", [call(s, HOME) for s in (30, 10, 20, 0)], [0]),
    ("twice the same event", [event for event in held(3) for _ in "ab"], []),
    ("an end that comes twice lowers nothing twice",
     [*held(4), ended(31, 0), ended(32, 0, id="again"), call(330, HOME)], [30, 330]),
    ("legs of one call", [call(leg, HOME, call="one", leg=str(leg)) for leg in range(9)], []),
    ("one leg of a call of two has ended",
     [*held(3), call(40, HOME, call="two", leg="a"), call(41, HOME, call="two", leg="b"),
      call(42, HOME, call="two", leg="a", phase="ended"), call(330, HOME)], [40]),
    ("two extensions", [*held(3), *held(3, extension="1008")], []),
    ("calls that came in", [*held(3), *(call(s, "1007", direction="inbound") for s in (40, 50))], []),
    ("internal calls", [*held(3), call(40, "1008", direction="internal")], []),
    ("a call to emergency services is not one more", [*held(2), call(25, EMERGENCY), call(30, HOME)], []),
    ("nor is it reported", [*held(3), call(35, EMERGENCY)], []),
    ("never answered and never ended: given up after ten minutes", [*held(3), call(621, HOME)], []),
    ("a conference of nineteen", held(19, via="conference"), []),
    ("a conference of twenty", held(20, via="conference"), [190]),
    ("three calls beside a conference", [*held(10, via="conference"), *held(3, start=200)], []),
    ("four calls beside a conference", [*held(10, via="conference"), *held(4, start=200)], [230]),
    ("ringing still", [*held(3), call(599, HOME)], [599]),
    ("a record of a call that is over", [*held(4), cdr(300, 60, GERMANY)], [30]),
    ("records: one below the limit", over(3), []),
    ("records: at the limit", over(4), [630]),
    ("records: one past the limit is not said again at once", over(5), [630]),
    ("records: said again after a pause", [*over(4), *(cdr(330 + n, 600, HOME, call=f"b{n}") for n in range(4))],
     [630, 930]),
    ("records: the fourth begins as the first ends", [cdr(0, 30, HOME), *(cdr(s, 60, HOME) for s in (10, 20, 30))], []),
    ("records: the fourth begins a second before", [cdr(0, 31, HOME), *(cdr(s, 60, HOME) for s in (10, 20, 30))], [90]),
    ("records: each over another, never four at once", over(40, 200), []),
    ("records: the first call was the longest", longest_first(4), [4 * 3_600]),
    ("records: newest first", over(4)[::-1], [600]),
    ("records: twice the same", [record for record in over(3) for _ in "ab"], []),
    ("records: rows of one call", [cdr(n, 600, HOME, call="one", leg=str(n)) for n in range(9)], []),
    ("records: a consultation and a transfer", [cdr(0, 600, HOME), cdr(60, 60, HOME), cdr(115, 400, HOME)], []),
    ("records: nobody answers", [cdr(0, 0, HOME, call=str(n)) for n in range(9)], []),
    ("records: a queue rings twenty", [cdr(0, 60, "1007", str(1001 + n), direction="inbound", call="q", leg=str(n))
                                       for n in range(20)], []),
    ("records: internal calls", over(9, to="1008", direction="internal"), []),
    ("records: emergencies", over(9, to=EMERGENCY), []),
    ("records: two extensions", [*over(3), *over(3, extension="1008")], []),
    ("records: a conference of nineteen", over(19, via="conference"), []),
    ("records: a conference of twenty", over(20, via="conference"), [790]),
    ("records: three calls beside a conference",
     [*over(10, via="conference"), *(cdr(s, 400, HOME) for s in (105, 125, 135))], []),
    ("records: four calls beside a conference",
     [*over(10, via="conference"), *(cdr(s, 400, HOME) for s in (105, 125, 135, 145))], [545]),
    ("seen live, and not counted again by records", [*held(3), *(ended(700 + n, 10 * n) for n in range(3)),
                                                     cdr(40, 500, HOME)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_concurrent_extension(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_an_answered_call_without_an_end_counts_for_a_day() -> None:
    answered = [call(10 * step, HOME, phase="answered") for step in range(3)]
    day = 24 * 3_600
    assert fired([*answered, call(day - 1, HOME)], RULE) == [day - 1]
    assert fired([*answered, call(day + 1, HOME)], RULE) == []


@pytest.mark.parametrize(("limits", "seconds"), [({"calls": 2}, [10]), ({"calls": 2, "pause": 20}, [10, 30])])
def test_limits_of_the_pbx(limits, seconds) -> None:
    assert fired(held(5), RULE, settings(rules={RULE: limits})) == seconds


def test_a_switchboard_may_hold_more() -> None:
    own = settings(pbx={"extensions": {"1008": {"rules": {RULE: {"calls": 9}}}}})
    assert fired(held(8, extension="1008"), RULE, own) == []
    assert fired(held(9, extension="1008"), RULE, own) == [80]
    assert fired(held(4), RULE, own) == [30]


def test_what_it_says() -> None:
    (found,) = detections(run(held(4)), RULE)
    assert (found.subject.kind, found.subject.id, found.values["calls"]) == ("extension", "1007", 4)


@pytest.mark.parametrize(("begin", "abroad", "severity"), [
    (0, 0, "warning"), (0, 1, "warning"), (0, 3, "warning"), (0, 4, "critical"), (NIGHT, 0, "critical"),
], ids=["ordinary calls", "one abroad", "three abroad", "all abroad", "at night"])  # fmt: skip
def test_ordinary_calls_by_day_are_only_a_warning(begin, abroad, severity) -> None:
    found = run([*held(4 - abroad, start=begin), *(call(begin + 40 + n, GERMANY) for n in range(abroad))])
    assert [each.severity for each in detections(found, RULE)] == [severity]


def test_a_block_that_is_called_every_day_is_ordinary_too() -> None:
    found = run([*branch(GERMANY), *(call(10 * n, GERMANY) for n in range(4))])
    assert [each.severity for each in detections(found, RULE)] == ["warning"]


COUNTRIES = (GERMANY, LATVIA, SOMALIA, PERU)


@pytest.mark.parametrize(("count", "severities"), [(7, ["warning"]), (8, ["warning", "critical"])])
def test_people_of_several_countries_are_brought_together_by_day(count, severities) -> None:
    found = run([call(10 * n, COUNTRIES[n % 3]) for n in range(count)])
    assert [each.severity for each in detections(found, RULE)] == severities


@pytest.mark.parametrize(("count", "severity"), [(4, "warning"), (8, "critical")])
def test_and_so_say_their_records(count, severity) -> None:
    found = run([cdr(10 * n, 600, COUNTRIES[n % 4]) for n in range(count)])
    assert [each.severity for each in detections(found, RULE)][-1:] == [severity]


def test_calls_abroad_make_it_critical_at_once() -> None:
    found = run([*held(4), *(call(40 + n, GERMANY) for n in range(4))])
    assert [each.severity for each in detections(found, RULE)] == ["warning", "critical"]


def test_records_say_when_it_was() -> None:
    (found,) = detections(run(over(4)), RULE)
    assert (found.values["calls"], found.values["moment"]) == (4, "2026-03-04T17:00:30+00:00")


@pytest.mark.parametrize(("start", "to", "severity"), [(0, HOME, "warning"), (0, GERMANY, "critical"),
                                                       (NIGHT, HOME, "critical")])  # fmt: skip
def test_records_of_ordinary_calls_by_day_are_only_a_warning(start, to, severity) -> None:
    found = run([cdr(start + 10 * n, 600, to) for n in range(4)])
    assert [each.severity for each in detections(found, RULE)] == [severity]


@pytest.mark.parametrize(("late", "after", "marked", "modes"), [
    (0, [], {False}, {"auto"}), (HOUR - 1, [], {False}, {"auto"}), (2 * HOUR, [], {True}, set()),
    (2 * HOUR, [cdr(NIGHT + 500, 300)], set(), set()), (0, [cdr(NIGHT + 500, 300, trust="text")], {False}, {"ask"}),
], ids=["at once", "late", "history", "history and one more", "one more of free text"])  # fmt: skip
def test_what_rests_on_history_does_not_act(late, after, marked, modes) -> None:
    """Rules on costly calls are left out: they have reasons of their own."""
    only = settings(mode="shadow", rules={RULE: {"mode": "auto"}})
    records = [cdr(NIGHT + 10 * n, 600) for n in range(4 if not after else 3)]
    old = [replace(each, received_at=each.at + timedelta(seconds=late)) for each in records]
    found = run([*old, *after], only)
    assert {each.late for each in detections(found, RULE)} == marked
    assert {each.mode for each in decisions(found)} == modes
