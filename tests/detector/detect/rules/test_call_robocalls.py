"""Short calls to many numbers at home by one extension (C27)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    refused,
    run,
    settings,
    watched,
)

RULE = "call.robocalls"


def burst(count, apart=20, talk=5, start=0, extension="1007"):
    return [cdr(start + apart * n, talk, f"91212{5550000 + n}", extension) for n in range(count)]


def days(*which, extension="1007"):
    return [event for day in which for event in burst(40, start=day * DAY, extension=extension)]


KNOWN = watched()
CASES = [
    ("one below the limit", [*KNOWN, *burst(39)], []),
    ("at the limit", [*KNOWN, *burst(40)], [785]),
    ("one past the limit", [*KNOWN, *burst(41)], [785]),
    ("starts over", [*KNOWN, *burst(80)], [785, 1_585]),
    ("within the window", [*KNOWN, *burst(40, 92)], [39 * 92 + 5]),
    ("slow drip", [*KNOWN, *burst(100, 93)], []),
    ("as short as that", [*KNOWN, *burst(40, talk=30)], [810]),
    ("longer", [*KNOWN, *burst(60, talk=31)], []),
    ("nobody answers", [*KNOWN, *(refused(20 * n, f"91212{5550000 + n}") for n in range(40))], [780]),
    ("out of order", [*KNOWN, *burst(40)[::-1]], [5]),
    ("twice the same event", [*KNOWN, *(event for event in burst(39) for _ in "ab")], []),
    ("a fax machine that retries a busy number", [*KNOWN, *(refused(20 * n, HOME) for n in range(60))], []),
    ("on the second day of a PBX nothing is known", [*watched([-1]), *burst(60)], []),
    ("a call centre that always did so", [*days(-4, -3, -2), *days(-1, 0)], []),
    ("it did so on two days", [*watched([-6, -5, -4]), *days(-1, 0)], [-DAY + 785, 785]),
    ("abroad", [*KNOWN, *(cdr(20 * n, 5, f"90115261234{n:04}") for n in range(50))], []),
    ("emergencies", [*KNOWN, *(cdr(20 * n, 5, EMERGENCY) for n in range(60))], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_robocalls(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_a_new_agent_does_what_the_group_does() -> None:
    team = settings(pbx={"groups": {"centre": {"members": ["1007", "1008"]}}})
    events = [*days(-4, -3, -2), *days(0, extension="1008")]
    assert fired(events, RULE) == [785]
    assert fired(events, RULE, team) == []


def test_a_call_centre_s_group_can_have_limits_of_its_own() -> None:
    own = settings(pbx={"groups": {"centre": {"members": ["1007"], "rules": {RULE: {"numbers": 60}}}}})
    assert fired([*KNOWN, *burst(59)], RULE, own) == []
    assert fired([*KNOWN, *burst(60)], RULE, own) == [1_185]


def test_it_is_told_and_nobody_is_cut_off() -> None:
    found = run([*KNOWN, *burst(60)])
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == ("robocalls", "Extension 1007 is sending robocalls")
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
    assert decisions(found) == []
