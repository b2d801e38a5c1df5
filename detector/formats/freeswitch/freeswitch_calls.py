"""FreeSWITCH's channels as contract calls: each call routed by the dialplan is one, its other leg is none."""

import re
from collections import OrderedDict
from datetime import datetime

from msgspec import Struct, structs

from detector.contract.codec import Rejected
from detector.contract.events import Call
from detector.formats.asterisk.asterisk_messages import endpoint
from detector.formats.format import clean
from detector.formats.freeswitch.freeswitch_line import UUID, FreeswitchLine
from detector.formats.parties import Parties

NEW = re.compile(rf"New Channel (?P<name>.{{1,512}}) \[(?P<uuid>{UUID})\]", re.DOTALL)
INVITE = re.compile(r"(?P<name>.{1,512}) receiving invite from (?P<place>[^ ]{2,64}) version: ", re.DOTALL)
ROUTED = re.compile(
    r"Processing (?P<shown>.{0,512}) <(?P<number>[^<>]{0,256})>->(?P<to>[^<>]{0,256})"
    r" in context (?P<context>[^ ]{1,128})",
    re.DOTALL,
)
BRIDGE = re.compile(r"EXECUTE (?:\[depth=\d{1,4}\] )?(?P<name>.{1,512}) bridge\((?P<to>.{1,4096})\)", re.DOTALL)
GATEWAY = re.compile(r"sofia/gateway/(?:[^/,|]{1,64}::)?(?P<gateway>[^/,|\]]{1,128})/", re.DOTALL)
ANSWERED = re.compile(r"Channel \[(?P<name>.{1,512})\] has been answered", re.DOTALL)
HANGUP = re.compile(r"Hangup (?P<name>.{1,512}) \[CS_[A-Z_]{1,32}\] \[(?P<cause>[A-Z0-9_]{1,64})\]", re.DOTALL)
USER = re.compile(r"sofia/[^/]{1,64}/(?:sips?:)?(?P<user>[^@]{1,256})@.{1,255}", re.DOTALL)
AMBIGUOUS = ">->"
MAX_OPEN = 4_096

DISPOSITIONS = {"NO_ANSWER": "no_answer", "ORIGINATOR_CANCEL": "no_answer", "NO_USER_RESPONSE": "no_answer",
                "USER_BUSY": "busy"}  # fmt: skip
REASONS = {
    "UNALLOCATED_NUMBER": "unallocated", "NO_ROUTE_DESTINATION": "unallocated", "INVALID_NUMBER_FORMAT": "unallocated",
    "CALL_REJECTED": "rejected", "USER_BUSY": "busy", "ORIGINATOR_CANCEL": "cancelled",
    "NORMAL_CIRCUIT_CONGESTION": "congestion", "SWITCH_CONGESTION": "congestion", "NO_ANSWER": "timeout",
    "OUTGOING_CALL_BARRED": "no_permission",
}  # fmt: skip


class _FreeswitchChannel(Struct):
    """A channel that is up; `started` once the dialplan has routed it."""

    name: str
    source_ip: str | None = None
    started: Call | None = None
    answered: datetime | None = None


class FreeswitchCalls:
    """Follows channels by their uuid from the lines that tell of them."""

    def __init__(self, pbx: str, source: str, parties: Parties) -> None:
        self.pbx = pbx
        self.source = source
        self.parties = parties
        self._up: OrderedDict[str, _FreeswitchChannel] = OrderedDict()
        self._named: dict[str, str] = {}

    def read(self, line: FreeswitchLine, at: datetime) -> Call | Rejected | None:
        """The call a line brings forward; None if it says nothing of use."""
        text = line.text
        if match := NEW.fullmatch(text):
            self._add(match["uuid"], match["name"])
        elif match := INVITE.match(text):
            self._locate(line.uuid, match)
        elif text.startswith("Processing "):
            return self._route(line, at)
        elif match := BRIDGE.fullmatch(text):
            return self._bridge(self._find(line.uuid, match["name"]), match["to"])
        elif match := ANSWERED.fullmatch(text):
            return self._answer(line.uuid, match["name"], at)
        elif match := HANGUP.fullmatch(text):
            return self._hang_up(line.uuid, match["name"], match["cause"], at)
        return None

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

    def _route(self, line: FreeswitchLine, at: datetime) -> Call | Rejected | None:
        """The start of a call. Without a uuid before the line nothing ties it to its channel."""
        match = ROUTED.fullmatch(line.text)
        if match is None or line.text.count(AMBIGUOUS) > 1:
            return Rejected(reason="a routed call whose numbers cannot be told apart")
        channel = self._up.get(line.uuid)
        if channel is None:
            return None if line.uuid == "" else Rejected(reason="a routed call whose channel was not seen to begin")
        if channel.started is not None:
            return None  # transferred within the dialplan: the same call
        user = USER.fullmatch(channel.name)
        outside = match["context"] in self.parties.trunk_contexts
        outward = not outside and not self.parties.internal(match["to"]) and match["to"].lstrip("+").isdecimal()
        direction = "inbound" if outside else "outbound" if outward else "internal"
        channel.started = Call(
            pbx=self.pbx, id=f"call:{line.uuid}:started", at=at, source=self.source, trust="text", phase="started",
            call_id=line.uuid, direction=direction,
            extension=clean(match["to"]) if outside else clean(user["user"] if user else match["number"]),
            from_=clean(match["number"]), to=clean(match["to"]), channel=clean(line.uuid), source_ip=channel.source_ip,
        )  # fmt: skip
        return channel.started

    def _bridge(self, uuid: str, to: str) -> Call | None:
        """The trunk a call is sent to, which is known only now: the same event again, with more in it."""
        channel = self._up.get(uuid)
        gateway = GATEWAY.search(to)
        if channel is None or channel.started is None or channel.started.trunk or gateway is None:
            return None
        direction = "transit" if channel.started.direction == "inbound" else "outbound"
        channel.started = structs.replace(
            channel.started, trunk=clean(gateway["gateway"]), revision=1, direction=direction,
        )  # fmt: skip
        return channel.started

    def _answer(self, uuid: str, name: str, at: datetime) -> Call | None:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None or channel.started is None or channel.answered is not None:
            return None
        channel.answered = at
        return structs.replace(channel.started, id=f"call:{uuid}:answered", at=at, phase="answered", revision=0)

    def _hang_up(self, uuid: str, name: str, cause: str, at: datetime) -> Call | None:
        uuid = self._find(uuid, name)
        channel = self._up.get(uuid)
        if channel is None:
            return None
        self._forget(uuid)
        if channel.started is None:
            return None
        began, answered = channel.started.at, channel.answered
        failed = DISPOSITIONS.get(cause, "no_answer" if cause == "NORMAL_CLEARING" else "failed")
        return structs.replace(
            channel.started, id=f"call:{uuid}:ended", at=at, phase="ended", revision=0, started_at=began,
            answered_at=answered, duration=max(0.0, (at - began).total_seconds()),
            talk=max(0.0, (at - answered).total_seconds()) if answered else 0.0,
            disposition="answered" if answered else failed,
            reason=None if cause == "NORMAL_CLEARING" else REASONS.get(cause, cause.lower()),
        )  # fmt: skip
