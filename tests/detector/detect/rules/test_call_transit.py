"""Calls from trunk to trunk (C22)."""

import pytest

from tests.detector.engine.builders import (
    EMERGENCY,
    HOME,
    HOUR,
    LATVIA,
    SOMALIA,
    SOMALIA_BLOCK,
    call,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
)

RULE = "call.transit"


def through(seconds, to=SOMALIA, trunk="carrier-b", **more):
    return call(seconds, to, None, **{"direction": "transit", "trunk_in": trunk, "call": f"t{seconds}"} | more)


CASES = [
    ("one call", [through(0)], [0]),
    ("each call", [through(n) for n in range(4)], [0, 1, 2, 3]),
    ("several phases and legs", [through(0, call="a"), through(1, call="a", phase="ended")], [0]),
    ("twice the same event", [through(0), through(0)], [0]),
    ("out of order", [through(1), through(0)], [1, 0]),
    ("an extension forwards", [through(0, via="forward", on_behalf_of="1007")], []),
    ("at home", [through(0, HOME)], []),
    ("an emergency", [through(0, EMERGENCY)], []),
    ("an ordinary call", [call(0)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_transit(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("events", "severities"),
    [
        ([through(n) for n in range(2)], ["warning", "warning"]),
        ([through(n) for n in range(3)], ["warning", "warning", "critical"]),
        ([through(n) for n in range(4)], ["warning", "warning", "critical", "critical"]),
        ([through(n * 1_799) for n in range(3)], ["warning", "warning", "critical"]),
        ([through(n * HOUR / 2) for n in range(5)], ["warning"] * 5),
        ([through(n, trunk=f"carrier-{n}") for n in range(3)], ["warning"] * 3),
    ],
    ids=[
        "one below the limit",
        "at the limit",
        "past the limit",
        "within the window",
        "slow drip",
        "over three trunks",
    ],
)
def test_many_over_one_trunk_are_critical(events, severities) -> None:
    assert [each.severity for each in detections(run(events), RULE)] == severities


def test_it_is_one_incident_whatever_is_dialled_and_the_calls_are_cut() -> None:
    found = run([through(0), through(10, LATVIA), through(20)])
    (incident,) = incidents(found)
    assert incident.kind == "dial_through"
    assert incident.title == "Somebody over trunk carrier-b is dialling out through the PBX to Somalia, Latvia"
    assert {(each.action, each.target.id) for each in decisions(found)} == {
        ("hang_up", "t20"), ("hang_up", SOMALIA_BLOCK), ("block_number", SOMALIA_BLOCK),
    }  # fmt: skip


def test_another_pbx_of_ours_may() -> None:
    assert fired([through(0)], RULE, settings(rules={RULE: {"trunks": ["carrier-b"]}})) == []
