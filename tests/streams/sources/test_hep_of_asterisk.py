"""A real Asterisk that sends copies of its SIP, alone and beside its manager interface: each attempt counts once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest

from detector.contract.events import Call, Registration
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.asterisk.make import MAKE
from streams.config.installation import Installation, core_settings
from streams.pbxs.pbx import NoMemory
from streams.sources.encounters import Encounters
from streams.sources.hep_receivers import HepReceivers
from tests.asterisk import AMI_PORT, HEP_KEY, SECRET, STOLEN, USER, VERSIONS, Asterisk, asterisk, at_home
from tests.ports import free_ports
from tests.sipp import Phone
from tests.streams.sources.test_hep_source import SipLog, until

GUESSES = 6
SOURCES = ("hep", "asterisk-ami")
LOCAL = "127.0.0.1"
"""Asterisk writes where the system would send from, and not where it listens."""
SOMALIA = "9011252612345678"
CONNECTION = {"make": "asterisk", "client_id": "env:SIM_ID", "client_secret": "env:SIM_SECRET"}
SECRETS = {"client_id": USER, "client_secret": SECRET, "key": HEP_KEY}


@pytest.fixture(scope="module", params=VERSIONS)
def captured(request: pytest.FixtureRequest) -> Iterator[tuple[Asterisk, int]]:
    """The PBX, and the port that its copies go to."""
    port = free_ports(1)
    with asterisk(at_home(), request.param, hep=("127.0.0.1", port)) as found:
        yield found, port


@asynccontextmanager
async def watched(pbx: Asterisk, port: int, *, manager: bool) -> AsyncIterator[SipLog]:
    """All that Ringfence is told by copies of SIP, and by the manager interface where that is connected."""
    where, log = pbx.addresses, SipLog()
    way = {"connection": CONNECTION | {"url": f"ami://{pbx.manager}:{AMI_PORT}"}} if manager else {}
    installed: Mapping[str, object] = {
        "id": "hq", "region": "US", "access_digit": "9", "trunks": {"carrier": {"hosts": [where.carrier]}},
        "hep": {"port": port, "key": "env:KEY", "addresses": [where.pbx, LOCAL]}, **way,
    }  # fmt: skip
    settings = Installation.model_validate({"pbxs": [installed]}, context={"secret": lambda name, _: SECRETS[name]})
    policies = Policies(core_settings(settings), catalogue())
    ingest = Encounters(log, {"hq"} if manager else ())
    receivers = HepReceivers(settings, policies, ingest, str)
    running = [asyncio.create_task(receivers.run())]
    connection = MAKE.connect(settings.pbxs[0], policies.of("hq"), NoMemory()) if manager else None
    statuses = receivers.statuses()
    if connection is not None:
        sources = connection.sources(ingest, str, since=None)
        running.append(asyncio.create_task(sources.run()))
        statuses = [*statuses, *sources.statuses()]
    try:
        await until(lambda: all(one.connected for one in statuses))
        yield log
        assert [one.unread_reason for one in receivers.statuses() if one.unread] == []
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if connection is not None:
            await connection.close()


def thief(pbx: Asterisk, password: str) -> Phone:
    where = pbx.addresses
    return Phone(where=where, address=where.thief, account=STOLEN, password=password, agent="eyeBeam")


def registrations(log: SipLog, outcome: str) -> list[Registration]:
    return [each for each in log.events if isinstance(each, Registration) and each.outcome == outcome]


async def test_copies_alone_tell_who_guesses_gets_in_and_calls(captured: tuple[Asterisk, int]) -> None:
    pbx, port = captured
    async with watched(pbx, port, manager=False) as log:
        answers = await asyncio.to_thread(thief(pbx, "guess").register, GUESSES)
        assert answers == {"401": GUESSES}
        assert await asyncio.to_thread(thief(pbx, f"right-{STOLEN}").register) == {"accepted": 1}
        assert await asyncio.to_thread(lambda: thief(pbx, f"right-{STOLEN}").call(SOMALIA, hold=0.2).ended()) == {
            "answered": 1
        }
        await until(lambda: any(isinstance(each, Call) and each.phase == "ended" for each in log.events))
        await until(lambda: len(registrations(log, "rejected")) + 2 >= GUESSES)
        (accepted,) = registrations(log, "accepted")
        assert (accepted.account, accepted.source_ip, accepted.user_agent) == (STOLEN, pbx.addresses.thief, "eyeBeam")
        assert {each.source_ip for each in registrations(log, "rejected")} == {pbx.addresses.thief}
        calls = [each for each in log.events if isinstance(each, Call)]
        assert Counter(each.phase for each in calls) == {"started": 1, "answered": 1, "ended": 1}
        assert {(each.extension, each.source_ip, each.trunk, each.to) for each in calls} == {
            (STOLEN, pbx.addresses.thief, "carrier", SOMALIA)
        }
        assert {each.user_agent for each in calls} == {"eyeBeam"}


async def test_beside_the_manager_interface_nothing_counts_twice(captured: tuple[Asterisk, int]) -> None:
    pbx, port = captured
    async with watched(pbx, port, manager=True) as log:
        assert await asyncio.to_thread(thief(pbx, "guess").register, GUESSES) == {"401": GUESSES}
        assert await asyncio.to_thread(thief(pbx, f"right-{STOLEN}").register) == {"accepted": 1}
        assert await asyncio.to_thread(lambda: thief(pbx, f"right-{STOLEN}").call(SOMALIA, hold=0.2).ended()) == {
            "answered": 1
        }
        await until(lambda: {each.source for each in registrations(log, "accepted")} == set(SOURCES))
        await until(lambda: any(isinstance(each, Call) and each.phase == "ended" for each in log.events))
        for outcome in ("rejected", "accepted"):
            found = registrations(log, outcome)
            copied, told = ({each.id for each in found if each.source == source} for source in SOURCES)
            assert copied
            assert copied <= told
        calls = [each for each in log.events if isinstance(each, Call)]
        assert {each.source for each in calls} == {"asterisk-ami"}
