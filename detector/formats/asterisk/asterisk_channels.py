"""Asterisk's channels from AMI as contract calls: one leg for each phone or trunk that is rung."""

import re
from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct, structs

from detector.contract.events import Call, Registration
from detector.formats.asterisk.asterisk_calls import DIAL_STRING, BadRecordError, CallRecord, CallRecords, dialled
from detector.formats.asterisk.asterisk_frames import Fields
from detector.formats.asterisk.asterisk_owners import Peer, way_out
from detector.formats.format import clean
from detector.formats.parties import route_by

MAX_CHANNELS = 16_384
MAX_LEGS = 4_096
ASKED_WITHIN = timedelta(seconds=10)
LEG_ID = re.compile(r"call:.{1,128}:([^:]{1,128}):(?:started|answered)", re.DOTALL)
"""Ends with the id of the channel that is rung."""

DIAL_STATUS = {"BUSY": ("busy", "busy"), "NOANSWER": ("no_answer", "timeout"), "CANCEL": ("no_answer", "cancelled"),
               "CONGESTION": ("failed", "congestion"), "CHANUNAVAIL": ("failed", "congestion")}  # fmt: skip
NEEDED = {
    "Newchannel": ("Uniqueid",), "DialEnd": ("DestUniqueid", "DialStatus"), "Hangup": ("Uniqueid",),
    "BlindTransfer": ("TransfererChannel", "TransfereeUniqueid", "Result"),
}  # fmt: skip
"""Without these an event of a call tells nothing, and should have."""
TURNED_AWAY = {"RingfenceDenied": "rejected", "RingfenceNowhere": "unallocated"}
"""What our guard in the dialplan says of calls that go nowhere: no other event of them names an outcome."""
CAUSES = {"1": "unallocated", "17": "busy", "21": "rejected", "34": "congestion"}


class _AsteriskChannel(Struct, frozen=True):
    """`transferred_by` is the extension that sent it on, to `exten`."""

    linkedid: str
    exten: str
    context: str
    number: str
    transferred_by: str = ""


