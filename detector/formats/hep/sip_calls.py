"""Calls as their SIP goes in to the PBX and out of it: who began one, by which line it went outside, how it ended."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec import Struct, structs

from detector.contract.events import Call
from detector.formats.bounded import keep
from detector.formats.format import clean
from detector.formats.freeswitch.freeswitch_ends import ended, phase_of
from detector.formats.freeswitch.freeswitch_names import same_number
from detector.formats.hep.hep_packet import HepPacket
from detector.formats.hep.sip_credentials import QUESTIONS, SipCredentials
from detector.formats.hep.sip_exchanges import SipExchange
from detector.formats.hep.sip_message import SipMessage
from detector.formats.own_network import Network
from detector.formats.parties import Parties

MAX_OPEN = 4_096
MAX_SETTING_UP = 1_024
"""A call that goes out is looked for among those that came in and have no final answer yet."""
SOON = timedelta(seconds=30)
OVER = "NORMAL_CLEARING"
CAUSES = {
    403: "CALL_REJECTED", 404: "UNALLOCATED_NUMBER", 408: "NO_ANSWER", 480: "NO_ANSWER", 484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY", 487: "ORIGINATOR_CANCEL", 500: "NORMAL_CIRCUIT_CONGESTION", 503: "NORMAL_CIRCUIT_CONGESTION",
    600: "USER_BUSY", 603: "CALL_REJECTED", 604: "UNALLOCATED_NUMBER",
}  # fmt: skip

LegKey = tuple[str, str, str]


class _SipLeg(Struct, gc=False):
    """One dialogue of the PBX. `account` is whose credentials came with it, or who is registered where it came from.

    `served`: the PBX has said that it is at work on it, which many do only for credentials that are right. `told` is
    how it began, once that was told; `out` that a leg to the outside tells of it.
    """

    name: str
    inward: bool
    asked: SipExchange
    account: str = ""
    trunk: str = ""
    served: bool = False
    answered: datetime | None = None
    told: Call | None = None
    out: bool = False


class SipCalls:
    """Follows dialogues from INVITE to BYE, at most 4,096 that the PBX serves: whoever only asks pushes out no call."""

    def __init__(self, pbx: str, source: str, network: Network, parties: Parties, credentials: SipCredentials) -> None:
        self.pbx = pbx
        self.source = source
        self._network = network
        self._parties = parties
        self._credentials = credentials
        self._legs: OrderedDict[LegKey, _SipLeg] = OrderedDict()
        self._setting_up: OrderedDict[LegKey, _SipLeg] = OrderedDict()

    def invite(self, asked: SipExchange, *, inward: bool) -> Sequence[Call]:
        """A call that somebody asks for, at the PBX or by it."""
        key = _key(asked.message.call_id, asked.sender, asked.receiver)
        leg = self._find(key)
        if asked.message.within or (leg is not None and leg.answered is not None):
            return ()
        if leg is None:
            leg = _SipLeg(_name(key), inward, asked)
        leg.asked, leg.served = asked, False
        if leg.told is not None or leg.out:
            return ()
        if not inward:
            keep(self._legs, key, leg, MAX_OPEN)
            return self._goes_out(leg)
        leg.trunk = self._network.trunk(asked.sender)
        leg.account = asked.message.user or self._credentials.phones.get((asked.sender, asked.port), "")
        keep(self._setting_up, key, leg, MAX_SETTING_UP)
        return ()

    def answer(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Sequence[Call]:
        """What becomes of it."""
        key = _key(asked.message.call_id, asked.sender, asked.receiver)
        leg = self._find(key)
        if leg is None or leg.asked is not asked:
            return ()
        if answer.status in QUESTIONS:
            if leg.inward and leg.told is None:
                self._forget(key)
            return ()
        leg.served = True
        keep(self._legs, key, leg, MAX_OPEN)
        if answer.status >= 200:
            self._setting_up.pop(key, None)
        if answer.status == 100:
            return ()
        if answer.status < 300:
            return self._goes_on(leg, at, answered=answer.status >= 200)
        self._forget(key)
        if leg.out:
            return ()
        began = leg.told or self._refused(leg, answer.status)
        return () if began is None else (self._over(began, leg, at, CAUSES.get(answer.status, f"SIP_{answer.status}")),)

    def bye(self, packet: HepPacket, message: SipMessage, at: datetime) -> Sequence[Call]:
        """Somebody hangs up."""
        key = _key(message.call_id, packet.sender, packet.receiver)
        leg = self._find(key)
        if leg is None or not message.within:
            return ()
        self._forget(key)
        return () if leg.told is None else (self._over(leg.told, leg, at, OVER),)

    def _find(self, key: LegKey) -> _SipLeg | None:
        return self._legs.get(key) or self._setting_up.get(key)

    def _forget(self, key: LegKey) -> None:
        self._legs.pop(key, None)
        self._setting_up.pop(key, None)

    def _goes_out(self, leg: _SipLeg) -> Sequence[Call]:
        """The PBX calls somebody: one of its telephones, or a line to the outside, for who has just asked it to."""
        asked = leg.asked
        came = self._came_from(asked)
        trunk = self._network.trunk(asked.receiver)
        if not trunk and (self._credentials.is_phone(asked.receiver) or self._parties.internal(asked.message.uri)):
            return self._rings(came, asked)
        if came is not None:
            came.out = True
        leg.told = self._outside(leg, trunk or asked.receiver, came)
        return (leg.told,)

    def _outside(self, leg: _SipLeg, trunk: str, came: _SipLeg | None) -> Call:
        first = came.asked if came is not None else leg.asked
        caller = came.account if came is not None else ""
        through = came is not None and not caller
        return Call(
            pbx=self.pbx, id=f"call:{leg.name}:started", at=leg.asked.at, source=self.source, phase="started",
            call_id=came.name if came is not None else leg.name, leg=leg.name,
            direction="transit" if through else "outbound", extension=clean(caller),
            from_=clean(first.message.from_), to=clean(first.message.uri), trunk=clean(trunk), route=clean(trunk),
            trunk_in=clean(came.trunk) if through and came is not None else None,
            source_ip=came.asked.sender if came is not None else None,
            user_agent=clean(came.asked.message.user_agent) if came is not None else None,
        )  # fmt: skip

    def _came_from(self, asked: SipExchange) -> _SipLeg | None:
        """The call that came in for this one; None if there is none, or if it may be one of several callers'."""
        found = [
            leg for leg in self._setting_up.values()
            if not leg.out and abs(asked.at - leg.asked.at) <= SOON
            and same_number(leg.asked.message.uri, asked.message.uri)
        ]  # fmt: skip
        found = [leg for leg in found if leg.served] or found
        whose = {(leg.account, leg.asked.sender) for leg in found}
        return found[0] if len(whose) == 1 else None

    def _rings(self, came: _SipLeg | None, asked: SipExchange) -> Sequence[Call]:
        if came is None or came.told is not None:
            return ()
        came.told = self._begun(came, "internal" if came.account else "inbound", asked.message.uri)
        return (came.told,)

    def _goes_on(self, leg: _SipLeg, at: datetime, *, answered: bool) -> Sequence[Call]:
        """It rings, or is answered; of a call that goes no further by SIP only that is known."""
        told: list[Call] = []
        if leg.inward and leg.told is None and not leg.out:
            outward = bool(leg.account) and not self._parties.internal(leg.asked.message.uri)
            leg.told = self._begun(leg, "outbound" if outward else "internal" if leg.account else "inbound", "")
            told.append(leg.told)
        if answered and leg.answered is None:
            leg.answered = at
            if leg.told is not None:
                told.append(
                    structs.replace(leg.told, id=phase_of(leg.told, "answered"), at=at, phase="answered", revision=0)
                )
        return told

    def _begun(self, leg: _SipLeg, direction: str, callee: str) -> Call:
        message = leg.asked.message
        return Call(
            pbx=self.pbx, id=f"call:{leg.name}:started", at=leg.asked.at, source=self.source, phase="started",
            call_id=leg.name, leg=leg.name, direction=direction,
            extension=clean(callee if direction == "inbound" else leg.account), from_=clean(message.from_),
            to=clean(message.uri), trunk_in=clean(leg.trunk) if direction == "inbound" else None,
            source_ip=leg.asked.sender, user_agent=clean(message.user_agent),
        )  # fmt: skip

    def _refused(self, leg: _SipLeg, status: int) -> Call | None:
        """One that was turned away before anybody was called. A 403 may be for the credentials: it names nobody."""
        if not leg.inward:
            return None
        message, sure = leg.asked.message, status != 403
        direction = "inbound" if leg.trunk else "outbound" if leg.account and sure else None
        return Call(
            pbx=self.pbx, id=f"call:{leg.name}:started", at=leg.asked.at, source=self.source, phase="started",
            call_id=leg.name, leg=leg.name, direction=direction, from_=clean(message.from_), to=clean(message.uri),
            extension=clean(leg.account) if direction == "outbound" else None, trunk_in=clean(leg.trunk),
            source_ip=leg.asked.sender, user_agent=clean(message.user_agent),
        )  # fmt: skip

    def _over(self, began: Call, leg: _SipLeg, at: datetime, cause: str) -> Call:
        return ended(began, at, leg.answered, cause)


def _key(call_id: str, one: str, other: str) -> LegKey:
    """Both ends know a dialogue by the same name."""
    return (call_id, one, other) if one < other else (call_id, other, one)


def _name(key: LegKey) -> str:
    return blake2b("\0".join(key).encode("utf-8", "replace"), digest_size=16).hexdigest()
