"""Asterisk's channels and call records (Master.csv, AMI) as contract calls: who called whom by which trunk."""

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b

from msgspec import Struct

from detector.contract.events import Call
from detector.formats.asterisk.asterisk_owners import Owners, Peer, way_out
from detector.formats.bounded import keep
from detector.formats.format import clean
from detector.formats.parties import NOT_DIALLED, Parties, route_by

UNIQUEID = re.compile(r"(?:[\w.-]{1,64}-)?(\d{9,10})\.\d{1,12}", re.ASCII)
DIAL_STRING = re.compile(r"/(?:[^/,@&]{1,128}/)?(?:sips?:)?(\+?[\d*#]{1,64})(?=[,@&]|\Z)", re.ASCII)
TAIL = 6
SECONDS = re.compile(r"(\d{1,8}(?:[.,]\d{1,9})?)(?: ?s(?: ?\(.{1,40}\))?)?", re.ASCII)
CLOCKED = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)", re.ASCII)
RESHAPED = re.compile(r" *(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}/\d\d?/\d\d?) +\d{1,2}:\d\d.{0,12}", re.ASCII)
"""A time as a spreadsheet has changed it: which part is the day, it does not say."""
EPOCH = re.compile(r"\d{9,10}", re.ASCII)
LONGEST = 31_622_400
WHOLE = 7
"""Of whole seconds with so many digits none is too long."""
NOT_BEFORE = timedelta(seconds=2)
SOON_AFTER = timedelta(minutes=30)
AT_ONCE = timedelta(minutes=1)
"""No clock is moved by so little, and no zone is so near to UTC: what fits so well is the first that fits."""
MAX_REMEMBERED = 4_096

DISPOSITIONS = {"ANSWERED": "answered", "NO ANSWER": "no_answer", "BUSY": "busy", "FAILED": "failed",
                "CONGESTION": "failed"}  # fmt: skip
HALVES = (";1", ";2", ",1", ",2")
DIALLING = frozenset({"Dial", "Queue"})
ORIGINATED = "appdial2"
"""What Asterisk writes of a channel that a program, or a file in the spool, has called."""
APPLICATIONS = {
    "voicemail": "voicemail", "confbridge": "conference", "meetme": "conference", "queue": "queue", "disa": "disa",
    ORIGINATED: "api",
}  # fmt: skip


