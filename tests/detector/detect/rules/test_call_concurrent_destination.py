"""Calls that are up to one block of numbers at once (C28)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    LATVIA,
    NIGHT,
    SOMALIA,
    branch,
    call,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    watched,
    whole,
)

RULE = "call.concurrent_destination"


def up(count, to=SOMALIA, start=0, phone=None, **more):
    return [
        call(start + n, f"{to[:-2]}{n:02}", phone or str(1010 + n), call=f"{to}{start + n}", **more)
        for n in range(count)
    ]


def ended(start, number, to=SOMALIA):
    return call(start, f"{to[:-2]}{number:02}", str(1010 + number), call=f"{to}{number}", phase="ended")


def over(count, to=SOMALIA, talk=600, **more):
    """Records of calls that began one after the other, each when its call is over."""
    return [cdr(n, talk, f"{to[:-2]}{n:02}", str(1010 + n), **{"call": f"{to}{n}"} | more) for n in range(count)]


BRANCH = branch(LATVIA)
CASES = [
    ("one below the limit", up(4), []),
    ("at the limit", up(5), [4]),
    ("one past the limit, within the pause", up(6), [4]),
    ("again after the pause", [*up(5), *up(1, start=304, phone="1099")], [4, 304]),
    ("one ended in between", [*up(4), ended(10, 0), *up(1, start=11)], []),
    ("out of order", [up(5)[n] for n in (4, 2, 0, 1, 3)], [3]),
    ("the end comes first", [ended(n, n) for n in range(5)] + up(5), []),
    ("twice the same event", [event for event in up(4) for _ in "ab"], []),
    ("several legs of one call", [call(n, call="a", leg=str(n)) for n in range(9)], []),
    ("two blocks", [*up(4), *up(4, LATVIA, 10)], []),
    ("one extension makes all", up(5, phone="1007"), [4]),
    ("one after the other", [event for n in range(20) for event in whole(100 * n, 90, extension=str(n))], []),
    ("a conference at an overseas branch that is called every day", [*BRANCH, *up(20, LATVIA)], []),
    ("a branch, but more than ever", [*BRANCH, *up(30, LATVIA)], [29]),
    ("records: one below the limit", over(4), []),
    ("records: at the limit", over(5), [604]),
    ("records: one past the limit", over(6), [604]),
    ("records: newest first", over(5)[::-1], [600]),
    ("records: rows of one call", over(9, call="one"), []),
    ("records: one after the other", over(20, talk=1), []),
    ("records: a branch that is called every day", [*BRANCH, *over(29, LATVIA)], []),
    ("records: a branch, but more than ever", [*BRANCH, *over(30, LATVIA)], [629]),
    ("records: at home", over(20, HOME), []),
    ("at home", up(20, HOME), []),
    ("emergencies", [call(n, EMERGENCY, str(1010 + n)) for n in range(9)], []),
    ("internal", up(9, direction="internal"), []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_concurrent_destination(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("start", "to", "phones", "severity"),
    [
        (0, [LATVIA] * 5, range(5), "warning"),
        (0, [LATVIA] * 5, [0, 1, 2, 3, 3], "critical"),
        (0, [f"{LATVIA[:-1]}{n}" for n in range(5)], range(5), "critical"),
        (NIGHT, [LATVIA] * 5, range(5), "critical"),
    ],
    ids=["a conference", "somebody calls twice", "several numbers", "at night"],
)
def test_many_who_call_one_number_by_day(start, to, phones, severity) -> None:
    found = run([*watched(), *(call(start + n, to[n], str(1010 + p), call=str(n)) for n, p in enumerate(phones))])
    assert [each.severity for each in detections(found, RULE)] == [severity]


@pytest.mark.parametrize(("start", "phones", "last", "severity"), [
    (0, range(5), 0, "warning"), (0, [0, 1, 2, 3, 3], 0, "critical"), (0, range(5), 1, "critical"),
    (NIGHT, range(5), 0, "critical"),
], ids=["a conference", "somebody calls twice", "several numbers", "at night"])  # fmt: skip
def test_records_of_many_who_called_one_number_by_day(start, phones, last, severity) -> None:
    records = [cdr(start + n, 600, f"{LATVIA[:-1]}{last * n}", str(1010 + phone), call=str(n))
               for n, phone in enumerate(phones)]  # fmt: skip
    found = run([*watched(), *records])
    assert [each.severity for each in detections(found, RULE)] == [severity]


def test_it_is_critical_once_the_pbx_is_known() -> None:
    new, known = run(up(5)), run([*watched(), *up(5)])
    assert [each.severity for found in (new, known) for each in detections(found, RULE)] == ["info", "critical"]
    (incident,) = incidents(known)
    assert incident.kind == "irsf"
    assert {each.action for each in decisions(known)} >= {"hang_up", "restrict_extension"}


def test_a_day_of_attack_makes_nothing_known() -> None:
    attacks = [event for day in range(5) for event in up(5, start=day * DAY)]
    assert len(fired([*watched(), *attacks], RULE)) == 5
