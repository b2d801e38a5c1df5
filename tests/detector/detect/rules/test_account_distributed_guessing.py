"""A botnet at one account, and the softphone that roams with a stale password (C09, C15)."""

import pytest

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
    settings,
)

RULE = "account.distributed_guessing"
WORLD = ["8.8.8.", "5.9.0.", "1.1.1."]


def tries(count, gap=600, nets=("203.0.113.",), **more):
    return [registration(gap * n, source=f"{nets[n % len(nets)]}{n + 1}", **more) for n in range(count)]


CASES = [
    ("one below the limit", tries(7), []),
    ("at the limit", tries(8), [4_200]),
    ("for every further one", tries(10), [4_200, 4_800, 5_400]),
    ("again from the same", [*tries(8), *(registration(5_000 + n, source="203.0.113.1") for n in range(4))], [4_200]),
    ("logins", [login(600 * n, source=f"203.0.113.{n}") for n in range(8)], [4_200]),
    ("slow drip", tries(30, gap=12_400), []),
    ("out of order", list(reversed(tries(8))), [0]),
    ("twice the same event", [event for event in tries(7) for _ in "ab"], []),
    ("many accounts", [registration(600 * n, account=str(n), source=f"203.0.113.{n}") for n in range(30)], []),
    ("an account that does not exist", tries(30, reason="unknown_account"), []),
    ("challenges", tries(30, outcome="challenged"), []),
    ("a trunk", tries(30, party="trunk"), []),
    ("the local network", tries(30, nets=("10.0.0.",)), []),
    ("where it was accepted on earlier days",
     [event for n in range(30) for event in known_phones(["1007"], f"203.0.113.{n + 1}", [-1])] + tries(30), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_account_distributed_guessing(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_a_softphone_that_roams_in_one_country_is_no_more_than_a_warning_and_blocks_nobody() -> None:
    found = run(tries(12, nets=("8.8.8.",)))
    assert {each.severity for each in detections(found, RULE)} == {"warning"}
    assert decisions(found) == []


@pytest.mark.parametrize(("trust", "mode"), [(None, "auto"), ("text", "ask")])
def test_from_many_countries_every_address_that_fires_is_to_be_blocked(trust, mode) -> None:
    found = run(tries(10, nets=WORLD, trust=trust))
    assert {each.severity for each in detections(found, RULE)} == {"critical"}
    assert {(each.target.id, each.mode) for each in decisions(found)} == {
        ("5.9.0.8", mode), ("1.1.1.9", mode), ("8.8.8.10", mode),
    }  # fmt: skip
    (incident,) = incidents(found)
    assert incident.title == "Password guessing at account 1007 from 5.9.0.8, 1.1.1.9, 8.8.8.10"


def test_limits_of_the_pbx() -> None:
    assert fired(tries(3), RULE, settings(rules={RULE: {"addresses": 3}})) == [1_200]
    assert fired(tries(8), RULE, settings(rules={RULE: {"window": DAY / 24}})) == []
