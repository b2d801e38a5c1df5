"""What several PBXs saw is announced to all, once, also over crashes; what must not be listed is not counted."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from detector.contract.codec import Codec, to_micros
from detector.contract.events import Control
from detector.decide.sightings import Sighting
from streams.config.installation import Installation
from streams.pbxs.shared_list import AT_ONCE, FleetList
from streams.store.database import open_engine
from streams.store.journal.journal import Journal

THIEF, TRUNK, OFFICE = "203.0.113.77", "198.51.100.250", "192.0.2.20"
SETTINGS = {
    "defaults": {"protected": ["192.0.2.0/24"]},
    "pbxs": [{"id": "hq", "trunks": {"carrier": {"hosts": [TRUNK, "sip.example"]}}}],
}


@pytest.fixture
def journal(migrated_url: str) -> Iterator[Journal]:
    engine = open_engine(migrated_url)
    yield Journal(engine)
    engine.dispose()


class Log:
    """What stands in the log; `fails` as often as it says, after having written or before."""

    def __init__(self, fails: int = 0, *, after: bool = False) -> None:
        self.events: list[Control] = []
        self.fails, self.after = fails, after

    async def put(self, events: Sequence[Control]) -> None:
        if not self.fails or self.after:
            self.events += events
        if self.fails:
            self.fails -= 1
            raise RuntimeError("killed")


def seen(*pbxs: int, name: str = THIEF) -> list[Sighting]:
    kind = "destination" if name.startswith("+") else "source_ip"
    return [
        Sighting(kind=kind, id=name, rule="r", at=datetime.now(UTC), detection=f"d{n}", pbx=f"{n:064x}") for n in pbxs
    ]


def fleet(journal: Journal, log: Log, **more: Any) -> FleetList:
    return FleetList(journal, log.put, Installation.model_validate(SETTINGS | more))


async def test_what_three_pbxs_saw_is_announced_to_every_pbx_once(journal: Journal) -> None:
    log = Log()
    made = fleet(journal, log)
    await made.take(seen(1, 2))
    assert await made.tell() == 0
    await made.take(seen(3, 3))
    assert await made.tell() == 1
    assert await fleet(journal, log).tell() == 0
    (event,) = log.events
    assert (event.pbx, event.name) == ("*", "fleet")
    assert [(entry.kind, entry.id, entry.pbxs) for entry in event.fleet] == [("source_ip", THIEF, 3)]
    assert round((event.fleet[0].until - event.fleet[0].last_at).total_seconds()) == 7 * 86_400
    assert Codec(trusted=True).decode(Codec().encode(event)) == [event]
    assert b"0000000001" not in Codec().encode(event)


@pytest.mark.parametrize("after", [False, True])
async def test_killed_while_announcing_the_same_is_announced_again(journal: Journal, *, after: bool) -> None:
    log = Log(1, after=after)
    made = fleet(journal, log)
    await made.take([*seen(1, 2, 3), *seen(1, 2, 3, name="+2526123")])
    with pytest.raises(RuntimeError, match="killed"):
        await made.tell()
    assert await fleet(journal, log).tell() == 2
    assert len(log.events) == 1 + after
    assert len({(event.id, event.fleet) for event in log.events}) == 1


async def test_two_gateways_that_announce_at_once_say_the_same(journal: Journal) -> None:
    one, other = Log(), Log()
    await fleet(journal, one).take(seen(1, 2, 3))
    waiting = journal.fleet.news(10, to_micros(datetime.now(UTC)))
    assert await fleet(journal, one).tell() == 1
    journal.fleet.announced(waiting)
    assert await fleet(journal, other).tell() == 0
    await fleet(journal, one).take(seen(4))
    assert await fleet(journal, one).tell() == 1
    assert [event.fleet[0].pbxs for event in one.events] == [3, 4]
    assert one.events[0].id != one.events[1].id


async def test_much_news_is_announced_in_portions(journal: Journal) -> None:
    log = Log()
    made = fleet(journal, log, fleet={"pbxs": 2})
    names = [f"203.0.{n // 250}.{n % 250}" for n in range(AT_ONCE + 1)]
    await made.take([one for name in names for one in seen(1, 2, name=name)])
    assert await made.tell() == len(names)
    assert [len(event.fleet) for event in log.events] == [AT_ONCE, 1]


@pytest.mark.parametrize("name", [TRUNK, OFFICE, "10.0.0.1", "+11"])
async def test_what_must_not_be_blocked_anywhere_is_never_listed(journal: Journal, name: str) -> None:
    log = Log()
    made = fleet(journal, log)
    await made.take(seen(*range(9), name=name))
    assert await made.tell() == 0
    assert made.refused == 9


async def test_switched_off_it_neither_counts_nor_tells(journal: Journal) -> None:
    log = Log()
    await fleet(journal, log).take(seen(1, 2, 3))
    off = fleet(journal, log, fleet={"enabled": False})
    await off.take(seen(4))
    assert await off.tell() == 0
    assert await fleet(journal, log).tell() == 1
    assert log.events[0].fleet[0].pbxs == 3
