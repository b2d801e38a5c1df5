"""Outbound routes changed (C22, C20)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    THIEF,
    config,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    run,
    settings,
)

RULE = "config.route"


def seen(seconds=0, object_="outbound_route", **more):
    return config(seconds, object_, {"pin": ("list", "none")}, object_id="International", **more)


CASES = [
    ("changed", [seen()], [0]),
    ("each change", [seen(), seen(5)], [0, 5]),
    ("slow drip", [seen(n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("out of order", [seen(5), seen()], [5, 0]),
    ("twice the same event", [seen(), seen()], [0]),
    ("by ourselves", [seen(actor="ringfence")], []),
    ("something else", [seen(object_="inbound_route")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_config_route(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("before", "source", "severity"),
    [
        ([], None, "info"),
        ([], "10.0.0.9", "info"),
        (known_phones(["admin"]), OFFICE, "info"),
        ([], THIEF, "warning"),
        (guesses(-60), THIEF, "critical"),
    ],
    ids=["nobody knows from where", "the local network", "where the administrator works", "elsewhere", "a guesser"],
)
def test_how_bad_it_is(before, source, severity) -> None:
    (one,) = detections(run([*before, seen(source_ip=source)]), RULE)
    assert (one.severity, one.subject.id) == (severity, "International")


def test_what_one_account_changes_is_one_incident() -> None:
    (incident,) = incidents(run([seen(source_ip=THIEF), config(9, "role", {"role": ("", "admin")}, object_id="eve")]))
    assert {(each.kind, each.id) for each in incident.subjects} >= {("account", "admin"), ("route", "International")}


def test_others_whose_changes_are_not_told() -> None:
    assert fired([seen(actor="provisioning")], RULE, settings(rules={RULE: {"actors": ["provisioning"]}})) == []
    assert decisions(run([seen(source_ip=THIEF)])) == []
