"""Guessing of SIP passwords: when it fires, and the look-alikes that stay quiet (C09)."""

import pytest

from tests.detector.engine.builders import (
    OFFICE,
    OTHER_THIEF,
    THIEF,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    notice,
    registration,
    run,
    settings,
)

RULE = "registration.bruteforce"
MANY = [registration(step, account=str(2000 + step)) for step in range(5)]
BY_INVITE = [registration(step, method=("INVITE", "SUBSCRIBE", "REGISTER")[step % 3]) for step in range(5)]
CASES = [
    ("one below the limit", guesses(0, 4), []),
    ("at the limit", guesses(0, 5), [4]),
    ("one past the limit", guesses(0, 6), [4]),
    ("starts over", guesses(0, 10), [4, 9]),
    ("many accounts guessed", MANY, [4]),
    ("credentials refused on other requests count alike", BY_INVITE, [4]),
    ("slow drip", [registration(15 * step) for step in range(20)], []),
    ("the window still holds the first", [*guesses(0, 1), *guesses(56.999, 4)], [59.999]),
    ("the window no longer holds the first", [*guesses(0, 1), *guesses(57, 4)], []),
    ("out of order", [registration(second) for second in (4, 1, 3, 0, 2)], [2]),
    ("one that is older than the window", [*guesses(100, 4), registration(40)], []),
    ("one that is just within the window", [*guesses(100, 4), registration(43.001)], [43.001]),
    ("twice the same event", [event for event in guesses(0, 4) for _ in "ab"], []),
    ("one event stands for several", [registration(0, count=4), registration(9)], [9]),
    ("one event stands for many", [registration(0, count=1_000_000)], [0]),
    ("one event in IPv6 of a neighbourhood",
     [registration(step, source=f"2001:db8:1:2::{step}") for step in range(5)], [4]),
    ("addresses next door", [registration(step, source=f"203.0.113.{step}") for step in range(20)], []),
    ("two addresses", [*guesses(0, 4), *guesses(0, 4, source=OTHER_THIEF)], []),
    ("the same address written twice", [registration(s, source=("203.0.113.77", "::ffff:203.0.113.77")[s % 2])
                                        for s in range(5)], [4]),
    ("challenges are no failures", [registration(step, "challenged") for step in range(50)], []),
    ("expired and removed contacts are no failures",
     [registration(step, ("expired", "removed")[step % 2]) for step in range(50)], []),
    ("accepted registrations", [registration(step, "accepted") for step in range(50)], []),
    ("a trunk that cannot register", guesses(0, 20, party="trunk"), []),
    ("no address known", guesses(0, 20, source=None), []),
    ("an address nobody can read", guesses(0, 20, source="sip.example"), []),
    ("an outcome of a newer producer", [registration(step, "throttled") for step in range(20)], []),
    ("the PBX blocked it", [notice(3, "extension_registration_blocked")], [3]),
    ("the PBX's defence blocked it", [notice(3, "auto_defense_ip_blocked")], [3]),
    ("the PBX says something else", [notice(3, "sip_trunk_registration_failed")], []),
    ("a known phone with a stale password", [*known_phones(["1007"]), *guesses(0, 49, source=OFFICE)], []),
    ("a known phone that fails beyond a phone's pace",
     [*known_phones(["1007"]), *guesses(0, 50, source=OFFICE)], [49]),
    ("known since today is not known", [registration(-60, "accepted", "1007", OFFICE),
                                        *guesses(0, 5, source=OFFICE)], [4]),
    ("a known address, but another account", [*known_phones(["1007"]), *guesses(0, 5, "1008", OFFICE)], [4]),
]  # fmt: skip

BLOCKED = "extension_registration_blocked"


def blocked(account, source=OFFICE):
    """The PBX says that it has locked an address out."""
    return notice(3, BLOCKED, account=account, source_ip=source)


LOCKED_OUT = {
    "a phone at home there": ([*known_phones(["1007"]), blocked("1007")], ["info"]),
    "another account than those at home there": ([*known_phones(["1007"]), blocked("1008")], ["info"]),
    "no account that is named": ([*known_phones(["1007"]), blocked(None)], ["info"]),
    "a phone at home elsewhere": ([*known_phones(["1007"]), blocked("1007", THIEF)], ["critical"]),
    "a phone that came there today": ([registration(-60, "accepted", "1007", OFFICE), blocked("1007")], ["critical"]),
}


@pytest.mark.parametrize("name", LOCKED_OUT)
def test_a_phone_that_the_pbx_locks_out_where_it_is_at_home_alarms_nobody(name) -> None:
    events, severities = LOCKED_OUT[name]
    assert [one.severity for one in detections(run(events), RULE)] == severities


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_bruteforce(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("limits", "events", "seconds"),
    [
        pytest.param({"failures": 3}, guesses(0, 3), [2], id="fewer failures"),
        pytest.param({"window": "10s"}, [registration(2.5 * step) for step in range(20)], [], id="shorter window"),
        pytest.param({"window": "10s"}, [registration(2.499 * step) for step in range(5)], [9.996], id="just within"),
        pytest.param({"stale": 2}, [*known_phones(["1007"]), *guesses(0, 10, source=OFFICE)], [9], id="less patience"),
    ],
)
def test_limits_of_the_pbx(limits, events, seconds) -> None:
    assert fired(events, RULE, settings(rules={RULE: limits})) == seconds


def test_limits_of_one_extension_hold_for_it_alone() -> None:
    patient = settings(pbx={"extensions": {"1008": {"rules": {RULE: {"failures": 8}}}}})
    assert fired(guesses(0, 7, "1008"), RULE, patient) == []
    assert fired(guesses(0, 8, "1008"), RULE, patient) == [7]
    assert fired(guesses(0, 7, "1007"), RULE, patient) == [4]


def test_what_it_says() -> None:
    (found,) = detections(run(guesses(0, 5)), RULE)
    assert (found.subject.kind, found.subject.id) == ("source_ip", THIEF)
    assert found.values == {"failed": 5, "limit": 5, "window": 60}
    assert found.evidence == (guesses(4, 1)[0].id,)
    assert (found.control, found.severity) == ("C09", "critical")


def test_addresses_of_one_network_that_the_pbx_locked_out_are_one_incident() -> None:
    blocked = [notice(60 * n, "auto_defense_ip_blocked", source_ip=f"203.0.113.{n}") for n in range(1, 30)]
    elsewhere = notice(90, "auto_defense_ip_blocked", source_ip="198.51.100.7")
    assert len(incidents(run([*blocked, elsewhere]))) == 3, "the first one stood alone, and the other network does"
