"""An address that is said to be kept out, and comes again: the incident is not contained."""

from collections.abc import Iterable

import pytest

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Incident
from detector.contract.vocabulary import Act
from tests.detector.engine.builders import (
    THIEF,
    decisions,
    interrupted,
    login,
    outcome,
    registration,
    run,
    settings,
    tick,
)

AUTO = settings(rules={"registration.bruteforce": {"mode": "auto"}})
GUESSED = [registration(n) for n in range(5)]
MINUTE = 60


def blocked(*events: AnyEvent) -> list[AnyEvent]:
    """Guessing, and the block of the address confirmed at second 10."""
    (block,) = [each for each in decisions(run(GUESSED, AUTO)) if each.action is Act.BLOCK_IP]
    return [*GUESSED, outcome(10, block.id, "confirmed"), *events]


def told(found: Iterable[AnyFinding], about: str) -> list[str]:
    """The status in every revision of the incident about this address."""
    revisions = [each for each in found if isinstance(each, Incident)]
    return [each.status.value for each in revisions if about in {subject.id for subject in each.subjects}]


def statuses(events: list[AnyEvent]) -> list[str]:
    found = told(run(events, AUTO), THIEF)
    assert found == told(interrupted(events, AUTO), THIEF)
    return [each for n, each in enumerate(found) if n == 0 or each != found[n - 1]]


CASES = [
    ("it stays away", [tick(2 * MINUTE)], ["open", "contained"]),
    ("it registers again", [registration(2 * MINUTE)], ["open", "contained", "open"]),
    ("it logs in", [login(2 * MINUTE)], ["open", "contained", "open"]),
    ("while the firewall loads its list", [registration(MINUTE)], ["open", "contained"]),
    ("another address", [registration(2 * MINUTE, source="203.0.113.99", account="1003")], ["open", "contained"]),
    ("the PBX ends its registration", [registration(2 * MINUTE, "expired")], ["open", "contained"]),
    ("it came before and is told of late", [tick(3 * MINUTE), registration(30)], ["open", "contained"]),
    ("it comes once and stays away", [registration(2 * MINUTE), tick(13 * MINUTE)],
     ["open", "contained", "open", "contained"]),
    ("it goes on", [*(registration(n * MINUTE) for n in range(2, 30, 5)), tick(34 * MINUTE)],
     ["open", "contained", "open"]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_blocked_address_that_comes_again(events: list[AnyEvent], expected: list[str]) -> None:
    assert statuses(blocked(*events)) == expected


def test_a_flood_of_it_is_told_once() -> None:
    flood = [registration(2 * MINUTE + n / 10) for n in range(100)]
    other = {"registration.bruteforce": {"mode": "auto"}}
    revisions = told(run(blocked(*flood), settings(mode="shadow", rules=other)), THIEF)
    assert revisions.count("open") < 30