class _Sources:
    """From where accounts asked for a call in the last seconds: call events themselves carry no address.

    Anybody can ask in another's name, so an account that asked from two places is at none.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[str, tuple[datetime, str]] = OrderedDict()

    def learn(self, event: Registration) -> None:
        """A request of an account that was challenged or accepted."""
        if not event.account or not event.source_ip or event.outcome not in {"challenged", "accepted"}:
            return
        before = self._asked.pop(event.account, None)
        elsewhere = before is not None and before[1] != event.source_ip and abs(event.at - before[0]) <= ASKED_WITHIN
        self._asked[event.account] = (event.at, "" if elsewhere else event.source_ip)
        if len(self._asked) > MAX_LEGS:
            self._asked.popitem(last=False)

    def of(self, account: str | None, at: datetime) -> str | None:
        """The address, if it is plain."""
        asked = self._asked.get(account or "")
        return asked[1] or None if asked is not None and abs(at - asked[0]) <= ASKED_WITHIN else None


class Channels:
    """Follows channels and legs; `records` reads the call records among the events."""

    def __init__(self, records: CallRecords) -> None:
        self.records = records
        self.sources = _Sources()
        self._channels: OrderedDict[str, _AsteriskChannel] = OrderedDict()
        self._legs: OrderedDict[str, Call] = OrderedDict()

    def take_up(self, legs: Iterable[Call]) -> None:
        """Legs that were up before we began to listen, by the ids that we give them."""
        for leg in legs:
            if (found := LEG_ID.fullmatch(leg.id)) is not None and len(self._legs) < MAX_LEGS:
                self._legs[found[1]] = leg

    def forget(self, ended: Collection[tuple[str, str | None]]) -> None:
        """The legs of these calls and names are over, and that is told already."""
        for key in [key for key, leg in self._legs.items() if (leg.call_id, leg.leg) in ended]:
            del self._legs[key]

    @property
    def up(self) -> tuple[str, ...]:
        """The legs that have begun and not ended."""
        return tuple(self._legs)

    def read(self, fields: Fields, at: datetime) -> Call | None:
        """The call an event brings forward; None if it says nothing of use. Raises BadRecordError."""
        name = fields["Event"]
        if name == "Newchannel":
            self._begin(fields)
        elif name == "DialBegin":
            return self._dial(fields, at)
        elif name == "DialEnd":
            return self._dialled(fields, at)
        elif name == "Hangup":
            return self._hang_up(fields, at)
        elif name == "Cdr":
            return self.records.read(self._record(fields))
        elif name == "BlindTransfer":
            self._transfer(fields)
        elif name == "UserEvent" and fields.get("UserEvent") in TURNED_AWAY:
            return self._turned_away(fields, at)
        return None

    def _begin(self, fields: Fields) -> None:
        uniqueid = fields.get("Uniqueid", "")[:128]
        self._remember(uniqueid, _AsteriskChannel(
            linkedid=fields.get("Linkedid", "")[:128] or uniqueid, exten=fields.get("Exten", "")[:256],
            context=fields.get("Context", "")[:128], number=fields.get("CallerIDNum", "")[:256],
        ))  # fmt: skip

    def _transfer(self, fields: Fields) -> None:
        """An extension sends the other end of its call somewhere else: what that dials now is on its behalf."""
        uniqueid = fields.get("TransfereeUniqueid", "")[:128]
        by = self.records.owners.caller(fields.get("TransfererChannel", ""), fields.get("TransfererContext", ""))
        if fields.get("Result") != "Success" or not uniqueid or by is None or by.extension is None:
            return
        known = self._channels.get(uniqueid) or _AsteriskChannel(
            linkedid=fields.get("TransfereeLinkedid", "")[:128] or uniqueid, exten="",
            context=fields.get("TransfereeContext", "")[:128], number=fields.get("TransfereeCallerIDNum", "")[:256],
        )  # fmt: skip
        sent_to = fields.get("Extension", "")[:256]
        self._remember(uniqueid, structs.replace(known, exten=sent_to, transferred_by=by.extension))

    def _remember(self, uniqueid: str, channel: _AsteriskChannel) -> None:
        self._channels[uniqueid] = channel
        if len(self._channels) > MAX_CHANNELS:
            self._channels.popitem(last=False)

    def _dial(self, fields: Fields, at: datetime) -> Call | None:
        """A leg begins. Raises BadRecordError."""
        records, key = self.records, fields.get("DestUniqueid", "")[:128]
        caller_id = fields.get("Uniqueid", "")[:128]
        begun = self._channels.get(caller_id)
        records.owners.learn(dial_argument(fields))
        called = records.owners.called(fields.get("DestChannel", ""))
        if not key or called is None:
            raise BadRecordError("a call to no channel", "DestChannel")
        linkedid = (fields.get("Linkedid") or fields.get("DestLinkedid") or caller_id or key)[:128]
        if key in self._legs:
            return None
        number = begun.number if begun else fields.get("CallerIDNum", "")
        caller = records.owners.caller(
            fields.get("Channel", ""), begun.context if begun else fields.get("Context", ""), number
        )
        if called.side == "local":
            records.sent_on_by(linkedid, fields.get("Exten", ""))
            records.go_within(fields.get("DestChannel", ""), "", caller, fields.get("Exten", ""))
            return None
        leg = self._leg(fields, at, key, linkedid, begun, caller, called)
        self._legs[key] = leg
        if len(self._legs) > MAX_LEGS:
            self._legs.popitem(last=False)
        return leg

    def _leg(
        self, fields: Fields, at: datetime, key: str, linkedid: str, begun: _AsteriskChannel | None,
        caller: Peer | None, called: Peer,
    ) -> Call:  # fmt: skip
        records = self.records
        inside, outside = caller is None or not caller.outside, called.outside
        transferred = begun.transferred_by if begun is not None and outside else ""
        by_call = records.forwarder(linkedid, caller, called)
        forwarder = records.sender(fields.get("Channel", ""), caller, called) or by_call
        own = caller.extension if caller is not None else None
        way = way_out(called, dial_argument(fields))
        contexts = (fields.get("Context", ""), begun.context if begun is not None else "")
        return Call(
            pbx=records.pbx, id=f"call:{linkedid}:{key}:started", at=at, source=records.source, phase="started",
            call_id=linkedid, leg=clean(fields.get("DestChannel", "")),
            direction=("outbound" if outside else "internal") if inside else ("transit" if outside else "inbound"),
            extension=clean((own if inside else called.extension) or ""),
            from_=clean(begun.number if begun else fields.get("CallerIDNum", "")),
            to=self._number(fields, begun, called), trunk=clean(called.trunk or ""),
            trunk_in=clean((caller and caller.trunk) or ""),
            route=clean(route_by(way, *contexts)) if way else None,
            via="transfer" if transferred else "forward" if forwarder is not None else "direct",
            on_behalf_of=transferred or forwarder or None,
            channel=clean(fields.get("Channel") or fields.get("DestChannel", "")), source_ip=self.sources.of(own, at),
        )  # fmt: skip

    def _number(self, fields: Fields, begun: _AsteriskChannel | None, called: Peer) -> str | None:
        """As dialled: the extension the caller's channel began with, else what is sent to the trunk."""
        sent = fields.get("DialString", "")
        if begun is not None and begun.exten:
            return dialled(begun.exten, f"/{sent}", over_trunk=called.side == "trunk")
        found = DIAL_STRING.search(f"/{sent}")
        return found[1] if found else clean(fields.get("Exten", ""))

    def _dialled(self, fields: Fields, at: datetime) -> Call | None:
        key = fields.get("DestUniqueid", "")[:128]
        leg = self._legs.get(key)
        if leg is None or leg.phase == "answered":
            return None
        status = fields.get("DialStatus", "")
        if status != "ANSWER":
            return self._end(key, leg, at, *DIAL_STATUS.get(status, ("failed", status.lower()[:64] or None)))
        answered = structs.replace(leg, id=_phase(leg, "answered"), at=at, phase="answered", started_at=leg.at)
        self._legs[key] = answered
        return answered

    def _hang_up(self, fields: Fields, at: datetime) -> Call | None:
        key = fields.get("Uniqueid", "")[:128]
        leg = self._legs.get(key)
        if leg is None:
            return None
        reason = CAUSES.get(fields.get("Cause", ""))
        return self._end(key, leg, at, "busy" if reason == "busy" else "failed" if reason else "no_answer", reason)

    def _end(self, key: str, leg: Call, at: datetime, disposition: str, reason: str | None) -> Call:
        del self._legs[key]
        answered = leg.phase == "answered"
        began = leg.started_at or leg.at
        return structs.replace(
            leg, id=_phase(leg, "ended"), at=at, phase="ended", started_at=began,
            answered_at=leg.at if answered else None, duration=max(0.0, (at - began).total_seconds()),
            talk=max(0.0, (at - leg.at).total_seconds()) if answered else 0.0,
            disposition="answered" if answered else disposition, reason=None if answered else reason,
        )  # fmt: skip

    def _turned_away(self, fields: Fields, at: datetime) -> Call:
        """A call that our guard refused, or that no route took; whoever forwarded or transferred it is named."""
        records, key = self.records, fields.get("Uniqueid", "")[:128]
        if not key:
            raise BadRecordError("a call without a channel", "Uniqueid")
        begun = self._channels.get(key)
        number = begun.number if begun else fields.get("CallerIDNum", "")
        caller = records.owners.caller(fields.get("Channel", ""), begun.context if begun else "", number)
        inside = caller is None or not caller.outside
        own = caller.extension if caller is not None else None
        kind, _, name = fields.get("Why", "").partition("/")
        return Call(
            pbx=records.pbx, id=f"call:{fields.get('Linkedid', '')[:128] or key}:{key}:turned_away", at=at,
            source=records.source, phase="ended", call_id=fields.get("Linkedid", "")[:128] or key,
            leg=clean(fields.get("Channel", "")), direction="outbound" if inside else "transit",
            extension=clean(own or ""), from_=clean(number), to=clean(fields.get("Number", "")),
            trunk_in=clean((caller and caller.trunk) or ""), channel=clean(fields.get("Channel", "")),
            on_behalf_of=clean(name) if kind == "extension" and name != own else None,
            started_at=at, duration=0.0, talk=0.0, source_ip=self.sources.of(own, at), disposition="failed",
            reason=TURNED_AWAY[fields["UserEvent"]],
        )  # fmt: skip

    def _record(self, fields: Fields) -> CallRecord:
        uniqueid = fields.get("UniqueID", "")
        begun = self._channels.get(uniqueid[:128])
        return CallRecord(
            src=fields.get("Source", ""), dst=fields.get("Destination", ""),
            context=fields.get("DestinationContext", ""), channel=fields.get("Channel", ""),
            dstchannel=fields.get("DestinationChannel", ""), application=fields.get("LastApplication", ""),
            data=fields.get("LastData", ""), start=fields.get("StartTime", ""), duration=fields.get("Duration", ""),
            billsec=fields.get("BillableSeconds", ""), disposition=fields.get("Disposition", ""),
            uniqueid=uniqueid, linkedid=begun.linkedid if begun else "",
        )  # fmt: skip


def dial_argument(fields: Fields) -> str:
    """What `Dial` was given, which the event tells without the technology."""
    return f"{fields.get('DestChannel', '').partition('/')[0]}/{fields.get('DialString', '')}"


def _phase(leg: Call, phase: str) -> str:
    return f"{leg.id.rpartition(':')[0]}:{phase}"
