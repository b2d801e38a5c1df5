"""A real Kamailio that sends copies of its SIP: each guess counts once, and who gets in is known by his address."""

import asyncio

from detector.contract.events import Registration
from tests.asterisk import at_home
from tests.kamailio import CAPTURE_ID, kamailio
from tests.sipp import Phone
from tests.streams.sources.test_hep_source import SipLog, receiving, until

GUESSES = 6


async def test_guesses_and_who_gets_in() -> None:
    where, log = at_home(), SipLog()
    thief = Phone(where=where, address=where.thief, account="1007", password="guess", agent="eyeBeam")
    owner = Phone(where=where, address=where.phone("1007"), account="1007", password="right-1007")
    settings = {"addresses": [where.pbx], "senders": [where.pbx], "capture_ids": [CAPTURE_ID]}
    async with receiving(log, settings) as receivers:
        with kamailio(where.pbx, receivers.ports[0].port):
            assert await asyncio.to_thread(thief.register, GUESSES) == {"401": GUESSES}
            assert await asyncio.to_thread(owner.register) == {"accepted": 1}
        await until(log.accepted)
        await until(lambda: len(refusals(log)) == GUESSES)
        assert {(each.source_ip, each.account, each.user_agent, each.transport) for each in refusals(log)} == {
            (where.thief, "1007", "eyeBeam", "udp")
        }
        assert [one.unread for one in receivers.statuses()] == [0]


def refusals(log: SipLog) -> list[Registration]:
    return [each for each in log.events if isinstance(each, Registration) and each.outcome == "rejected"]
