"""FreeSWITCH's channels as contract calls: a leg for each call that is routed, one more for each that goes outside."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from detector.contract.codec import Rejected
from detector.contract.events import Call
from detector.contract.vocabulary import OUTWARD
from detector.formats.bounded import keep
from detector.formats.format import clean, endpoint
from detector.formats.freeswitch.freeswitch_ends import ended, phase_of
from detector.formats.freeswitch.freeswitch_line import UUID, FreeswitchLine
from detector.formats.freeswitch.freeswitch_names import (
    LOOPBACK,
    LOOPED,
    TAIL,
    LineCalled,
    caller_of,
    comes_from_outside,
    line_in,
    lines_of,
    profile_of,
    same_number,
)
from detector.formats.parties import Parties, route_by

NEW = re.compile(rf"New Channel (?P<name>.{{1,512}}) \[(?P<uuid>{UUID})\]", re.DOTALL)
RECEIVING = " receiving invite from "
INVITE = re.compile(rf"(?P<name>.{{1,512}}){RECEIVING}(?P<place>[^ ]{{2,64}}) version: ", re.DOTALL)
ROUTED = re.compile(
    r"Processing (?P<shown>.{0,512}) <(?P<number>[^<>]{0,256})>->(?P<to>[^<>]{0,256})"
    r" in context (?P<context>[^ ]{1,128})",
    re.DOTALL,
)
ROUTED_BARE = re.compile(
    r"Processing (?P<number>[\w+*#.-]{1,256})->(?P<to>[^<>]{0,256}) in context (?P<context>[^ ]{1,128})"
)
"""Of callers without a name, in versions before 1.0.7."""
BRIDGE = re.compile(r"EXECUTE (?:\[depth=\d{1,4}\] )?(?P<name>.{1,512}) bridge\((?P<to>.{1,4096})\)", re.DOTALL)
ANSWERED = re.compile(r"Channel \[(?P<name>.{1,512})\] has been answered", re.DOTALL)
HANGUP = re.compile(r"Hangup (?P<name>.{1,512}) \[CS_[A-Z_]{1,32}\] \[(?P<cause>[A-Z0-9_]{1,64})\]", re.DOTALL)
REFERRED = re.compile(r"Process REFER to \[(?:sips?:)?(?P<to>[^\]@]{1,256})(?:@[^\]]*)?\]", re.DOTALL)
AMBIGUOUS = ">->"
MAX_OPEN = 4_096
MAX_SENT = 256
AT_ONCE = timedelta(seconds=2)
"""Whoever is nobody's guest is turned away within this time."""

TURNED_AWAY = frozenset({"unallocated", "rejected"})


class _FreeswitchChannel(Struct):
    """A channel that is up. `legs` are those it has since the dialplan has routed it, the first of them its own.

    `owner` is one of ours to whom the call was sent last, `transferred_by` who sent it on by hand; `routed`: it was
    sent anywhere after it came in, last in `context`. `within` is the call that the PBX has made to itself here.
    """

    name: str
    source_ip: str | None = None
    legs: list[Call] = []
    owner: str = ""
    transferred_by: str = ""
    routed: bool = False
    context: str = ""
    bridges: int = 0
    answered: datetime | None = None
    within: Call | None = None


