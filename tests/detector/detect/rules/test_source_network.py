"""One attacker with a whole network (C09, C15)."""

import pytest

from detector.enrich.networks import nearby
from tests.detector.engine.builders import (
    DAY,
    decisions,
    detections,
    fired,
    incidents,
    known_phones,
    login,
    registration,
    run,
)

RULE = "source.network"


def tries(count, addresses=3, gap=600, net="203.0.113.", **more):
    return [registration(gap * n, account=str(2000 + n), source=f"{net}{n % addresses}", **more) for n in range(count)]


MISTYPED = [registration(500 + n, account=str(n // 5), source=f"203.0.113.{n // 5 + 8}") for n in range(10)]
CASES = [
    ("somebody mistypes beside an attacker", [*tries(30, addresses=1, gap=9), *MISTYPED], []),
    ("one account below the limit", tries(9), []),
    ("at the limit", tries(10), [5_400]),
    ("each tries but two accounts", tries(10, addresses=5), [5_400]),
    ("every further one", tries(12), [5_400, 6_000, 6_600]),
    ("one address below the limit", tries(30, addresses=2), []),
    ("logins", [login(600 * n, account=f"a{n}", source=f"203.0.113.{n % 3}") for n in range(10)], [5_400]),
    ("slow drip", tries(40, gap=2_400), []),
    ("out of order", list(reversed(tries(10))), [0]),
    ("twice the same event", [event for event in tries(9) for _ in "ab"], []),
    ("IPv6", [registration(600 * n, account=str(n), source=f"2001:db8:1:{n % 3 + 1}::9") for n in range(10)], [5_400]),
    ("networks next door", [registration(60 * n, account=str(n), source=f"203.0.{n}.1") for n in range(30)], []),
    ("few accounts", [registration(60 * n, account=str(n % 9), source=f"203.0.113.{n % 9}") for n in range(60)], []),
    ("the local network", tries(40, addresses=9, net="10.0.0."), []),
    ("challenges", tries(40, outcome="challenged"), []),
    ("a trunk", tries(40, party="trunk"), []),
    ("an office behind several addresses",
     [event for n in range(3) for event in known_phones([f"1{n}"], f"203.0.113.{n}", [-1])] + tries(30), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_network(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_each_address_that_fires_is_to_be_blocked_and_no_other() -> None:
    found = run(tries(12))
    assert {each.subject.id for each in detections(found, RULE)} == {f"203.0.113.{n}" for n in range(3)}
    assert {each.target.id for each in decisions(found)} == {f"203.0.113.{n}" for n in range(3)}
    known = known_phones(["1999"], "203.0.113.77", [-1])
    later = registration(DAY / 4 - 1, source="203.0.113.77")
    assert {each.target.id for each in decisions(run([*known, *tries(10), later]))} == {"203.0.113.0"}


def test_what_was_read_out_of_text_is_asked_about() -> None:
    assert {each.mode for each in decisions(run(tries(10, trust="text")))} == {"ask"}
    mixed = [*tries(9, trust="text"), registration(5_400, account="9", source="203.0.113.0")]
    assert {each.mode for each in decisions(run(mixed))} == {"ask"}


@pytest.mark.parametrize(
    ("key", "network"),
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"), ("2001:db8::/64", "2001:db8::/48")],
)
def test_the_network_of_an_address(key, network) -> None:
    assert nearby(key) == network


def test_all_of_them_are_one_incident() -> None:
    (incident,) = incidents(run(tries(12)))
    assert incident.kind == "password_guessing"
    assert incident.title == "Password guessing from 203.0.113.0, 203.0.113.1, 203.0.113.2"
