"""FreeSWITCH's channels as contract calls: a leg for each call the dialplan routes, one more where it goes outside."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, structs

from detector.contract.codec import Rejected
from detector.contract.events import Call
from detector.formats.format import clean, endpoint
from detector.formats.freeswitch.freeswitch_line import UUID, FreeswitchLine
from detector.formats.parties import Parties, route_by

NEW = re.compile(rf"New Channel (?P<name>.{{1,512}}) \[(?P<uuid>{UUID})\]", re.DOTALL)
INVITE = re.compile(r"(?P<name>.{1,512}) receiving invite from (?P<place>[^ ]{2,64}) version: ", re.DOTALL)
ROUTED = re.compile(
    r"Processing (?P<shown>.{0,512}) <(?P<number>[^<>]{0,256})>->(?P<to>[^<>]{0,256})"
    r" in context (?P<context>[^ ]{1,128})",
    re.DOTALL,
)
BRIDGE = re.compile(r"EXECUTE (?:\[depth=\d{1,4}\] )?(?P<name>.{1,512}) bridge\((?P<to>.{1,4096})\)", re.DOTALL)
GATEWAY = re.compile(
    r"sofia/gateway/(?:[^/,|]{1,64}::)?(?P<gateway>[^/,|\]]{1,128})/(?P<to>\+?[\d*#]{1,64})?", re.ASCII | re.DOTALL
)
PROFILE = re.compile(
    r"sofia/(?P<profile>[A-Za-z][\w.-]{0,63})/(?:sips?:)?(?P<to>\+?[\d*#]{3,64})@[\w.:\[\]-]{1,255}", re.ASCII
)
"""A carrier that is called without a gateway, by a profile of its own."""
INTERNAL = "internal"
ANSWERED = re.compile(r"Channel \[(?P<name>.{1,512})\] has been answered", re.DOTALL)
HANGUP = re.compile(r"Hangup (?P<name>.{1,512}) \[CS_[A-Z_]{1,32}\] \[(?P<cause>[A-Z0-9_]{1,64})\]", re.DOTALL)
USER = re.compile(r"sofia/[^/]{1,64}/(?:sips?:)?(?P<user>[^@]{1,256})@.{1,255}", re.DOTALL)
AMBIGUOUS = ">->"
MAX_OPEN = 4_096
MAX_NAME = 256

DISPOSITIONS = {"NO_ANSWER": "no_answer", "ORIGINATOR_CANCEL": "no_answer", "NO_USER_RESPONSE": "no_answer",
                "USER_BUSY": "busy"}  # fmt: skip
REASONS = {
    "UNALLOCATED_NUMBER": "unallocated", "NO_ROUTE_DESTINATION": "unallocated", "INVALID_NUMBER_FORMAT": "unallocated",
    "CALL_REJECTED": "rejected", "USER_BUSY": "busy", "ORIGINATOR_CANCEL": "cancelled",
    "NORMAL_CIRCUIT_CONGESTION": "congestion", "SWITCH_CONGESTION": "congestion", "NO_ANSWER": "timeout",
    "OUTGOING_CALL_BARRED": "no_permission",
}  # fmt: skip


class _FreeswitchChannel(Struct):
    """A channel that is up: the legs it has since the dialplan has routed it, and where and in which context last."""

    name: str
    source_ip: str | None = None
    legs: list[Call] = []
    sent_to: str = ""
    context: str = ""
    bridges: int = 0
    answered: datetime | None = None


class FreeswitchCalls:
    """Follows channels by their uuid from the lines that tell of them."""

    def __init__(self, pbx: str, source: str, parties: Parties) -> None:
        self.pbx = pbx
        self.source = source
        self.parties = parties
        self._up: OrderedDict[str, _FreeswitchChannel] = OrderedDict()
        self._named: dict[str, str] = {}

    def read(self, line: FreeswitchLine, at: datetime) -> Sequence[Call | Rejected] | None:
        """The legs a line brings forward, nothing if it says nothing of use; None if it is not understood."""
        text = line.text
        if match := NEW.fullmatch(text):
            self._add(match["uuid"], match["name"])
        elif match := INVITE.match(text):
            self._locate(line.uuid, match)
        elif text.startswith("Processing "):
            return self._route(line, at)
        elif match := BRIDGE.fullmatch(text):
            return self._bridge(self._find(line.uuid, match["name"]), match["to"], at)
        elif match := ANSWERED.fullmatch(text):
            return self._answer(line.uuid, match["name"], at)
        elif match := HANGUP.fullmatch(text):
            return self._hang_up(line.uuid, match["name"], match["cause"], at)
        else:
            return None
        return []

    def _add(self, uuid: str, name: str) -> None:
        if uuid in self._up:
            return
        self._up[uuid] = _FreeswitchChannel(name=name)
        self._named[name] = uuid
        if len(self._up) > MAX_OPEN:
            self._forget(next(iter(self._up)))

    def _forget(self, uuid: str) -> None:
        channel = self._up.pop(uuid)
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

    def _route(self, line: FreeswitchLine, at: datetime) -> Sequence[Call | Rejected] | None:
        """The start of a call."""
        match = ROUTED.fullmatch(line.text)
        if match is None or line.text.count(AMBIGUOUS) > 1:
            return [Rejected(reason="a routed call whose numbers cannot be told apart")]
        uuid = line.uuid or self._begun_by(match["number"])
        channel = self._up.get(uuid)
        if channel is None:
            return None if line.uuid == "" else [
                Rejected(reason="a routed call whose channel was not seen to begin")
            ]  # fmt: skip
        channel.sent_to, channel.context = match["to"], match["context"]
        if channel.legs:
            return []  # sent on within the dialplan: the same call
        user = USER.fullmatch(channel.name)
        outside = match["context"] in self.parties.trunk_contexts
        outward = not outside and not self.parties.internal(match["to"]) and match["to"].lstrip("+").isdecimal()
        direction = "inbound" if outside else "outbound" if outward else "internal"
        channel.legs = [Call(
            pbx=self.pbx, id=f"call:{uuid}:started", at=at, source=self.source, trust="text", phase="started",
            call_id=uuid, direction=direction,
            extension=clean(match["to"]) if outside else clean(user["user"] if user else match["number"]),
            from_=clean(match["number"]), to=clean(match["to"]), channel=clean(uuid), source_ip=channel.source_ip,
        )]  # fmt: skip
        return channel.legs[:1]

    def _begun_by(self, number: str) -> str:
        """The last channel of this caller that was not routed yet: for logs without a uuid before the line."""
        for uuid, channel in reversed(self._up.items()):
            user = USER.fullmatch(channel.name)
            if not channel.legs and user is not None and user["user"] == number:
                return uuid
        return ""

    def _bridge(self, uuid: str, to: str, at: datetime) -> Sequence[Call]:
        """The trunk a call is sent to, which is known only now.

        Of a call of one of ours it is the same event again, with more in it. A call that came in has a second leg from
        here on, to the number that is really dialled, in the name of whoever it was for; one it had before is over.
        """
        channel = self._up.get(uuid)
        line = line_of(to, self.parties)
        if channel is None or not channel.legs or line is None:
            return []
        first, (trunk, number) = channel.legs[0], line
        route = clean(route_by(trunk, channel.context))
        if first.direction != "inbound":
            if first.trunk:
                return []
            channel.legs[0] = structs.replace(first, trunk=trunk, route=route, revision=1, direction="outbound")
            return channel.legs[:1]
        channel.bridges += 1
        owner = channel.sent_to if self.parties.internal(channel.sent_to) else None
        leg = f"bridge:{channel.bridges}"
        out = structs.replace(
            first, id=f"call:{uuid}:{leg}:started", at=at, leg=leg, direction="transit", trunk=trunk, extension=None,
            route=route, to=number or first.to, via="forward", on_behalf_of=owner, source_ip=None,
        )  # fmt: skip
        over = [ended(each, at, channel.answered, "NORMAL_CLEARING") for each in channel.legs[1:]]
        channel.legs = [first, out]
        return [*over, out]

    def _answer(self, uuid: str, name: str, at: datetime) -> Sequence[Call]:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None or not channel.legs or channel.answered is not None:
            return []
        channel.answered = at
        return [structs.replace(leg, id=_phase(leg, "answered"), at=at, phase="answered", revision=0)
                for leg in channel.legs]  # fmt: skip

    def _hang_up(self, uuid: str, name: str, cause: str, at: datetime) -> Sequence[Call]:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None:
            return []
        self._forget(uuid)
        return [ended(leg, at, channel.answered, cause) for leg in channel.legs]


def line_of(to: str, parties: Parties) -> tuple[str, str | None] | None:
    """The trunk of a dial string, and the number it is sent; None if it rings one of ours."""
    gateway = GATEWAY.search(to)
    if gateway is not None:
        return gateway["gateway"].strip()[:MAX_NAME], gateway["to"]
    outside = PROFILE.search(to)
    if outside is None or outside["profile"].startswith(INTERNAL) or parties.internal(outside["to"]):
        return None
    return outside["profile"], outside["to"]


def ended(leg: Call, at: datetime, answered: datetime | None, cause: str) -> Call:
    """The end of a leg that began with `leg`."""
    talked = None if answered is None else max(answered, leg.at)
    failed = DISPOSITIONS.get(cause, "no_answer" if cause == "NORMAL_CLEARING" else "failed")
    return structs.replace(
        leg, id=_phase(leg, "ended"), at=at, phase="ended", revision=0, started_at=leg.at, answered_at=talked,
        duration=max(0.0, (at - leg.at).total_seconds()),
        talk=max(0.0, (at - talked).total_seconds()) if talked else 0.0,
        disposition="answered" if answered else failed,
        reason=None if cause == "NORMAL_CLEARING" else REASONS.get(cause, cause.lower()),
    )  # fmt: skip


def _phase(leg: Call, phase: str) -> str:
    return f"{leg.id.rpartition(':')[0]}:{phase}"
