"""What PBXs saw is counted once, whoever tells it in whatever order, and becomes the fleet list."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, text

from detector.contract.codec import from_micros
from detector.decide.sightings import Sighting
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.rows import FleetRow

THIEF, BLOCK = "203.0.113.77", "+2526123"
HOUR = 3_600_000_000
DAY = 24 * HOUR
WINDOW = 7 * DAY
NOW = 1_772_000_000_000_000
LIMIT = 1_000


def sighting(pbx: int, at: int = NOW, name: str = THIEF) -> Sighting:
    kind = "destination" if name.startswith("+") else "source_ip"
    return Sighting(
        kind=kind,
        id=name,
        rule="registration.bruteforce",
        at=from_micros(at),
        detection=f"d{pbx}{at}",
        pbx=f"{pbx:064x}",
    )


def sight(journal: Journal, *sightings: Sighting, now: int = NOW, pbxs: int = 3) -> None:
    journal.fleet.sight(sightings, now, pbxs=pbxs, window=WINDOW)


def news(journal: Journal, now: int = NOW) -> list[FleetRow]:
    return journal.fleet.news(LIMIT, now)


def told(journal: Journal, now: int = NOW) -> list[tuple[int, int]]:
    """PBXs and revision of what is new, which then is announced."""
    found = news(journal, now)
    journal.fleet.announced(found)
    return [(row.pbxs, row.revision) for row in found]


@pytest.mark.parametrize(("pbxs", "listed"), [(2, []), (3, [(3, 1)]), (5, [(5, 1)])])
def test_what_enough_pbxs_saw_is_listed(journal: Journal, pbxs: int, listed: list[tuple[int, int]]) -> None:
    sight(journal, *(sighting(n) for n in range(pbxs)))
    assert told(journal) == listed
    assert told(journal) == []


def test_an_entry_says_when_and_until_when_and_not_where(journal: Journal) -> None:
    sight(
        journal, sighting(1, NOW - 3 * DAY), sighting(1, NOW - HOUR), sighting(2, NOW - 2 * DAY), sighting(3, NOW - DAY)
    )
    assert news(journal) == [
        FleetRow(kind="source_ip", id=THIEF, pbxs=3, first_at=NOW - 3 * DAY, last_at=NOW - HOUR,
                 until=NOW - 2 * DAY + WINDOW, revision=1)
    ]  # fmt: skip


def test_one_pbx_that_sees_it_often_is_one(journal: Journal) -> None:
    sight(journal, *(sighting(1, NOW - n * HOUR) for n in range(50)), sighting(2))
    assert news(journal) == []


def test_addresses_and_blocks_are_apart(journal: Journal) -> None:
    sight(
        journal,
        *(sighting(n, name=BLOCK) for n in range(3)),
        *(sighting(n) for n in range(2)),
        sighting(9, name="198.51.100.9"),
    )
    assert [(row.kind, row.id) for row in news(journal)] == [("destination", BLOCK)]


def test_the_same_again_changes_nothing(journal: Journal) -> None:
    seen = [sighting(n, NOW - n * HOUR) for n in range(4)]
    sight(journal, *seen)
    before = news(journal)
    journal.fleet.announced(before)
    for _ in "ab":
        sight(journal, *seen, *seen)
        sight(journal, *reversed(seen), now=NOW + 6 * DAY)
    assert news(journal) == []


def test_the_order_in_which_it_comes_does_not_matter(journal: Journal, engine: Engine) -> None:
    seen = [sighting(1, NOW - DAY), sighting(1), sighting(2, NOW - 2 * DAY), sighting(3, NOW - HOUR)]
    found = set()
    for order in permutations(seen):
        for one in order:
            sight(journal, one)
        rows = tuple(replace(row, revision=0) for row in news(journal))
        with engine.begin() as connection:
            kept = connection.execute(text("SELECT pbx, first_at, last_at FROM sighting ORDER BY pbx")).all()
            connection.execute(text("DELETE FROM sighting"))
            connection.execute(text("DELETE FROM fleet_entry"))
        found.add((len(rows), tuple(map(tuple, kept))))
    assert len(found) == 1


def test_it_is_told_again_when_twice_as_many_saw_it(journal: Journal) -> None:
    said = []
    for pbx in range(20):
        sight(journal, sighting(pbx))
        said += told(journal)
    assert said == [(3, 1), (4, 2), (8, 3), (16, 4)]


def test_it_is_told_again_before_its_time_is_over_if_it_goes_on(journal: Journal) -> None:
    sight(journal, *(sighting(n) for n in range(3)))
    said, until = [], news(journal)[0].until
    for hours in range(0, 240, 6):
        now = NOW + hours * HOUR
        sight(journal, *(sighting(n, now) for n in range(3)), now=now)
        for row in news(journal, now):
            assert now < until
            until = row.until
        said += told(journal, now)
    assert said == [(3, revision) for revision in range(1, 7)]


def test_what_fewer_saw_lately_is_not_listed_and_comes_back_with_a_higher_revision(journal: Journal) -> None:
    sight(journal, *(sighting(n) for n in range(3)))
    assert told(journal) == [(3, 1)]
    later = NOW + 6 * DAY
    sight(journal, sighting(0, later), sighting(1, later), now=later)
    assert told(journal, later) == []
    back = NOW + 8 * DAY
    sight(journal, sighting(1, back), now=back)
    assert told(journal, back) == []
    sight(journal, sighting(7, back), now=back)
    assert told(journal, back) == [(3, 2)]


@pytest.mark.parametrize(("age", "listed"), [(WINDOW - 1, 1), (WINDOW, 0), (9 * DAY, 0)])
def test_what_was_seen_before_the_window_does_not_count(journal: Journal, age: int, listed: int) -> None:
    sight(journal, sighting(0), sighting(1), sighting(2, NOW - age))
    assert len(news(journal)) == listed


def test_a_clock_that_runs_ahead_does_not_lengthen_anything(journal: Journal) -> None:
    sight(journal, *(sighting(n, NOW + 400 * DAY) for n in range(3)))
    assert news(journal)[0].until == NOW + WINDOW


def test_what_changed_while_it_was_announced_stays_news(journal: Journal) -> None:
    sight(journal, *(sighting(n) for n in range(3)))
    on_the_way = news(journal)
    sight(journal, sighting(3))
    journal.fleet.announced(on_the_way)
    assert told(journal) == [(4, 2)]


def test_news_come_in_portions_and_those_whose_time_is_over_not_at_all(journal: Journal) -> None:
    names = [f"198.51.100.{n}" for n in range(1, 6)]
    sight(journal, *(sighting(n, name=name) for name in names for n in range(3)))
    first = journal.fleet.news(3, NOW)
    journal.fleet.announced(first)
    assert [row.id for row in [*first, *news(journal)]] == names
    assert news(journal, NOW + WINDOW) == []


def test_what_is_old_is_forgotten(journal: Journal, engine: Engine) -> None:
    def left() -> list[int]:
        with engine.connect() as connection:
            return [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608 - a test's own
                    for name in ("sighting", "fleet_entry")]  # fmt: skip

    sight(journal, *(sighting(n) for n in range(3)), sighting(1, name=BLOCK), sighting(2, NOW - DAY, "198.51.100.9"))
    assert left() == [5, 3]
    journal.fleet.forget(NOW + WINDOW - DAY, window=WINDOW)
    assert left() == [4, 2]
    journal.fleet.forget(NOW + WINDOW - 1, window=WINDOW)
    assert left() == [4, 2]
    journal.fleet.forget(NOW + WINDOW, window=WINDOW)
    assert left() == [0, 0]


def test_gateways_that_count_at_once_miss_none_and_list_once(journal: Journal, migrated_url: str) -> None:
    """Each brings what the others do not know; whoever comes last must see all."""
    names = [f"198.51.100.{n}" for n in range(20)]
    engines = [open_engine(migrated_url) for _ in range(4)]

    def bring(number: int) -> None:
        mine, chance = [sighting(number, name=name) for name in names], random.Random(number)  # noqa: S311 - order only
        chance.shuffle(mine)
        for part in (mine[:7], mine[7:14], mine[14:], mine):
            sight(Journal(engines[number]), *part, pbxs=4)
            Journal(engines[number]).fleet.forget(NOW, window=WINDOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bring, range(4)))
    for one in engines:
        one.dispose()
    assert [(row.pbxs, row.revision) for row in news(journal)] == [(4, 1)] * len(names)
