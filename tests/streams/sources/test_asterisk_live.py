"""A real Asterisk by its logs, its call records and its manager interface together: each attempt counts once."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from detector.contract.events import AnyEvent, Call, Registration
from streams.asterisk.make import MAKE
from streams.config.installation import InstalledPbx
from streams.pbxs.pbx import NoMemory
from streams.sources.file_source import FileSource
from streams.sources.followed import follow
from tests.asterisk import VERSIONS, Asterisk, asterisk, at_home
from tests.sipp import Phone
from tests.streams.asterisk.conftest import HOOK, installed, phone
from tests.streams.sources.following import Log, until

SOMALIA = "9011252612345678"
GUESSES, CALLS, STRAYED = 7, 2, 3
BY_LOG, BY_RECORDS, BY_MANAGER = "asterisk-log", "asterisk-cdr", "asterisk-ami"


class WholeLog(Log):
    """Takes what comes by a connection, too."""

    async def put(self, events: Sequence[AnyEvent]) -> None:
        self.events += events

    def by(self, *sources: str) -> list[AnyEvent]:
        """What these tell, of each id what came first: what comes again adds at most fields."""
        return list({event.id: event for event in reversed(self.events) if event.source in sources}.values())


@pytest.fixture(scope="module", params=VERSIONS)
def pbx(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    with asterisk(at_home(), request.param, HOOK) as found:
        yield found


def with_files(pbx: Asterisk) -> InstalledPbx:
    folder = f"{pbx.folder}/log"
    return InstalledPbx.model_validate({
        **installed(pbx.manager)[0].model_dump(exclude_unset=True),
        "files": [
            {"format": "asterisk-log", "paths": [f"{folder}/messages", f"{folder}/security"], "timezone": "UTC"},
            {"format": "asterisk-cdr", "paths": [f"{folder}/cdr-csv/*.csv"]},
        ],
    })  # fmt: skip


async def attack(pbx: Asterisk) -> None:
    """By real SIP: guesses, calls that are answered, and numbers that nobody has."""
    thief = Phone(where=pbx.addresses, address=pbx.addresses.thief, account="1007", password="guess")
    ours = phone(pbx, "1001")
    assert await asyncio.to_thread(ours.register) == {"accepted": 1}
    assert await asyncio.to_thread(thief.register, GUESSES) == {"401": GUESSES}
    called = await asyncio.to_thread(lambda: ours.call(SOMALIA, times=CALLS, hold=0.1).ended())
    assert called == {"answered": CALLS}
    assert await asyncio.to_thread(lambda: ours.call("4711", times=STRAYED).ended()) == {"404": STRAYED}


def counted(events: list[AnyEvent]) -> Counter[str]:
    """How many attempts and calls."""
    found = Counter[str]()
    for event in events:
        if isinstance(event, Registration) and event.outcome == "rejected":
            found["refused"] += event.count
        if isinstance(event, Call) and event.phase == "ended" and event.to == "4711":
            found["strayed"] += 1
    answered = {event.call_id for event in events if isinstance(event, Call) and event.to == SOMALIA}
    return found + Counter(called=len(answered))


async def test_all_together_tell_of_each_attempt_and_call_once(pbx: Asterisk) -> None:
    settings, own = with_files(pbx), installed(pbx.manager)[1]
    log, connection = WholeLog(), MAKE.connect(settings, own, NoMemory())
    manager = connection.sources(log, str, since=None)
    followed = follow(settings, own, str, log)
    tasks = [asyncio.create_task(one.run()) for one in (*followed, manager)]
    try:
        await until(lambda: len(log.places) == 2 and manager.statuses()[0].connected)
        await attack(pbx)
        await until(lambda: counted(log.by(BY_LOG)) == Counter(refused=GUESSES, strayed=STRAYED))
        await until(lambda: counted(log.by(BY_MANAGER))["refused"] == GUESSES)
        await until(lambda: counted(log.by(BY_RECORDS)) == Counter(called=CALLS))
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await connection.close()
    assert counted(log.by(BY_LOG, BY_RECORDS, BY_MANAGER)) == Counter(refused=GUESSES, strayed=STRAYED, called=CALLS)
    assert all(isinstance(one, FileSource) and not one.status.unread and not one.status.rejected for one in followed)


async def test_logs_that_asterisk_rotates_itself_are_read_to_their_end(pbx: Asterisk) -> None:
    settings, own = with_files(pbx), installed(pbx.manager)[1]
    log = WholeLog()
    tasks = [asyncio.create_task(one.run()) for one in follow(settings, own, str, log)]
    thief = Phone(where=pbx.addresses, address=pbx.addresses.thief, account="1002", password="guess")
    try:
        await until(lambda: len(log.places) == 2)
        for _ in range(3):
            assert await asyncio.to_thread(thief.register, GUESSES) == {"401": GUESSES}
            await asyncio.to_thread(pbx.cli, "logger rotate")
        await until(lambda: counted(log.by(BY_LOG))["refused"] >= 3 * GUESSES)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    assert counted(log.events) == Counter(refused=3 * GUESSES)
    assert not log.letters