class FreeswitchCalls:
    """Follows channels by their uuid from the lines that tell of them."""

    def __init__(self, pbx: str, source: str, parties: Parties) -> None:
        self.pbx = pbx
        self.source = source
        self.parties = parties
        self._up: OrderedDict[str, _FreeswitchChannel] = OrderedDict()
        self._named: dict[str, str] = {}
        self._referred: OrderedDict[str, str] = OrderedDict()
        self._looped: OrderedDict[str, tuple[Call, str]] = OrderedDict()
        self._outward: dict[str, int] = {}

    def read(self, line: FreeswitchLine, at: datetime) -> Sequence[Call | Rejected] | None:
        """The legs a line brings forward, nothing if it says nothing of use; None if it is not understood."""
        text = line.text
        if match := NEW.fullmatch(text):
            return self._add(match["uuid"], match["name"], at)
        if RECEIVING in text and (match := INVITE.match(text)):
            self._locate(line.uuid, match)
        elif text.startswith("Processing "):
            return self._route(line, at)
        elif match := BRIDGE.fullmatch(text):
            return self._bridge(self._find(line.uuid, match["name"]), match["to"], at)
        elif match := ANSWERED.fullmatch(text):
            return self._answer(line.uuid, match["name"], at)
        elif match := HANGUP.fullmatch(text):
            return self._hang_up(line.uuid, match["name"], match["cause"], at)
        elif match := REFERRED.match(text):
            self._refer(line.uuid, match["to"])
        else:
            return None
        return []

    def _add(self, uuid: str, name: str, at: datetime) -> Sequence[Call]:
        """A channel; one to the outside that no call we know of has asked for is a call of its own."""
        if uuid in self._up:
            return []
        channel = self._up[uuid] = _FreeswitchChannel(name=name)
        self._named[name] = uuid
        if len(self._up) > MAX_OPEN:
            self._forget(next(iter(self._up)))
        dialled = line_in(name, self.parties)
        if dialled is None or (dialled.to or "")[-TAIL:] in self._outward:
            return []
        self._hold(channel, [Call(
            pbx=self.pbx, id=f"call:{uuid}:started", at=at, source=self.source, trust="text", phase="started",
            call_id=uuid, direction="outbound", to=dialled.to, trunk=dialled.trunk, route=dialled.trunk,
            channel=clean(uuid),
        )])  # fmt: skip
        return channel.legs[:1]

    def _hold(self, channel: _FreeswitchChannel, legs: list[Call]) -> None:
        """These are the legs of a channel from now on; which numbers outside are called is kept beside them."""
        outward = self._outward
        for tail in _tails(legs):
            outward[tail] = outward.get(tail, 0) + 1
        for tail in _tails(channel.legs):
            if outward[tail] > 1:
                outward[tail] -= 1
            else:
                del outward[tail]
        channel.legs = legs

    def _forget(self, uuid: str) -> None:
        channel = self._up.pop(uuid)
        self._hold(channel, [])
        if self._named.get(channel.name) == uuid:
            del self._named[channel.name]

    def _find(self, uuid: str, name: str) -> str:
        """The channel a line is about: that of its uuid if the name fits, else the last one of that name."""
        channel = self._up.get(uuid)
        return uuid if channel is not None and channel.name == name else self._named.get(name, "")

    def _locate(self, uuid: str, match: re.Match[str]) -> None:
        channel = self._up.get(self._find(uuid, match["name"]))
        place = endpoint(match["place"])
        if channel is not None and place is not None:
            channel.source_ip = place[0]

    def _refer(self, uuid: str, to: str) -> None:
        """One of ours sends the other end of its call to a number: what that dials now is on its behalf."""
        channel = self._up.get(uuid)
        who = caller_of(channel.name) if channel is not None else ""
        if who and channel is not None and not comes_from_outside(channel.name, "", self.parties):
            keep(self._referred, to, who, MAX_SENT)

    def _route(self, line: FreeswitchLine, at: datetime) -> Sequence[Call | Rejected] | None:
        """The start of a call, or where it is sent on to."""
        match = ROUTED.fullmatch(line.text) or ROUTED_BARE.fullmatch(line.text)
        if match is None or line.text.count(AMBIGUOUS) > 1:
            return [Rejected(reason="a routed call whose numbers cannot be told apart")]
        uuid = line.uuid or self._begun_by(match["number"])
        channel = self._up.get(uuid)
        if channel is None:
            return None if line.uuid == "" else [
                Rejected(reason="a routed call whose channel was not seen to begin")
            ]  # fmt: skip
        to, channel.context = match["to"], match["context"]
        channel.transferred_by = self._referred.pop(to, channel.transferred_by)
        if channel.legs or LOOPED.fullmatch(channel.name):
            return self._send_on(channel, to)
        channel.owner = to if self.parties.internal(to) else ""
        self._hold(channel, [self._begin(uuid, channel, match, at)])
        return channel.legs[:1]

    def _send_on(self, channel: _FreeswitchChannel, to: str) -> Sequence[Call]:
        """Within the dialplan: the same call; of one that came in it says now for whom it is."""
        looped = LOOPED.fullmatch(channel.name)
        if looped is not None and channel.within is None and to in self._looped:
            channel.within, channel.owner = self._looped[to]
        channel.routed = True
        if not self.parties.internal(to):
            return []
        channel.owner = to
        if channel.legs and channel.legs[0].direction == "inbound" and channel.legs[0].extension != to:
            first = channel.legs[0]
            channel.legs[0] = structs.replace(first, extension=clean(to), revision=first.revision + 1)
            return channel.legs[:1]
        return []

    def _begin(self, uuid: str, channel: _FreeswitchChannel, match: re.Match[str], at: datetime) -> Call:
        to, number, parties = match["to"], match["number"], self.parties
        outside = comes_from_outside(channel.name, match["context"], parties)
        outward = not parties.internal(to) and to.lstrip("+").isdecimal()
        sent = channel.transferred_by
        caller = caller_of(channel.name) or (number if parties.internal(number) else "")
        direction = "outbound" if outward else "internal"
        if outside:
            direction = "transit" if outward and sent else "inbound"
        callee = to if parties.internal(to) else ""
        return Call(
            pbx=self.pbx, id=f"call:{uuid}:started", at=at, source=self.source, trust="text", phase="started",
            call_id=uuid, direction=direction, extension=clean((callee if not sent else "") if outside else caller),
            from_=clean(number), to=clean(to), channel=clean(uuid), source_ip=channel.source_ip,
            via="transfer" if sent else "direct", on_behalf_of=sent or None,
        )  # fmt: skip

    def _begun_by(self, number: str) -> str:
        """The last channel of this caller that was not routed yet: for logs without a uuid before the line."""
        for uuid, channel in reversed(self._up.items()):
            if not channel.legs and caller_of(channel.name) == number:
                return uuid
        return ""

    def _bridge(self, uuid: str, dial: str, at: datetime) -> Sequence[Call]:
        """The lines that a call is sent to, which are known only now.

        Of one that was dialled it is the same event again, with more in it. To any other number a leg more begins, in
        the name of whoever the call was for, or of who transferred it; those that it had are over.
        """
        channel = self._up.get(uuid)
        if channel is None:
            return []
        channel.routed = True
        first = channel.legs[0] if channel.legs else channel.within
        if first is None:
            return []
        for match in LOOPBACK.finditer(dial):
            keep(self._looped, match["to"], (first, channel.transferred_by or channel.owner), MAX_SENT)
        told: list[Call] = []
        for line in lines_of(dial, self.parties):
            told += self._call_by(channel, first, line, at, over=not told)
        return told

    def _call_by(
        self, channel: _FreeswitchChannel, first: Call, line: LineCalled, at: datetime, *, over: bool
    ) -> Sequence[Call]:
        """One line of a bridge; with the first of them the legs of the bridge before are `over`."""
        own = bool(channel.legs) and first.direction != "inbound" and same_number(first.to, line.to)
        if own and (not first.trunk or first.trunk == line.trunk or len(channel.legs) == 1):
            if first.trunk:
                return []
            outward = "transit" if first.direction == "transit" else "outbound"
            route = clean(route_by(line.trunk, channel.context))
            known = structs.replace(
                first, trunk=line.trunk, route=route, revision=first.revision + 1, direction=outward
            )
            self._hold(channel, [known, *channel.legs[1:]])
            return channel.legs[:1]
        channel.bridges += 1
        past = [leg for leg in channel.legs if leg.trunk] if over else []
        ends = [ended(leg, at, channel.answered, "NORMAL_CLEARING") for leg in past]
        leg = self._leg(channel, first, line, at)
        self._hold(channel, [*(each for each in channel.legs if each not in past), leg])
        return [*ends, leg]

    def _leg(self, channel: _FreeswitchChannel, first: Call, line: LineCalled, at: datetime) -> Call:
        sent, caller = channel.transferred_by, first.extension if first.direction != "inbound" else None
        owner = sent or (channel.owner if channel.owner != caller else "")
        name = f"bridge:{channel.bridges}" if channel.within is None else f"{channel.name}:{channel.bridges}"
        return structs.replace(
            first, id=f"call:{first.call_id}:{name}:started", at=at, phase="started", revision=0, leg=clean(name),
            direction="transit" if first.direction in {"inbound", "transit"} else "outbound", trunk=line.trunk,
            extension=caller, to=line.to or first.to, on_behalf_of=owner or None,
            route=clean(route_by(line.trunk, channel.context)),
            via="transfer" if sent else "forward" if owner or caller is None else "direct",
            source_ip=None if caller is None else first.source_ip,
        )  # fmt: skip

    def _answer(self, uuid: str, name: str, at: datetime) -> Sequence[Call]:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None or not channel.legs or channel.answered is not None:
            return []
        channel.answered = at
        return [structs.replace(leg, id=phase_of(leg, "answered"), at=at, phase="answered", revision=0)
                for leg in channel.legs]  # fmt: skip

    def _hang_up(self, uuid: str, name: str, cause: str, at: datetime) -> Sequence[Call]:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None:
            return []
        told = [ended(leg, at, channel.answered, cause) for leg in channel.legs]
        self._forget(uuid)
        if told and told[0].direction == "inbound" and not _is_turned_away(channel, told[0]):
            told[0] = structs.replace(told[0], trunk_in=clean(profile_of(channel.name)))
        return told


def _is_turned_away(channel: _FreeswitchChannel, over: Call) -> bool:
    """Whether a call led nowhere: somebody from outside tries numbers. What was sent on came from a carrier."""
    at_once = over.started_at is not None and over.at - over.started_at <= AT_ONCE
    return at_once and not channel.routed and channel.answered is None and over.reason in TURNED_AWAY


def _tails(legs: list[Call]) -> list[str]:
    """The numbers outside that legs go to."""
    return [leg.to[-TAIL:] for leg in legs if leg.to and leg.direction in OUTWARD]
