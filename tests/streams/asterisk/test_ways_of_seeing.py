"""The same robbery of a real Asterisk, by each of its tongues alone and by all together: docs/asterisk.md says so."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import pytest
from msgspec import Struct

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.contract.vocabulary import Act, Mode
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.premises import Tables
from detector.formats.format import FormatOptions, formats
from detector.formats.parties import Parties
from detector.settings import Settings
from models.places import Places
from streams.asterisk.make import MAKE
from streams.cli.demo_command import AUTO
from streams.pbxs.pbx import NoMemory
from tests.asterisk import STOLEN, Addresses, Asterisk, asterisk, at_home
from tests.sipp import Phone
from tests.streams.asterisk.conftest import HOOK, installed, phone
from tests.streams.asterisk.test_ami_source import Log, listening, until
from tests.streams.asterisk.test_asterisk_actions import LONDON, SOMALIA

THIEF, BLOCK = "203.0.113.66", "+25261234"
PUMPED, HOLD = 15, 3.0
OPTIONS = FormatOptions(
    pbx="hq", zone=UTC, year=2026, keyed_hash=str, parties=Parties(trunks=frozenset({"carrier"}))
)  # fmt: skip
HELD = {Act.HANG_UP, Act.RESTRICT_EXTENSION}
SETTINGS = Settings.model_validate({
    "defaults": {
        "region": "US", "access_digit": "9", "business_hours": {"mon-sun": "00:00-24:00"},
        "rules": {rule: {"mode": "auto"} for rule in AUTO},
    },
    "pbxs": [{"id": "hq", "trunks": {"carrier": {}}}],
})  # fmt: skip


class Robbed(Struct, frozen=True):
    """What each tongue said of it, with the addresses of documentation, and when the first pumped call was begun."""

    pumped_at: datetime
    ami: Sequence[AnyEvent]
    logs: Sequence[AnyEvent]
    records: Sequence[AnyEvent]


def told(where: Addresses, format_name: str, lines: Iterable[bytes]) -> list[AnyEvent]:
    """The events of lines that were written on this machine."""
    reader = formats()[format_name](OPTIONS)
    found = [*(each for line in lines for each in reader.read(moved(where, line))), *reader.close()]
    return [each for each in found if isinstance(each, AnyEvent)]


def moved(where: Addresses, text: bytes) -> bytes:
    """Thief and telephones with addresses as they have them in the world."""
    return text.replace(where.thief.encode(), THIEF.encode()).replace(f"{where.office}.".encode(), b"192.0.2.")


async def rob(pbx: Asterisk, log: Log) -> datetime:
    """Guess, register, try, pump; nobody stops it. When pumping began."""
    where = pbx.addresses
    guess = Phone(where=where, address=where.thief, account=STOLEN, password="guess", agent="eyeBeam")
    stolen = Phone(where=where, address=where.thief, account=STOLEN, password=f"right-{STOLEN}", agent="eyeBeam")
    connection = MAKE.connect(*installed(pbx.manager), NoMemory())
    async with listening(connection, log):
        for number in ("1001", STOLEN):
            assert await asyncio.to_thread(phone(pbx, number).register) == {"accepted": 1}
        await asyncio.to_thread(lambda: phone(pbx, "1001").call(LONDON, hold=0.1).ended())
        assert await asyncio.to_thread(guess.register, 8) == {"401": 8}
        assert await asyncio.to_thread(stolen.register) == {"accepted": 1}
        await asyncio.to_thread(lambda: stolen.call(SOMALIA, hold=0.1).ended())
        await asyncio.sleep(1)
        pumped_at = datetime.now(UTC)
        pumping = stolen.call(SOMALIA, times=PUMPED, rate=5, hold=HOLD)
        assert await asyncio.to_thread(pumping.ended) == {"answered": PUMPED}
        await until(lambda: len([one for one in log.events if one.startswith("cdr:")]) == PUMPED + 2)
    await connection.close()
    return pumped_at


@pytest.fixture(scope="module")
def robbed() -> Iterator[Robbed]:
    with asterisk(at_home(), hook=HOOK) as pbx:
        log, where, files = Log(), pbx.addresses, pbx.folder / "log"
        pumped_at = asyncio.run(rob(pbx, log))
        both = sorted(
            line for name in ("messages", "security")
            for line in (files / name).read_bytes().splitlines(keepends=True) if line.startswith(b"[2")
        )  # fmt: skip
        encoded = [Codec().encode(event) for event in log.events.values()]
        yield Robbed(
            pumped_at,
            told(where, "events", encoded),
            told(where, "asterisk-log", both),
            told(where, "asterisk-cdr", (files / "cdr-csv" / "Master.csv").read_bytes().splitlines(keepends=True)),
        )


def found(events: Iterable[AnyEvent]) -> list[AnyFinding]:
    engine = Engine(SETTINGS, Tables(addresses=AddressTable()), Places())
    return [finding for event in sorted(events, key=lambda one: one.at) for finding in engine.process(event)]


def incidents(findings: Iterable[AnyFinding]) -> dict[str, Incident]:
    """As they are at the end."""
    return {one.id: one for one in findings if isinstance(one, Incident)}


def done(findings: Iterable[AnyFinding]) -> dict[Act, datetime]:
    """What is done without a person, and when first."""
    acts: dict[Act, datetime] = {}
    for one in findings:
        if isinstance(one, Decision) and one.mode is Mode.AUTO and one.action is not Act.BACKUP_PBX:
            acts.setdefault(one.action, one.at)
    return acts


WAYS = {
    "AMI": (("ami",), {STOLEN, THIEF, BLOCK}, {Act.BLOCK_IP, *HELD}),
    "both logs": (("logs",), {STOLEN, THIEF}, {Act.BLOCK_IP}),
    "call records": (("records",), {STOLEN, BLOCK}, HELD),
    "all together": (("ami", "logs", "records"), {STOLEN, THIEF, BLOCK}, {Act.BLOCK_IP, *HELD}),
}


@pytest.mark.parametrize(("ways", "named", "acts"), WAYS.values(), ids=WAYS)
def test_what_each_finds(robbed: Robbed, ways: tuple[str, ...], named: set[str], acts: set[Act]) -> None:
    findings = found(event for way in ways for event in getattr(robbed, way))
    [incident] = incidents(findings).values()
    assert {one.id for one in incident.subjects} == named
    assert incident.severity == "critical"
    assert done(findings).keys() == acts


def test_when_each_finds_it(robbed: Robbed) -> None:
    ami, logs, records = (found(events) for events in (robbed.ami, robbed.logs, robbed.records))
    for seen in (ami, logs):
        first = next(one.at for one in seen if isinstance(one, Detection))
        assert first < robbed.pumped_at, "the guesses"
        assert done(seen)[Act.BLOCK_IP] < robbed.pumped_at
    begun = sorted(one.at for one in robbed.ami if one.id.endswith(":started") and one.at > robbed.pumped_at)
    assert begun[3] <= done(ami)[Act.HANG_UP] <= begun[5], "at the fifth call, while it begins"
    over = sorted(one.at for one in robbed.records if one.at > robbed.pumped_at)
    assert (over[0] - robbed.pumped_at).total_seconds() >= HOLD - 1
    assert over[3] <= done(records)[Act.HANG_UP] <= over[5], "at the fifth call that has ended"


def test_all_together_give_the_incident_that_the_manager_interface_gives(robbed: Robbed) -> None:
    alone, together = found(robbed.ami), found([*robbed.ami, *robbed.logs, *robbed.records])
    [one], [other] = incidents(alone).values(), incidents(together).values()
    assert (one.title, one.severity, one.stage) == (other.title, other.severity, other.stage)
    assert done(alone).keys() == done(together).keys()
