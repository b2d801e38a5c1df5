"""Calls back to numbers that rang once (C26)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    branch,
    call,
    decisions,
    detections,
    fired,
    incidents,
    run,
    rung,
    settings,
)

RULE = "call.wangiri_callback"
BACK = "901122245120000"


def wave(count, ring=2):
    return [rung(10 * n, f"+2224512{n:04}", ring) for n in range(count)]


CASES = [
    ("called back", [*wave(1), call(100, BACK)], [100]),
    ("each time", [*wave(1), call(100, BACK), call(200, BACK)], [100, 200]),
    ("within a day", [*wave(1), call(DAY - 1, BACK)], [DAY - 1]),
    ("a day later", [*wave(1), call(DAY, BACK)], []),
    ("before it rang", [call(-5, BACK), *wave(1)], []),
    ("out of order: before it rang, but told later", [*wave(2)[1:], call(5, BACK)], []),
    ("told before it rang", [call(100, BACK), *wave(1)], []),
    ("dialled in another form", [*wave(1), call(100, "+22245120000")], [100]),
    ("a neighbour of it", [*wave(1), call(100, "901122245120001")], [100]),
    ("another block", [*wave(1), call(100, "901122246120001")], []),
    ("the first of a great many", [*wave(99), call(1_000, BACK)], [1_000]),
    ("it rang for long", [*wave(1, 20), call(100, BACK)], []),
    ("twice the same event", [*wave(1), call(100, BACK), call(100, BACK)], [100]),
    ("several legs", [*wave(1), call(100, BACK, call="a"), call(101, BACK, call="a", leg="2")], [100]),
    ("where one calls anyway", [*branch(BACK, [-1]), *wave(1), call(100, BACK)], []),
    ("called back at home", [rung(0, "+12125550123"), call(100, "912125550123")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_wangiri_callback(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("rang", "severity"),
    [
        (wave(1), "info"),
        (wave(2), "info"),
        (wave(3), "warning"),
        (wave(4), "warning"),
        (wave(3)[::-1], "warning"),
        ([rung((n - 2) * DAY, f"+2224512{n:04}") for n in range(3)], "info"),
    ],
    ids=["one", "one below the limit", "at the limit", "one past the limit", "out of order", "slow drip"],
)
def test_a_single_missed_call_of_a_new_customer_is_information(rang, severity) -> None:
    found = run([*rang, call(100, BACK)])
    assert [each.severity for each in detections(found, RULE)] == [severity]
    assert bool(incidents(found)) == (severity == "warning")
    assert decisions(found) == []


def test_it_belongs_to_the_wave() -> None:
    (incident,) = incidents(run([*wave(9), call(100, "901122245120008")]))
    assert (incident.kind, {each.kind for each in incident.subjects}) == (
        "wangiri",
        {"pbx", "destination", "extension"},
    )


def test_limits_are_settable() -> None:
    found = run([*wave(1), call(100, BACK)], settings(rules={RULE: {"numbers": 1}}))
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
