"""What a PBX spends within a day (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOME,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    tick,
    whole,
)

RULE = "call.cost_pbx"
CONFIGURED = settings(rules={RULE: {"amount": 9}})


def spread(count, talk=60, apart=100):
    return [cdr(apart * n, talk, extension=str(1010 + n)) for n in range(count)]


CASES = [
    ("one below the limit", spread(9), []),
    ("at the limit", spread(10), [960]),
    ("once a day", spread(40), [960]),
    ("again the day after", [*spread(10), cdr(DAY + 1_000, 600)], [960, DAY + 1_600]),
    ("slow drip", spread(30, apart=DAY / 9), []),
    ("while calls are up", [e for n in range(5) for e in whole(n, 900, extension=str(n))[:2]] + [tick(500)], [120]),
    ("out of order", spread(10)[::-1], [60]),
    ("twice the same event", [event for event in spread(9) for _ in "ab"], []),
    ("at home, however long", [cdr(0, 80_000, HOME)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_cost_pbx(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_it_is_told_and_nobody_is_cut_off() -> None:
    found = run(spread(40), CONFIGURED)
    assert [each.summary for each in detections(found, RULE)] == ["Calls have cost 9.00 USD within a day"]
    (incident,) = [each for each in incidents(found) if ("pbx", "hq") in {(one.kind, one.id) for one in each.subjects}]
    assert (incident.stage, incident.severity) == ("pumping", "warning")
    assert decisions(found) == []
