"""Forwardings that are set to numbers abroad (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOME,
    PREMIUM,
    SOMALIA,
    THIEF,
    config,
    decisions,
    fired,
    guesses,
    incidents,
    login,
    run,
    settings,
)

RULE = "config.forwarding"


def changed(to=SOMALIA, name="forward_to", actor="1007", seconds=0, **more):
    return config(seconds, **{"object_": "extension", "object_id": "1007", "actor": actor,
                              "changes": {name: ("", to)}} | more)  # fmt: skip


CASES = [
    ("by the user", [changed()], [0]),
    ("by nobody we know", [changed(actor=None)], [0]),
    ("a costly number at home", [changed(PREMIUM)], [0]),
    ("as follow-me, in a list", [changed([{"number": SOMALIA}], "follow_me_list")], [0]),
    ("as a number", [changed(252612345678, "fwd_always")], [0]),
    ("each change", [changed(seconds=n) for n in range(3)], [0, 1, 2]),
    ("slow drip", [changed(seconds=n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("twice the same event", [changed(), changed()], [0]),
    ("out of order", [changed(seconds=9), changed(seconds=1)], [9, 1]),
    ("by the administrator", [changed(actor="admin")], []),
    (
        "by the administrator, from where somebody broke in",
        [*guesses(-60, 6), login(-30, "accepted"), changed(actor="admin", source_ip=THIEF)],
        [0],
    ),
    (
        "by who was administrator before",
        [login(-DAY, "accepted", "anna", role="Administrator"), changed(actor="anna")],
        [],
    ),
    ("by who is so since today", [login(-60, "accepted", "anna", role="Administrator"), changed(actor="anna")], [0]),
    ("by who only logged in before", [login(-DAY, "accepted", "anna"), changed(actor="anna")], [0]),
    ("at home", [changed(HOME)], []),
    ("to another extension", [changed("1002")], []),
    ("taken out", [changed("")], []),
    ("something else", [changed(name="caller_id")], []),
    ("of a route", [changed(object_="outbound_route")], []),
    ("nothing named", [config(0, "extension", object_id="1007")], []),
    ("deep, but not that deep", [changed([[[[[[SOMALIA]]]]]])], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_config_forwarding(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_told_and_nobody_is_cut_off() -> None:
    found = run([changed(GERMANY)])
    (incident,) = incidents(found)
    assert (incident.kind, incident.subjects[0].id) == ("forwarding_fraud", "1007")
    assert decisions(found) == []


def test_who_the_administrators_are_is_settable() -> None:
    own = settings(rules={RULE: {"administrators": ["1007"]}})
    assert fired([changed()], RULE, own) == []
    assert fired([changed(actor="admin")], RULE, own) == [0]
