"""Short calls to numbers abroad that are new here (C25)."""

import pytest

from tests.detector.engine.builders import (
    EMERGENCY,
    GERMANY,
    HOME,
    HOUR,
    SATELLITE,
    branch,
    cdr,
    decisions,
    fired,
    incidents,
    refused,
    run,
    settings,
    watched,
    whole,
)

RULE = "call.probe"
TARGETS = ["90113531234567", "90115351234567", "90115153123456"]


def probes(count, apart=60, talk=8, extension="1007", **more):
    return [cdr(apart * n, talk, f"901125261234{n:03}", extension, **more) for n in range(count)]


CASES = [
    ("one below the limit", probes(2), []),
    ("at the limit", probes(3), [128]),
    ("one past the limit", probes(4), [128]),
    ("starts over", probes(6), [128, 308]),
    ("within the window", probes(3, 10_799), [21_606]),
    ("slow drip", probes(9, 10_801), []),
    ("as short as that", probes(3, talk=20), [140]),
    ("longer", probes(9, talk=21), []),
    ("seen while they were up", [e for n in range(3) for e in whole(60 * n, 8, f"901125261234{n:03}")], [128]),
    ("each to another country", [cdr(60 * n, 8, to) for n, to in enumerate(TARGETS)], [128]),
    ("satellites", [cdr(60 * n, 8, SATELLITE) for n in range(3)], [128]),
    ("out of order", [probes(3)[n] for n in (2, 0, 1)], [68]),
    ("twice the same event", [event for event in probes(2) for _ in "ab"], []),
    ("several legs of one call", [cdr(n, 8, call="a", leg=str(n)) for n in range(9)], []),
    ("two extensions", [*probes(2), *probes(2, extension="1008")], []),
    ("a fax machine that retries a busy number", [refused(60 * n, disposition="busy") for n in range(30)], []),
    ("a new honest customer abroad", [cdr(HOUR * n, 300, GERMANY) for n in range(4)], []),
    ("where one calls every day", [*branch("901125261234000", [-1]), *probes(9)], []),
    ("to a country one calls every day", [*branch("901125269999999", [-1]), *probes(14)], []),
    ("to such a country, but many", [*branch("901125269999999", [-1]), *probes(15)], [848]),
    ("a traveller calling home", [cdr(60 * n, 8, HOME) for n in range(9)], []),
    ("emergencies", [cdr(60 * n, 8, EMERGENCY) for n in range(9)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_probe(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_warns_and_cuts_nobody_off() -> None:
    assert incidents(run(probes(9))) == []
    found = run([*watched(), *probes(9)])
    (incident,) = incidents(found)
    assert (incident.stage, incident.title) == ("probe", "Extension 1007 is calling Somalia")
    assert decisions(found) == []


def test_limits_are_settable() -> None:
    assert fired(probes(2), RULE, settings(rules={RULE: {"calls": 2, "talk": "10s"}})) == [68]
