"""One number at home is called far more than a firm calls anybody (C27)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    NIGHT,
    SOMALIA,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
)

RULE = "call.domestic_pumping"
CONFIGURED = settings(rules={RULE: {"calls": 20, "talk": "2h"}})


def pumped(count, apart=30, to=HOME, talk=60, **more):
    return [cdr(apart * n, talk, to, **more) for n in range(count)]


CASES = [
    ("one below the limit", pumped(19), []),
    ("at the limit", pumped(20), [630]),
    ("one past the limit", pumped(21), [630]),
    ("starts over", pumped(40), [630, 1_230]),
    ("nobody answers", pumped(20, talk=0), [570]),
    ("slow drip", pumped(60, 1_200), []),
    ("long calls", pumped(2, 4_000, talk=3_600), [7_600]),
    ("long calls, one second short", [cdr(0, 3_600, HOME), cdr(4_000, 3_599, HOME)], []),
    ("over several extensions", [cdr(30 * n, 60, HOME, str(1010 + n)) for n in range(20)], [630]),
    ("over several extensions, one block",
     [cdr(30 * n, 60, f"91212555{n % 40:04}", str(1010 + n % 4)) for n in range(60)], [1_830]),
    ("hours to one block", [cdr(3_700 * n, 3_600, f"91212555{n:04}") for n in range(6)], [5 * 3_700 + 3_600]),
    ("hours to one block over several extensions",
     [cdr(3_700 * n, 3_600, f"91212555{n:04}", str(1010 + n % 3)) for n in range(6)], [5 * 3_700 + 3_600]),
    ("many numbers of one block, below three times as many",
     [cdr(30 * n, 60, f"91212555{n:04}") for n in range(59)], []),
    ("many numbers of one block", [cdr(30 * n, 60, f"91212555{n:04}") for n in range(60)], [1_830]),
    ("many numbers of many blocks", [cdr(30 * n, 60, f"9121255{n:05}") for n in range(0, 6_000, 100)], []),
    ("as busily on three earlier days", [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2, -1) for n in range(6)]
     + pumped(20), []),
    ("as busily on two earlier days", [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2) for n in range(6)]
     + pumped(20), [630]),
    ("four times as busy as on three earlier days",
     [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2, -1) for n in range(6)] + pumped(80), [79 * 30 + 60]),
    ("four times as busy as on three earlier days, one short",
     [cdr(day * DAY + 60 * n, 30, HOME) for day in (-3, -2, -1) for n in range(6)] + pumped(79), []),
    ("out of order", [pumped(20)[n] for n in (19, *range(19))], [600]),
    ("twice the same event", [event for event in pumped(19) for _ in "ab"], []),
    ("abroad", pumped(30, to=SOMALIA), []),
    ("emergencies", pumped(30, to=EMERGENCY), []),
    ("inside", pumped(30, to="1002", trunk=None), []),
    ("short, but over a trunk", pumped(30, to="1002"), [630.0]),
    ("comes in", pumped(30, direction="inbound"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_domestic_pumping(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_the_extension_is_named_and_nobody_is_contained() -> None:
    found = run(pumped(200, 20))
    (incident,) = incidents(found)
    assert ("extension", "1007") in {(each.kind, each.id) for each in incident.subjects}
    assert decisions(found) == []


STAFF = [str(1001 + n) for n in range(60)]
KNOWN = [cdr(day * DAY, 60, "912015550199") for day in (-4, -3, -2)]
HONEST = {
    "a conference bridge, an hour of everybody": [cdr(5 * n, 3_600, HOME, phone) for n, phone in enumerate(STAFF)],
    "a dial-in provider, some fall out and come back":
        [cdr(5 * n, 3_000, HOME, phone) for n, phone in enumerate(STAFF)]
        + [cdr(3_100 + 5 * n, 1_000, HOME, phone) for n, phone in enumerate(STAFF[:20])],
    "voicemail of the mobile carrier": [cdr(90 * n, 40, HOME, STAFF[n * 7 % 60]) for n in range(200)],
    "the parent company": [cdr(100 * n, 200, f"91212555{n % 30:04}", STAFF[n * 7 % 60]) for n in range(200)],
    "the call centre's own number": [cdr(20 * n, 30, HOME, STAFF[n * 7 % 60]) for n in range(200)],
    "a taxi firm, by the porter": [cdr(360 * n, 60, HOME) for n in range(60)],
}  # fmt: skip


@pytest.mark.parametrize("words", HONEST)
@pytest.mark.parametrize("before", [[], KNOWN], ids=["first day", "known"])
def test_nobody_is_warned_of_those_whom_a_firm_calls(before, words) -> None:
    assert {each.severity for each in detections(run([*before, *HONEST[words]]), RULE)} <= {"info"}


@pytest.mark.parametrize("phones", [1, 3, 9])
def test_one_who_calls_again_and_again_is_warned_of_on_the_first_day(phones) -> None:
    found = detections(run(cdr(30 * n, 25, HOME, str(1010 + n % phones)) for n in range(200)), RULE)
    assert [(each.severity, each.values["extensions"]) for each in found] == [("warning", phones)]


def test_at_night_a_conference_is_worth_a_warning() -> None:
    found = detections(run(cdr(NIGHT + 5 * n, 3_600, HOME, phone) for n, phone in enumerate(STAFF)), RULE)
    assert {each.severity for each in found} == {"warning"}


def test_a_thief_who_calls_for_three_days_does_not_become_usual() -> None:
    days = [cdr(day * DAY + 30 * n, 25, HOME) for day in range(5) for n in range(160)]
    assert len(fired(days, RULE)) >= 3
    assert len(fired([*days, *pumped(700, to=HOME, apart=20)], RULE)) > len(fired(days, RULE))


def test_a_call_centre_that_calls_many_people_is_quiet() -> None:
    events = [cdr(20 * n, 15, f"91{212 + n % 7}55{n % 97:02}{n % 1_000:03}", str(1001 + n % 9)) for n in range(9 * 180)]
    assert fired(events, RULE) == []


def test_limits_hold_by_default_for_an_hour_of_redialling() -> None:
    assert fired(pumped(149, 24), RULE) == []
    assert fired(pumped(150, 24), RULE) == [149 * 24 + 60]
    assert fired(pumped(HOUR // 60, 60), RULE) == []
