"""The embedded runtime: what is answered is durable, whatever ends the process; and nothing follows from it twice."""

import asyncio
import contextlib
import random
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detector.contract.codec import to_micros
from detector.contract.events import AnyEvent, Call, Control, Login, Registration
from detector.engine.engine import Engine
from models.places import Places
from models.unusual import Unusual
from streams.runtime.embedded import LARGEST_BATCH, WAITING
from streams.runtime.tables import tables
from streams.store.store_errors import Fenced, UnavailableError
from tests.streams.runtime.embedded_child import Child, Opened, settings_of

# Ahead of the clock, so that ticks of the real time change nothing.
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
THIEF = "203.0.113.77"
FULL_SECONDS = 3.0
SOMALIA = "901125261234567"


def guess(number: int, at: datetime = TOMORROW, **changes: Any) -> Registration:
    given: dict[str, Any] = {
        "pbx": "hq", "id": f"r{number}", "at": at + timedelta(seconds=number), "outcome": "rejected",
        "account": "1007", "extension": "1007", "source_ip": THIEF,
    }  # fmt: skip
    return Registration(**given | changes)


def call(number: int, phase: str, at: datetime = TOMORROW, **changes: Any) -> Call:
    given: dict[str, Any] = {
        "pbx": "hq", "id": f"c{number}:{phase}", "at": at + timedelta(seconds=number), "phase": phase,
        "call_id": f"c{number}", "direction": "outbound", "extension": "1007", "to": SOMALIA, "trunk": "carrier-a",
        "source_ip": THIEF,
    }  # fmt: skip
    return Call(**given | changes)


