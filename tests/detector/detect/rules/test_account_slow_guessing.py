"""A few tries an hour, for hours; and the phone with a stale password (C09, C15)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOUR,
    OFFICE,
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

RULE = "account.slow_guessing"
OWNER = [registration(-60, "accepted", "1007", OFFICE)]


def tries(count, gap=900, **more):
    return [registration(gap * n, **more) for n in range(count)]


CASES = [
    ("one below the limit", tries(14), []),
    ("at the limit", tries(15), [12_600]),
    ("past the limit it is said once in half a day", tries(50), [12_600]),
    ("it goes on", tries(111), [12_600, 55_800, 99_000]),
    ("logins", [login(900 * n) for n in range(15)], [12_600]),
    ("from a new address each time", [registration(900 * n, source=f"203.0.{n}.1") for n in range(15)], [12_600]),
    ("slow drip", tries(40, gap=6_200), []),
    ("just fast enough", tries(15, gap=6_160), [86_240]),
    ("out of order", list(reversed(tries(15))), [0]),
    ("twice the same event", [event for event in tries(14) for _ in "ab"], []),
    ("a burst is another rule's affair", guesses(0, 50), []),
    ("two accounts", [*tries(14), *tries(14, account="1008")], []),
    ("accounts that do not exist", tries(40, reason="unknown_account"), []),
    ("challenges", tries(40, outcome="challenged"), []),
    ("a trunk", tries(40, party="trunk"), []),
    ("a stale password where the phone is known", [*known_phones(["1007"]), *tries(500, gap=60, source=OFFICE)], []),
    ("a new phone's wrong password in an office", [*known_phones(["1001"]), *tries(500, gap=60, source=OFFICE)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_account_slow_guessing(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("before", "severity"),
    [
        ([], "info"),
        (OWNER, "warning"),
        ([registration(12_601 - DAY, "accepted", "1007", OFFICE)], "warning"),
        ([registration(12_600 - DAY, "accepted", "1007", OFFICE)], "info"),
        ([registration(-60, "accepted", "1007", THIEF)], "info"),
        ([registration(-60, "accepted", "1008", OFFICE)], "info"),
    ],
    ids=["never seen", "at work elsewhere", "within a day", "a day ago", "from here", "somebody else"],
)
def test_a_warning_where_the_owner_is_at_work_elsewhere(before, severity) -> None:
    found = run([*before, *tries(15)])
    (one,) = detections(found, RULE)
    assert (one.severity, one.subject.kind, one.subject.id) == (severity, "account", "1007")
    assert [each.kind for each in incidents(found)] == ["password_guessing"] * (severity != "info")
    assert decisions(found) == []


def test_a_phone_that_never_worked_repeats_for_ever_and_opens_no_incident() -> None:
    assert incidents(run(tries(2_000, gap=61))) == []


def test_limits_of_the_pbx() -> None:
    assert fired(tries(5), RULE, settings(rules={RULE: {"minutes": 5}})) == [3_600]
    assert fired(tries(40), RULE, settings(rules={RULE: {"window": 2 * HOUR}})) == []