class BadRecordError(ValueError):
    """A record nobody can use: `reason` says what is wrong with `field`."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.reason = reason
        self.field = field


class CallRecord(Struct, frozen=True, gc=False):
    """One call record as written, whichever way it came; `number` is what FreePBX says of the caller."""

    src: str
    dst: str
    context: str
    channel: str
    dstchannel: str
    application: str
    data: str
    start: str
    duration: str
    billsec: str
    disposition: str
    uniqueid: str
    linkedid: str
    number: str = ""


class CallRecords:
    """Turns records into calls; remembers which extension a call was forwarded from."""

    def __init__(self, pbx: str, source: str, zone: tzinfo, parties: Parties) -> None:
        self.pbx = pbx
        self.source = source
        self.zone = zone
        self._in_utc = str(zone) in {"UTC", "Etc/UTC"}
        self.owners = Owners(parties)
        self._called: OrderedDict[str, str] = OrderedDict()
        self._rung: OrderedDict[str, str] = OrderedDict()
        self._locals: OrderedDict[str, str] = OrderedDict()

    def read(self, record: CallRecord) -> Call:
        """The call of one record. Raises BadRecordError.

        The same record gives the same id from Master.csv and from AMI: it is made of what both hold, and of its begin
        as AMI tells it, in local time.
        """
        started = began(record.start, record.uniqueid or record.linkedid, self.zone)
        duration, talk = _seconds(record.duration, "duration"), _seconds(record.billsec, "billsec")
        try:
            ended = started + timedelta(seconds=duration)
        except OverflowError:
            raise BadRecordError("a time outside the calendar", "start") from None
        if record.application in DIALLING:
            self.owners.learn(record.data)
        caller = self.owners.caller(record.channel, record.context, record.number or record.src)
        called = self.owners.called(record.dstchannel, record.application)
        if record.application.lower() == ORIGINATED and called is None and caller is not None and caller.trunk:
            caller, called = None, caller
        direction = self._direction(record, caller, called)
        by_call = self.forwarder(record.linkedid, caller, called)
        forwarder = self._by_local(record, caller, called) or by_call
        disposition = DISPOSITIONS.get(record.disposition.upper(), record.disposition.lower())
        via = APPLICATIONS.get(record.application.lower(), "direct")
        to = dialled(record.dst, record.data, over_trunk=called is not None and called.side == "trunk")
        way = way_out(called, record.data)
        answered = disposition == "answered" and talk <= duration
        own = _id(record, self._local(record.start, started))
        return Call(
            pbx=self.pbx, id=own, at=ended, source=self.source, phase="ended",
            call_id=clean(record.linkedid) or clean(record.uniqueid) or own,
            leg=clean(record.dstchannel or record.channel),
            direction=direction, extension=self._extension(record, direction, caller, called),
            from_=clean(record.src), to=to, trunk=clean((called and called.trunk) or ""),
            trunk_in=clean((caller and caller.trunk) or ""),
            route=clean(route_by(way, record.context)) if way else None,
            via="forward" if forwarder is not None else via, on_behalf_of=forwarder or None,
            channel=clean(record.channel), started_at=started,
            answered_at=ended - timedelta(seconds=talk) if answered else None,
            duration=duration, talk=talk,
            disposition="voicemail" if answered and via == "voicemail" else clean(disposition),
        )  # fmt: skip

    def _local(self, shown: str, started: datetime) -> str:
        """What is shown, in local time where that is UTC (`usegmtime`)."""
        if self._in_utc or started.isoformat(" ")[: len(shown)] != shown:
            return shown
        return started.astimezone(self.zone).isoformat(" ")[: len(shown)]

    def _direction(self, record: CallRecord, caller: Peer | None, called: Peer | None) -> str:
        inside = caller is None or not caller.outside
        if called is not None and called.side != "local":
            outside = called.outside
        else:  # nobody was rung: an announcement, a mailbox, or a number that no trunk took
            outside = inside and record.dst.lstrip("+").isdecimal() and not self.owners.parties.internal(record.dst)
        if inside:
            return "outbound" if outside else "internal"
        return "transit" if outside else "inbound"

    def forwarder(self, key: str, caller: Peer | None, called: Peer | None) -> str | None:
        """The extension that sent call `key` on to a trunk, `""` if it is not known; None if nobody did."""
        if caller is None or called is None:
            return None
        if caller.side == "local" and called.side == "trunk":
            return self._called.get(key, "") if key else ""
        if called.side == "extension" and key:
            keep(self._called, key, called.name, MAX_REMEMBERED)
        return None

    def sent_on_by(self, key: str, owner: str) -> None:
        """Call `key` goes on by an extension whose telephone was not rung."""
        if owner and key not in self._called and self.owners.parties.internal(owner):
            keep(self._called, key, owner, MAX_REMEMBERED)

    def _by_local(self, record: CallRecord, caller: Peer | None, called: Peer | None) -> str | None:
        """The same by what the halves of a Local channel are called, which is more exact and needs no linkedid."""
        if called is not None and called.side == "local":
            self.go_within(record.dstchannel, self._rung.get(record.uniqueid, ""), caller, record.dst)
        elif called is not None and called.side == "extension" and record.uniqueid:
            keep(self._rung, record.uniqueid, called.name, MAX_REMEMBERED)
        return self.sender(record.channel, caller, called)

    def go_within(self, channel: str, rung: str, caller: Peer | None, dialled: str) -> None:
        """A call goes on by `channel`, a half of a Local one: sent by who was rung, or is called by it already."""
        local = caller.name if caller is not None and caller.side == "local" else ""
        ours = self.owners.parties.internal
        keep(
            self._locals,
            _half(channel),
            rung or next((each for each in (local, dialled) if ours(each)), ""),
            MAX_REMEMBERED,
        )

    def sender(self, channel: str, caller: Peer | None, called: Peer | None) -> str | None:
        """The extension whose Local channel calls a trunk, `""` if it is not known; None if it is no such call."""
        if caller is None or called is None or caller.side != "local" or called.side != "trunk":
            return None
        if self.owners.parties.internal(caller.name):
            return caller.name
        return self._locals.get(_half(channel), "")

    def _extension(self, record: CallRecord, direction: str, caller: Peer | None, called: Peer | None) -> str | None:
        if direction in {"outbound", "internal"}:
            if caller is not None and caller.line:
                return clean(record.number or record.src)
            return clean((caller and caller.extension) or "")
        if direction == "inbound":  # a number of ours is no extension
            dst = record.dst if self.owners.parties.internal(record.dst) else ""
            return clean((called and called.extension) or dst)
        return None


def began(shown: str, uniqueid: str, zone: tzinfo) -> datetime:
    """The UTC moment of a local time, or of UTC where the PBX writes that (`usegmtime`).

    A uniqueid begins with the second its channel was made in: it tells which of the two it is, and which of the hour
    that comes twice. Raises BadRecordError.
    """
    match = UNIQUEID.fullmatch(uniqueid)
    try:
        if EPOCH.fullmatch(shown):
            return datetime.fromtimestamp(int(shown), UTC)
        local = datetime.fromisoformat(shown.strip())
        if local.tzinfo is not None:
            return local.astimezone(UTC).replace(microsecond=0)
        local = local.replace(microsecond=0) if local.microsecond else local
        first = local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        if match is not None and RESHAPED.fullmatch(shown):
            return datetime.fromtimestamp(int(match[1]), UTC)
        raise BadRecordError("not a time as Asterisk writes it", "start") from None
    if match is None:
        return first
    born = datetime.fromtimestamp(int(match[1]), UTC)
    if -NOT_BEFORE <= first - born <= AT_ONCE:
        return first
    readings = (first, local.replace(tzinfo=zone, fold=1).astimezone(UTC), local.replace(tzinfo=UTC))
    return min((at for at in readings if -NOT_BEFORE <= at - born <= SOON_AFTER), default=first)


def dialled(dst: str, data: str, *, over_trunk: bool) -> str | None:
    """The number that was dialled; where the dialplan had lost it, or dialled another, what was sent to the trunk."""
    sent = DIAL_STRING.search(data[:1_024])
    if sent is None:
        return clean(dst)
    if dst.strip() in NOT_DIALLED or (over_trunk and not _same_number(dst.strip(), sent[1])):
        return sent[1]
    return clean(dst)


def _same_number(dialled: str, sent: str) -> bool:
    """Whether one is the other with something before it: an access digit, or what the trunk wants."""
    tail = min(len(dialled), len(sent), TAIL)
    return tail > 0 and dialled[-tail:] == sent[-tail:]


def _seconds(shown: str, field: str) -> float:
    if len(shown) <= WHOLE and shown.isascii() and shown.isdecimal():
        return int(shown)
    if clocked := CLOCKED.fullmatch(shown):
        hours, minutes, seconds = (int(part) for part in clocked.groups())
        return hours * 3_600 + minutes * 60 + seconds
    match = SECONDS.fullmatch(shown)
    number = match[1].replace(",", ".") if match is not None else ""
    if not number or float(number) > LONGEST:
        raise BadRecordError("not a duration in seconds", field)
    return float(number) if "." in number else int(number)


def _id(record: CallRecord, start: str) -> str:
    parts = (record.uniqueid, record.channel, record.dstchannel, record.dst, record.application, start,
             record.duration, record.billsec, record.disposition)  # fmt: skip
    digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"cdr:{digest}"


def _half(channel: str) -> str:
    """What both halves of a Local channel are called."""
    return channel[:-2] if channel.endswith(HALVES) else ""