def attack() -> list[AnyEvent]:
    """Guesses, a registration, then calls; and an honest phone beside it."""
    events: list[AnyEvent] = [guess(number) for number in range(12)]
    events.append(guess(20, outcome="accepted", user_agent="friendly-scanner"))
    for number in range(30, 60):
        events += [
            call(number, "started"),
            call(number, "answered"),
            guess(number, id=f"h{number}", account="1001", extension="1001", outcome="accepted", source_ip="10.0.0.9"),
        ]
    return events


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Opened]:
    """The runtime at work; ended in good order, unless it ended by itself."""
    opened = Opened(data)
    await opened.runtime.recover()
    task = asyncio.create_task(opened.runtime.run())
    try:
        yield opened
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
        await opened.runtime.close()
        opened.dispose()


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def kept(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What the journal holds, apart from the times at which it was written."""
    journal = data / "journal.db"
    queries = {
        table: f"SELECT id, revision, body FROM {table} ORDER BY id"  # noqa: S608 - names of our own
        for table in ("detection", "incident", "decision")
    }
    queries["history"] = 'SELECT action_id, n, before, state, "by" FROM action_history ORDER BY action_id, n'
    return {name: rows(journal, query) for name, query in queries.items()}


def known(data: Path) -> set[str]:
    """The ids that memory knows once checkpoint and log are put together."""
    opened = Opened(data)
    opened.worker.recover()
    while log := opened.store.read(opened.worker.offset, 1_000):
        opened.worker.replay(log)
    opened.dispose()
    return {id_ for state in opened.worker.engine._states.values() for id_ in state.seen.where}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The journal after the attack went through without a disturbance."""
    data = tmp_path_factory.mktemp("undisturbed")

    asyncio.run(whole_attack(data))
    assert kept(data)["history"]
    return kept(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


async def whole_attack(data: Path) -> None:
    """Put all of it, however much is known already, until the journal has what follows."""
    async with running(data) as opened:
        await opened.runtime.put(attack())
        await opened.settled()


async def test_the_journal_holds_what_a_replay_finds(
    undisturbed: dict[str, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    engine = Engine(settings, tables(settings), Places(), Unusual())
    newest = {finding.id: finding for event in attack() for finding in engine.process(event)}
    shown = {id_: body for name, found in undisturbed.items() if name != "history" for id_, _, body in found}
    assert shown == {id_: msgspec.json.encode(finding) for id_, finding in newest.items()}


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_batches_change_nothing(size: int, undisturbed: dict[str, list[tuple[Any, ...]]], data: Path) -> None:
    events = attack()
    async with running(data) as opened:
        for first in range(0, len(events), size):
            await asyncio.gather(
                *(opened.runtime.put([event]) for event in events[first : first + size // 2]),
                opened.runtime.put(events[first + size // 2 : first + size]),
            )
        await opened.settled()
    assert kept(data) == undisturbed


async def test_doubled_events_change_nothing(undisturbed: dict[str, list[tuple[Any, ...]]], data: Path) -> None:
    async with running(data) as opened:
        for event in attack():
            await opened.runtime.put([event, event])
        await opened.settled()
    assert kept(data) == undisturbed


@pytest.mark.parametrize(
    ("point", "count"),
    [
        ("append_and_publish", 1),
        ("append_and_publish", 21),
        ("undelivered", 1),
        ("record", 1),
        ("record", 3),
        ("delivered", 1),
        ("save", 1),
        ("cut", 1),
    ],
)
def test_after_a_crash_nothing_is_missing_and_nothing_twice(
    point: str, count: int, undisturbed: dict[str, list[tuple[Any, ...]]], data: Path
) -> None:
    answered, code = Child(data, attack(), die_after=(point, count)).ended()
    assert code == -signal.SIGKILL
    assert set(answered) <= known(data)
    asyncio.run(whole_attack(data))
    assert kept(data) == undisturbed


def test_what_was_answered_survives_a_kill_at_any_moment(
    undisturbed: dict[str, list[tuple[Any, ...]]], data: Path
) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311 - to be repeated, not secret
    for _ in range(6):
        child = Child(data, attack())
        answered = [child.hear() for _ in range(moments.randrange(1, 90))]
        child.kill()
        rest, code = child.ended()
        assert code == -signal.SIGKILL
        assert {*answered, *rest} <= known(data)
    answered, code = Child(data, attack()).ended()
    assert code == 0
    assert answered == [event.id for event in attack()]
    assert kept(data) == undisturbed


async def test_the_log_is_cut_behind_the_checkpoint_and_offsets_never_come_again(data: Path) -> None:
    async with running(data) as opened:
        await opened.runtime.put([guess(number) for number in range(30)])
    assert rows(data / "stream.db", "SELECT count(*) FROM log") == [(0,)]
    async with running(data) as opened:
        assert opened.worker.offset == 30
        await opened.runtime.put([guess(99)])
        assert [offset for offset, _ in opened.store.read(0, 100)] == [31]


async def test_history_that_was_learnt_is_not_learnt_again(data: Path) -> None:
    opened = Opened(data)
    await opened.runtime.recover()
    await opened.runtime.learn([guess(1)])
    await opened.runtime.close()
    opened.dispose()
    assert known(data) == {"r1"}


BAD: dict[str, AnyEvent] = {
    "a long name": guess(1, account="x" * 1_025),
    "no PBX": guess(1, pbx=""),
    "a count of nothing": guess(1, count=0),
    "a time without a zone": guess(1, at=datetime(2026, 1, 1)),  # noqa: DTZ001 - that is what is wrong with it
    "a lone surrogate": guess(1, account="\ud800"),
    "a lone surrogate in the PBX's name": guess(1, pbx="\udfff", source="\ud800"),
    "too large": guess(1, accounts=tuple("\U0001f4a3" * 1_000 for _ in range(32))),
    "settings": Control(pbx="hq", id="s", at=TOMORROW, name="settings", settings={}),
    "a verdict": Control(pbx="hq", id="v", at=TOMORROW, name="verdict", verdict="closed", incident="x"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_a_source_may_not_say_goes_to_the_dead_letters(name: str, data: Path) -> None:
    bad = BAD[name]
    async with running(data) as opened:
        await opened.runtime.put([guess(2), bad, guess(3)])
        assert opened.runtime.dead_letters == 1
        (letter,) = opened.store.dead_letters(10)
        assert letter.reason
        assert [offset for offset, _ in opened.store.read(0, 10)] == [1, 2]
    assert known(data) == {"r2", "r3"}


async def test_settings_of_our_own_may_be_larger_than_an_event(data: Path) -> None:
    tenants = {f"tenant-{number}": {"region": "US"} for number in range(5_000)}
    control = Control(pbx="*", id="s", at=TOMORROW, name="settings", settings={"tenants": tenants})
    async with running(data) as opened:
        await opened.runtime.put_control([control])
        assert opened.runtime.dead_letters == 0


async def test_a_log_that_cannot_keep_up_makes_sources_wait(data: Path) -> None:
    total = WAITING + LARGEST_BATCH + 300
    async with running(data) as opened:
        await opened.runtime.put([guess(0)])
        with contextlib.closing(sqlite3.connect(data / "stream.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            puts = [asyncio.create_task(opened.runtime.put([guess(number)])) for number in range(1, total)]
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert not any(put.done() for put in puts)
            assert opened.runtime._queue.full()
            other.execute("ROLLBACK")
        await asyncio.gather(*puts)
    assert len(known(data)) == total


async def test_time_passes_for_a_pbx_that_says_nothing(data: Path) -> None:
    now = datetime.now(UTC) - timedelta(seconds=5)
    async with running(data) as opened:
        await opened.runtime.put([call(0, "started", now), call(1, "answered", now, call_id="c0")])
        async with asyncio.timeout(30):
            found = "SELECT 1 FROM detection WHERE rule = 'call.duration'"
            while not rows(data / "journal.db", found):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.05)
        assert opened.worker.engine.event_time("hq") <= to_micros(datetime.now(UTC))


@pytest.mark.parametrize("killed", [False, True], ids=["room is made", "killed meanwhile"])
def test_while_the_disk_is_full_nothing_is_answered_and_nothing_is_lost(data: Path, killed: bool) -> None:
    events = [Login(pbx="hq", id=f"l{n}", at=TOMORROW, outcome="rejected", reason="x" * 1_000) for n in range(2_000)]
    child = Child(data, events, room=100_000)
    first = child.hear()
    time.sleep(FULL_SECONDS)
    if killed:
        child.kill()
    else:
        child.make_room()
    said, code = child.ended()
    answered = {first, *said}
    assert code == (-signal.SIGKILL if killed else 0)
    assert (len(answered) < len(events)) is killed
    assert answered <= known(data) <= {event.id for event in events}


async def test_a_write_that_fails_is_told_to_everybody_who_waits(data: Path) -> None:
    opened = Opened(data)
    await opened.runtime.recover()
    task = asyncio.create_task(opened.runtime.run())
    with contextlib.closing(sqlite3.connect(data / "stream.db", isolation_level=None)) as other:
        other.execute("DROP TABLE outbox")
    results = await asyncio.gather(*(opened.runtime.put([event]) for event in attack()), return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results)
    with pytest.raises(UnavailableError, match="outbox"):
        await task
    with pytest.raises(UnavailableError, match="outbox"):
        await opened.runtime.put([guess(99)])
    await opened.runtime.close()
    assert rows(data / "stream.db", 'SELECT count(*) FROM "partition" WHERE "offset" > 0') == [(0,)]
    opened.dispose()


async def test_a_second_writer_ends_the_first(data: Path) -> None:
    first = Opened(data)
    await first.runtime.recover()
    task = asyncio.create_task(first.runtime.run())
    async with running(data) as second:
        await second.runtime.put([guess(1)])
        with pytest.raises(Fenced):
            await first.runtime.put([guess(2)])
        with pytest.raises(Fenced):
            await task
    await first.runtime.close()
    first.dispose()
    assert known(data) == {"r1"}


async def test_a_journal_that_is_away_gets_its_findings_later(data: Path) -> None:
    async with running(data) as opened:
        with contextlib.closing(sqlite3.connect(data / "journal.db", isolation_level=None)) as other:
            other.execute("ALTER TABLE detection RENAME TO away")
            await opened.runtime.put(attack())
            assert opened.store.counts().undelivered
            other.execute("ALTER TABLE away RENAME TO detection")
        await opened.settled()
    assert rows(data / "journal.db", "SELECT count(*) > 0 FROM incident") == [(1,)]
