"""One password at all accounts from everywhere (C15, C09)."""

import pytest

from tests.detector.engine.builders import (
    decisions,
    detections,
    fired,
    incidents,
    known_phones,
    login,
    registration,
    run,
)

RULE = "account.spraying"


def tries(count, addresses=20, gap=60, accounts=100, net="203.0.{}.1", **more):
    return [
        login(gap * n, account=f"user{n % accounts}", source=net.format(n % addresses), **more) for n in range(count)
    ]


def invented(count, gap=30, addresses=1_000, net="2001:db8:{:x}::1", **more):
    """Each with another name that does not exist, from another address that nobody knows."""
    given = {"extension": None, "reason": "unknown_account"} | more
    return [
        registration(gap * n, account=f"name{n}", source=net.format(n % addresses), **given) for n in range(count)
    ]  # fmt: skip


CASES = [
    ("one below the limit", tries(19), []),
    ("at the limit", tries(20), [1_140]),
    ("said once in the time", tries(59), [1_140]),
    ("it goes on", tries(120), [1_140, 4_740]),
    ("registrations", [registration(60 * n, account=str(n), source=f"203.0.{n}.1") for n in range(20)], [1_140]),
    ("as few addresses as it takes", tries(20, addresses=10), [1_140]),
    ("too few addresses", tries(60, addresses=9), []),
    ("too few accounts", tries(60, accounts=19), []),
    ("slow drip", tries(60, gap=200), []),
    ("out of order", list(reversed(tries(20))), [0]),
    ("twice the same event", [event for event in tries(19) for _ in "ab"], []),
    ("accepted", tries(60, outcome="accepted"), []),
    ("accounts that do not exist", tries(60, reason="unknown_account"), []),
    ("names that do not exist, one below the limit of addresses", invented(99), []),
    ("names that do not exist, from everywhere", invented(100), [2_970]),
    ("names that do not exist, said once in the time", invented(220), [2_970, 6_570]),
    ("names that do not exist, slow drip", invented(300, gap=37), []),
    ("names that do not exist, too few addresses", invented(500, addresses=99, gap=5), []),
    ("names that do not exist, at home", invented(200, addresses=200, net="10.0.{}.1"), []),
    ("the local network", tries(60, net="10.0.{}.1"), []),
    ("people who mistype at home",
     [event for n in range(20) for event in known_phones([f"1{n}"], f"203.0.{n}.1", [-1])]
     + tries(60, accounts=20), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_account_spraying(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_about_the_pbx_and_contains_nobody() -> None:
    found = run(tries(20))
    (one,) = detections(found, RULE)
    assert (one.subject.kind, one.subject.id, one.values["addresses"]) == ("pbx", "hq", 20)
    assert decisions(found) == []


def test_invented_names_become_one_incident_that_says_how_many_and_nothing_is_done() -> None:
    found = run(invented(1_000, gap=5))
    (one,) = incidents(found)
    first, second = (each.values["tries"] for each in detections(found, RULE))
    assert first == 100
    assert 720 * 47 / 48 <= second <= 720, "those of the last hour, but for a 48th of it"
    assert (one.stage, one.severity) == ("credential", "warning")
    assert decisions(found) == []
