"""What comes of a real Asterisk's events: each thing once, with the address it came from, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call, Registration
from detector.formats.asterisk.asterisk_ami import AsteriskAmi
from detector.formats.format import FormatOptions
from streams.asterisk.ami_source import AmiSource
from streams.asterisk.asterisk_pbx import AsteriskConnection
from tests.asterisk import STOLEN, Asterisk
from tests.sipp import Phone
from tests.streams.asterisk.conftest import phone
from tests.streams.asterisk.test_asterisk_actions import SOMALIA, UTC, up


class Log:
    """What was handed over, by id: what comes again changes nothing."""

    def __init__(self) -> None:
        self.events: dict[str, AnyEvent] = {}
        self.put_again = 0

    async def put(self, events: Sequence[AnyEvent]) -> None:
        for event in events:
            self.put_again += event.id in self.events
            if event.id not in self.events or event.revision > self.events[event.id].revision:
                self.events[event.id] = event

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)

    def calls(self, phase: str) -> list[Call]:
        return [each for each in self.events.values() if isinstance(each, Call) and each.phase == phase]

    def registrations(self, outcome: str) -> list[Registration]:
        return [each for each in self.events.values() if isinstance(each, Registration) and each.outcome == outcome]


@asynccontextmanager
async def listening(
    connection: AsteriskConnection, log: Log, *, up: Sequence[Call] = (), **known: Any
) -> AsyncIterator[AmiSource]:
    """A source at work; a new one knows nothing of what the one before has heard."""
    options = FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str, parties=connection.means.parties)
    reader = AsteriskAmi(options)
    reader.take_up(up)
    source = AmiSource(
        connection.client, reader, log, connection.problem, quiet=0.2, pace=0.1, pause=0.05, longest=0.05, **known
    )
    running = asyncio.create_task(source.run())
    await until(lambda: source.status.connected)
    yield source
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert source.status.unread == 0, source.status.unread_reason


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not met():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_guesses_and_calls_come_with_the_address_they_came_from(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    log, where = Log(), pbx.addresses
    thief = Phone(where=where, address=where.thief, account=STOLEN, password="guess", agent="eyeBeam")
    right = Phone(where=where, address=where.thief, account=STOLEN, password=f"right-{STOLEN}", agent="eyeBeam")
    async with listening(connection, log):
        assert await asyncio.to_thread(thief.register, 3) == {"401": 3}
        assert await asyncio.to_thread(lambda: right.call(SOMALIA, hold=0.1).ended()) == {"answered": 1}
        await until(lambda: log.calls("ended") and len(log.registrations("rejected")) == 3)
    assert {(one.account, one.source_ip) for one in log.registrations("rejected")} == {(STOLEN, where.thief)}
    [begun] = log.calls("started")
    assert (begun.source_ip, begun.user_agent) == (where.thief, "eyeBeam")
    assert (begun.extension, begun.trunk, begun.route, begun.to) == (STOLEN, "carrier", "outbound-world", SOMALIA)


async def test_a_registration_is_one_event_and_says_by_what_program(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    log, where = Log(), pbx.addresses
    thief = Phone(where=where, address=where.thief, account="1004", password="right-1004", agent="eyeBeam")
    async with listening(connection, log):
        assert await asyncio.to_thread(thief.register) == {"accepted": 1}
        await until(lambda: [one for one in log.registrations("accepted") if one.account == "1004" and one.user_agent])
    [found] = [one for one in log.registrations("accepted") if one.account == "1004"]
    assert (found.source_ip, found.user_agent, found.revision) == (where.thief, "eyeBeam", 1)


async def test_a_call_that_began_while_we_were_away_is_known_once_we_are_back(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    log = Log()
    await asyncio.to_thread(phone(pbx, "1001").register)
    running = await up(pbx, STOLEN, SOMALIA)
    async with listening(connection, log):
        await until(lambda: log.calls("answered"))
    [begun], [contact] = log.calls("started"), log.registrations("accepted")[-1:]
    assert (begun.extension, begun.to, begun.trunk) == (STOLEN, SOMALIA, "carrier")
    assert {(one.account, one.user_agent) for one in log.registrations("accepted")} >= {("1001", "Desk Phone 4.2")}
    assert contact.party == "extension"
    known = dict(log.events)
    async with listening(connection, log):
        pbx.cli("channel request hangup all")
        await until(lambda: log.calls("ended"))
    assert log.put_again >= 2, "the same call and contacts by the same ids"
    assert not [one for one in log.events.values() if isinstance(one, Call) and one.phase != "ended"
                and one.id not in known]  # fmt: skip
    running.stop()


async def test_after_a_restart_of_the_pbx_its_calls_are_over_and_new_ones_are_heard(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    log = Log()
    async with listening(connection, log) as source:
        running = await up(pbx, STOLEN, SOMALIA)
        await until(lambda: log.calls("answered"))
        await asyncio.to_thread(pbx.kill)
        await until(lambda: not source.status.connected)
        assert source.status.problem
        await asyncio.to_thread(pbx.start)
        await until(lambda: log.calls("ended"))
        running.stop()
        await asyncio.to_thread(lambda: phone(pbx, "1001").call("911", hold=0.1).ended())
        await until(lambda: len(log.calls("started")) == 2)
        assert source.status.connects == 2
        assert source.status.problem is None


async def test_ways_out_that_nothing_guards_are_named_until_they_are_guarded(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    dialplan = (pbx.folder / "etc" / "extensions.conf").read_text()
    async with listening(connection, Log()) as source:
        await asyncio.sleep(0.5)
        assert source.status.problem is None
        pbx.write("extensions.conf", f"{dialplan}\n[back-door]\nexten => _8X.,1,Dial(PJSIP/${{EXTEN:1}}@carrier,30)\n")
        pbx.cli("module reload pbx_config.so")
        await until(lambda: source.status.problem)
        assert "before Dial() in back-door _8X.:" in str(source.status.problem)
        pbx.write("extensions.conf", dialplan)
        pbx.cli("module reload pbx_config.so")
        await until(lambda: source.status.problem is None)
