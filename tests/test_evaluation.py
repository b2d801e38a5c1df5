"""What `make evaluate` judges, on seeds it does not use: honest months stay quiet, attacks are found."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Notice, Registration
from streams.backtest.attacks import ATTACKS
from streams.backtest.slow import SLOW
from tests.evaluate.__main__ import Done, Job, cell, column, loud, slow
from tests.evaluate.judge import Attacked, Month, judged_quiet
from tests.evaluate.month import sites
from tests.evaluate.profiles import BY_NAME, IDEAL, PROFILES, with_lockouts

SEED = 11
NOT_VISIBLE = {
    "P-Series by API": {"distributed-guessing", "reused-link"},
    "P-Series by API and AMI": {"reused-link"},
    "Asterisk by AMI": {"web-spraying", "admin-takeover", "reused-link"},
    "call records only": {"fast-guessing", "slow-guessing", "distributed-guessing", "network-guessing", "enumeration",
                          "web-spraying", "prefix-hunt", "admin-takeover", "reused-link"},
}  # fmt: skip
"""What these PBXs do not tell of, or not so that a rule could know it."""


def site(pbx: str):
    """A PBX whose events have not been counted yet."""
    return next(one for one in sites() if one.pbx == pbx)


@cache
def month(name: str) -> Month:
    """The month of the workshop through one profile."""
    return Month(site("workshop"), SEED, BY_NAME[name])


@pytest.mark.parametrize("pbx", ["office", "hotel", "branches", "lawyers", "workshop"])
def test_an_honest_month_leads_to_no_containment(pbx) -> None:
    found = judged_quiet(site(pbx), SEED)
    assert found.events > 1_000
    assert found.containments == ()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found_in_one_incident_about_the_right_subject(attack) -> None:
    found = month(IDEAL.name).attacked(attack).verdict
    assert (found.found, found.incidents, found.kind_right) == (True, 1, True), found


@pytest.mark.parametrize("seen", PROFILES, ids=lambda seen: seen.name)
def test_an_attack_is_found_wherever_the_pbx_tells_of_it(seen) -> None:
    hidden = set()
    for attack in ATTACKS:
        there, ideal = month(seen.name).attacked(attack), month(IDEAL.name).attacked(attack)
        if not there.verdict.found:
            assert not there.sighted.intersection(ideal.verdict.rules), f"{attack} was missed"
            hidden.add(attack)
    assert hidden == NOT_VISIBLE[seen.name]


@pytest.mark.parametrize("seen", PROFILES, ids=lambda seen: seen.name)
def test_nobody_is_contained_wrongly(seen) -> None:
    assert month(seen.name).quiet.containments == ()


@pytest.mark.parametrize("attack", ["irsf", "slow-pumping"])
def test_an_attack_is_judged_as_if_the_whole_month_had_been_lived_through(attack) -> None:
    usual = month(IDEAL.name)
    usual_morning = usual.attacked(attack).verdict
    assert Month(site("workshop"), SEED, mornings=(0,)).attacked(attack).verdict == usual_morning


def guessed(times: int, outcome: str = "rejected", source: str = "203.0.113.9", second: float = 0) -> list[AnyEvent]:
    """So many tries, a second apart."""
    return [
        Registration(pbx="hq", id=f"{source} {outcome} {second + n}", outcome=outcome, account="1001", source_ip=source,
                     at=datetime(2026, 3, 10, tzinfo=UTC) + timedelta(seconds=second + n))
        for n in range(times)
    ]  # fmt: skip


LOCKOUTS = {
    "four": (guessed(4), 0),
    "five": (guessed(5), 1),
    "fifteen within ten minutes": (guessed(15), 1),
    "ten, the last beyond ten minutes": ([*guessed(9), *guessed(1, second=610)], 2),
    "eight with one that was let in": ([*guessed(4), *guessed(1, "accepted", second=5), *guessed(4, second=10)], 0),
    "eight with one that was let in elsewhere": (
        [*guessed(4), *guessed(1, "accepted", "203.0.113.8", 5), *guessed(4, second=10)], 1,
    ),
    "four from each of two addresses": ([*guessed(4), *guessed(4, source="203.0.113.8")], 0),
    "requests without credentials": (guessed(9, "challenged"), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCKOUTS)
def test_a_p_series_says_whom_it_locks_out(name) -> None:
    events, said = LOCKOUTS[name]
    assert sum(isinstance(event, Notice) for event in with_lockouts(events)) == said


def test_every_attack_is_tried_in_every_seed() -> None:
    assert sorted(attack for attacks in loud().values() for attack in attacks) == sorted([*ATTACKS] * 3)
    assert sorted(attack for attacks in slow().values() for attack in attacks) == sorted([*SLOW] * 12)
    assert {pbx for _, pbx in loud()} == {pbx for _, pbx in slow()} == {one.pbx for one in sites()}


def test_what_is_neither_found_nor_visible_is_not_missed() -> None:
    verdict = month(IDEAL.name).attacked("irsf").verdict
    unfound, rule = replace(verdict, found=False), next(iter(verdict.rules))
    trials = {"found": (verdict, set()), "missed": (unfound, {rule}), "hidden": (unfound, {"call.premium"})}
    done = [Done(Job(SEED, "workshop", IDEAL.name, ()), month(IDEAL.name).quiet, tuple(
        Attacked(replace(one, attack=name), frozenset(sighted)) for name, (one, sighted) in trials.items()
    ))]  # fmt: skip
    made = column(IDEAL, done, [Attacked(verdict, frozenset())] * 3)
    assert [cell(name, made) for name in trials] == ["1 of 1", "0 of 1, 1 missed", "not visible"]
    figures = made.figures()
    assert (figures["found"], figures["missed"], figures["not_visible"]) == (1, 1, 1)
