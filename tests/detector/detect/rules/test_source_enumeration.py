"""Account after account from one address, and the offices that only mistype (C09, C15)."""

from datetime import timedelta

import pytest

from tests.detector.engine.builders import (
    HOUR,
    OFFICE,
    OTHER_THIEF,
    THIEF,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    login,
    registration,
    run,
    settings,
)

RULE = "source.enumeration"


def tries(count, gap=20, **more):
    return [registration(gap * n, account=str(2000 + n), **more) for n in range(count)]


OFFICES = known_phones(["1001", "1002", "1003"], OFFICE)
HOMES = known_phones(["1001"], OFFICE)
CASES = [
    ("one below the limit", tries(9), []),
    ("at the limit", tries(10), [180]),
    ("one past the limit", tries(11), [180]),
    ("starts over", tries(20), [180, 380]),
    ("logins as well", [login(20 * n, account=f"a{n}") for n in range(10)], [180]),
    ("registrations and logins together", [*tries(9), login(190, account="x")], [190]),
    ("accounts that do not exist", tries(10, reason="unknown_account"), [180]),
    ("names of one folded event", [registration(0, count=30, accounts=tuple(map(str, range(10))))], [0]),
    ("slow drip", tries(30, gap=HOUR / 9), []),
    ("just fast enough", tries(10, gap=HOUR / 9 - 0.001), [9 * (HOUR / 9 - 0.001)]),
    ("out of order", list(reversed(tries(10))), [0]),
    ("twice the same event", [event for event in tries(9) for _ in "ab"], []),
    ("two addresses", [*tries(9), *tries(9, source=OTHER_THIEF)], []),
    ("one account that repeats a stale password for ever", [registration(30 * n) for n in range(2_000)], []),
    ("challenges", tries(40, outcome="challenged"), []),
    ("a trunk", tries(40, party="trunk"), []),
    ("no address", tries(40, source=None), []),
    ("an office in which many mistype", [*OFFICES, *tries(23, gap=5, source=OFFICE)], []),
    ("an office from which somebody tries them all", [*OFFICES, *tries(24, gap=5, source=OFFICE)], [115]),
    ("a home from which somebody tries many", [*HOMES, *tries(24, gap=5, source=OFFICE)], [45, 95]),
    ("an office registers again after an outage",
     [registration(n / 50, ("challenged", "accepted")[n % 2], str(2000 + n // 2), OFFICE) for n in range(400)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_enumeration(events, seconds) -> None:
    assert fired(events, RULE) == pytest.approx(seconds, abs=1e-5)


def test_limits_of_the_pbx() -> None:
    assert fired(tries(4), RULE, settings(rules={RULE: {"accounts": 4}})) == [60]
    assert fired(tries(10), RULE, settings(rules={RULE: {"window": "60s"}})) == []


@pytest.mark.parametrize(("texts", "mode"), [(0, "auto"), (1, "ask"), (10, "ask")])
def test_what_is_read_out_of_text_alone_blocks_nobody(texts, mode) -> None:
    events = [registration(20 * n, account=str(2000 + n), trust="text" if n < texts else None) for n in range(10)]
    (decision,) = decisions(run(events))
    assert (decision.action, decision.target.id, decision.mode) == ("block_ip", THIEF, mode)
    assert decision.until - decision.at == timedelta(hours=1)


def test_what_it_says() -> None:
    found = run(tries(10))
    (one,) = detections(found)
    assert (one.subject.id, one.control, one.values["accounts"]) == (THIEF, "C09", 10)
    (incident,) = incidents(found)
    assert (incident.kind, incident.title) == ("enumeration", f"Accounts are tried one after the other from {THIEF}")


def test_guessing_afterwards_is_the_same_incident() -> None:
    (incident,) = incidents(run([*tries(10), *guesses(200)]))
    assert incident.kind == "password_guessing"
