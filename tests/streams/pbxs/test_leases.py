"""Gateways share PBXs by leases: fairly, one owner each, and none with a lease that has run out."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from streams.pbxs.leases import AT_ONCE, MARGIN, Lease, Leases, boot_time
from streams.pbxs.pbx_errors import NotOurs
from streams.store.database import open_engine
from streams.store.journal.journal import Journal

SECONDS = 30.0


class Hands:
    """What one gateway has in hand."""

    def __init__(self, journal: Journal, name: str, pbxs: list[str], seconds: float = SECONDS) -> None:
        self.now: set[str] = set()
        self.ever: list[str] = []
        self.leases = Leases(journal, name, pbxs, self._taken, self._left, seconds=seconds)

    async def _taken(self, lease: Lease) -> None:
        self.now.add(lease.pbx)
        self.ever.append(lease.pbx)

    async def _left(self, lease: Lease) -> None:
        self.now.remove(lease.pbx)


@pytest.fixture
def journal(migrated_url: str) -> Iterator[Journal]:
    engine = open_engine(migrated_url)
    yield Journal(engine)
    engine.dispose()


def many(count: int) -> list[str]:
    return [f"pbx-{number:03}" for number in range(count)]


async def test_one_takes_all_then_gives_up_half(journal: Journal) -> None:
    one, two = Hands(journal, "one", many(7)), Hands(journal, "two", many(7))
    await one.leases.step()
    assert one.now == set(many(7))
    await two.leases.step()
    assert two.now == set()
    await one.leases.step()
    await two.leases.step()
    assert (len(one.now), len(two.now)) == (4, 3)
    assert one.now | two.now == set(many(7))
    await one.leases.step()
    await two.leases.step()
    assert (len(one.ever), len(two.ever)) == (7, 3), "what is shared fairly stays where it is"


async def test_many_are_taken_in_portions_so_that_leases_are_prolonged_between(journal: Journal) -> None:
    one = Hands(journal, "one", many(2 * AT_ONCE + 1))
    assert [await one.leases.step() for _ in range(3)] == [True, True, False]
    assert len(one.now) == 2 * AT_ONCE + 1


async def test_who_ends_in_good_order_leaves_everything_to_others_at_once(journal: Journal) -> None:
    one, two = Hands(journal, "one", many(2)), Hands(journal, "two", many(2))
    stop = asyncio.Event()
    running = asyncio.create_task(one.leases.run(stop))
    while one.now != set(many(2)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert one.now == set()
    await two.leases.step()
    assert two.now == set(many(2))


async def test_who_was_replaced_lets_go(journal: Journal) -> None:
    one, two = Hands(journal, "one", many(1), seconds=0.1), Hands(journal, "two", many(1))
    await one.leases.step()
    await asyncio.sleep(0.2)
    await two.leases.step()
    assert two.now == set(many(1))
    await one.leases.step()
    assert one.now == set()


async def test_a_lease_ends_before_the_database_thinks_so(journal: Journal) -> None:
    one = Hands(journal, "one", many(1), seconds=MARGIN + 0.2)
    await one.leases.step()
    (lease,) = one.leases.held.values()
    lease.check()
    await asyncio.sleep(0.3)
    with pytest.raises(NotOurs):
        lease.check()
    assert journal.leases.all()[0].held
    await one.leases.step()
    lease.check()


async def test_while_the_database_is_away_leases_run_on_and_nothing_is_let_go(journal: Journal) -> None:
    one = Hands(journal, "one", many(1))
    await one.leases.step()
    until = one.leases.held["pbx-000"].until
    with journal.accounts._engine.begin() as connection:
        connection.execute(text("ALTER TABLE gateway RENAME TO away"))
    with pytest.raises(Exception, match="gateway"):
        await one.leases.step()
    with journal.accounts._engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO gateway"))
    assert one.now == {"pbx-000"}
    assert one.leases.held["pbx-000"].until == until > boot_time()
