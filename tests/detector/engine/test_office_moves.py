"""An office that comes back on a new address is known by who comes: its stale telephones are no guessers."""

import pytest

from detector.contract.events import Registration
from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    PHONE,
    ROAMING,
    decisions,
    detections,
    guesses,
    interrupted,
    known_phones,
    registration,
    run,
)

STAFF = [str(1001 + n) for n in range(20)]
NEW = ROAMING


def arrive(extensions: list[str], every: float = 0.2, start: float = 0, source: str = NEW) -> list[Registration]:
    """So many telephones come in one after the other."""
    return [registration(start + n * every, "accepted", each, source) for n, each in enumerate(extensions)]


def stale(extensions: list[str], start: float = 5, source: str = NEW) -> list[Registration]:
    """Telephones with an old password try again, all of them three times a minute."""
    return [
        registration(start + 20 * turn + n, "rejected", each, source, user_agent=PHONE)
        for turn in range(9) for n, each in enumerate(extensions)
    ]  # fmt: skip


def blocked(events: list[Registration], staff: list[str] = STAFF, days: tuple[int, ...] = (-4, -3, -2, -1)) -> bool:
    found = run([*known_phones(staff, OFFICE, days), *events])
    assert bool(detections(found, "registration.bruteforce")) == bool(decisions(found, "block_ip", NEW))
    return bool(decisions(found))


CASES = {
    "most of it is there": (arrive(STAFF[:17]), STAFF, STAFF[17:], False),
    "half of it is there": (arrive(STAFF[:10]), STAFF, STAFF[17:], False),
    "fewer are there than that": (arrive(STAFF[:9]), STAFF, STAFF[17:], True),
    "all of a small one": (arrive(STAFF[:3]), STAFF[:3], STAFF[2:3], False),
    "two are no office": (arrive(STAFF[:2]), STAFF[:3], STAFF[1:3], True),
    "nobody was known before": (arrive([f"3{n:03}" for n in range(10)]), STAFF, ["4001", "4002", "4003"], True),
    "one by one within hours": (arrive(STAFF[:17], 1_000), STAFF, STAFF[17:], True),
}


@pytest.mark.parametrize("name", CASES)
def test_a_new_address_is_that_of_an_office_that_has_moved(name: str) -> None:
    came, staff, old, wanted = CASES[name]
    last = (came[-1].at - came[0].at).total_seconds()
    assert blocked([*came, *stale(old, last + 5)], staff) is wanted


def test_who_stole_three_passwords_and_guesses_is_no_office() -> None:
    assert blocked([*arrive(STAFF[:3]), *guesses(5, 5, "1015", NEW)])


def test_an_office_that_was_away_for_weeks_is_not_known_any_more() -> None:
    away = tuple(range(-14, -8))
    assert blocked([*arrive(STAFF[:17]), *stale(STAFF[17:])], days=away)
    assert not blocked([*arrive(STAFF[:17]), *stale(STAFF[17:])], days=(-6, -5))


def test_a_new_address_is_no_longer_known_a_week_after_everybody_left() -> None:
    later = 8 * DAY
    assert not blocked([*arrive(STAFF[:17]), *guesses(5 * DAY, 5, "1019", NEW)])
    assert blocked([*arrive(STAFF[:17]), *guesses(later, 5, "1019", NEW), *guesses(later + 60, 5, "1020", NEW)])


def test_so_many_refusals_as_no_telephone_makes_are_guesses_wherever_they_come_from() -> None:
    found = run([*known_phones(STAFF), *arrive(STAFF[:17]), *guesses(5, 50, "1015", NEW)])
    assert detections(found, "registration.bruteforce")


def test_an_office_is_known_after_a_restart() -> None:
    events = [*known_phones(STAFF), *arrive(STAFF[:17]), *stale(STAFF[17:])]
    assert not decisions(interrupted(events, batch=7))
