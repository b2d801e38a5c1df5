"""Yeastar calls in progress (30011, 30013 to 30015, `call/query`) as contract calls."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from detector.contract.events import Call
from detector.formats.parties import Parties
from detector.formats.yeastar.yeastar_fields import BadFieldError, Record, born, extension_of, key, number_of, text
from detector.formats.yeastar.yeastar_records import MORE, reason_of

MAX_MEMBERS = 512
MAX_UP = timedelta(hours=24)
# What is over an hour old is history to the engine, which nobody acts on; a call that is up is none.
RECENT = timedelta(minutes=50)
OVER = "BYE"
ROLES = frozenset({"extension", "inbound", "outbound"})
TALKING = frozenset({"ANSWER", "ANSWERED", "HOLD"})
CALLED = frozenset({"RING", "ANSWER"})
PATHS = (("conference", "conference"), ("queue", "queue"), ("ring", "ring_group"), ("ivr", "ivr"))
"""What in `call_path` tells by which way a call came about."""


class YeastarMember(Struct, frozen=True):
    """One channel of a call as 30011 shows it: `role` is `extension`, `inbound` or `outbound`."""

    role: str
    status: str
    number: str | None = None
    from_: str | None = None
    to: str | None = None
    trunk: str | None = None
    channel: str | None = None
    path: str = ""

    @property
    def up(self) -> bool:
        """Whether it has not hung up."""
        return self.status != OVER

    @property
    def talking(self) -> bool:
        """Whether it was answered."""
        return self.status in TALKING


class YeastarLeg(Struct, frozen=True):
    """One leg of a call: what holds a trunk, or the called side of an internal call.

    `key` is its channel.
    """

    key: str
    talking: bool
    direction: str
    extension: str | None = None
    from_: str | None = None
    to: str | None = None
    trunk: str | None = None
    trunk_in: str | None = None
    channel: str | None = None
    via: str = "direct"
    on_behalf_of: str | None = None


def calls_changed(
    pbx: str, record: Record, received_at: datetime, parties: Parties, via: str | None = None
) -> list[Call]:
    """30011: each leg that is up, as `started` or `answered`; so are 30013 and 30014, which add `via`."""
    call_id = key(record, "call_id")
    return [
        call_phase(pbx, call_id, leg, "answered" if leg.talking else "started", received_at, received_at, via)
        for leg in legs(members(record), parties)
    ]


def calls_up(pbx: str, record: Record, received_at: datetime, parties: Parties) -> list[Call]:
    """One row of `call/query`: each leg as `started`, and `answered` where it is, with the ids 30011 gives.

    A `call_id` begins with the second the call began in; where it does not, it began now.
    """
    call_id = key(record, "call_id")
    began = _began(call_id, received_at)
    at = began if received_at - began <= RECENT else received_at
    calls: list[Call] = []
    for leg in legs(members(record), parties):
        started = call_phase(pbx, call_id, leg, "started", at, received_at)
        calls.append(structs.replace(started, started_at=began))
        if leg.talking:
            calls.append(call_phase(pbx, call_id, leg, "answered", received_at, received_at))
    return calls


def call_phase(
    pbx: str, call_id: str, leg: YeastarLeg, phase: str, at: datetime, received_at: datetime, via: str | None = None
) -> Call:
    """One leg as an event; `revision` is `MORE` where another frame said `via` which way it came about."""
    return Call(
        pbx=pbx,
        id=f"call:{call_id}:{leg.key}:{phase}",
        at=at,
        received_at=received_at,
        revision=MORE if via is not None else 0,
        phase=phase,
        call_id=call_id,
        leg=leg.key,
        direction=leg.direction,
        extension=leg.extension,
        from_=leg.from_,
        to=leg.to,
        trunk=leg.trunk,
        trunk_in=leg.trunk_in,
        channel=leg.channel,
        via=via or leg.via,
        on_behalf_of=leg.on_behalf_of,
    )


def call_failed(pbx: str, record: Record, received_at: datetime) -> list[Call]:
    """30015: a call that came to nothing, and why; its members may be missing."""
    call_id = key(record, "call_id")
    shown = text(record, "reason")
    reason = reason_of(shown)
    found = members(record)
    trunk = next((member for member in found if member.role == "outbound"), None)
    caller = next((member for member in found if member.role == "extension"), None)
    outside = next((member for member in found if member.role == "inbound"), None)
    outbound = trunk is not None or reason == "no_permission"
    leg = _name_of(trunk or caller or outside)
    return [
        Call(
            pbx=pbx,
            id=f"call:{call_id}:{leg or '-'}:ended",
            at=received_at,
            received_at=received_at,
            phase="ended",
            call_id=call_id,
            leg=leg,
            direction="transit" if trunk and outside else "outbound" if outbound else "inbound" if outside else None,
            extension=caller.number if caller else None,
            from_=(outside.from_ if outside else None) or (caller.number if caller else None),
            to=_dialled(record, found, trunk, outside),
            trunk=trunk.trunk if trunk else None,
            trunk_in=outside.trunk if outside else None,
            channel=caller.channel if caller else None,
            disposition="busy" if reason == "busy" else "failed",
            reason=reason,
        )
    ]


def members(record: Record) -> list[YeastarMember]:
    """The `members` of a frame; what they are is bounded, kinds nobody knows are left out."""
    given = record.get("members")
    if given is None:
        return []
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise BadFieldError("expected a list", "members")
    if len(given) > MAX_MEMBERS:
        raise BadFieldError(f"{len(given)} members, allowed are {MAX_MEMBERS}", "members")
    return [found for item in given for found in _member(item)]


def strange(record: Record) -> bool:
    """Whether a call has a member of a kind that is not known, which is left out."""
    given = record.get("members")
    return isinstance(given, list) and any(isinstance(each, Mapping) and not ROLES & each.keys() for each in given)


def legs(found: Sequence[YeastarMember], parties: Parties) -> Iterator[YeastarLeg]:
    """The legs of a call that are up: outbound ones, else inbound ones, else the called extension."""
    up = [member for member in found if member.up]
    extensions = [member for member in up if member.role == "extension"]
    inbound = [member for member in up if member.role == "inbound"]
    outbound = [member for member in up if member.role == "outbound"]
    if outbound:
        for member in outbound:
            came_in = inbound[0] if inbound else None
            yield _outbound(member, extensions, came_in, _sender(member, found, came_in, alone=len(up) == 1), parties)
    elif inbound:
        for member in inbound:
            yield _inbound(member, extensions)
    elif extensions:
        yield _internal(extensions)


def _member(item: object) -> Iterator[YeastarMember]:
    if not isinstance(item, Mapping):
        raise BadFieldError("expected objects", "members")
    for role in sorted(ROLES):
        fields = item.get(role)
        if isinstance(fields, Mapping):
            yield YeastarMember(
                role=role,
                status=(text(fields, "member_status", limit=32) or "").upper(),
                number=text(fields, "number"),
                from_=number_of(text(fields, "from")),
                to=number_of(text(fields, "to")),
                trunk=text(fields, "trunk_name"),
                channel=text(fields, "channel_id", limit=256),
                path=_way(text(fields, "call_path")),
            )


def _outbound(
    member: YeastarMember,
    extensions: Sequence[YeastarMember],
    inbound: YeastarMember | None,
    sender: str | None,
    parties: Parties,
) -> YeastarLeg:
    caller = _caller(member, extensions)
    # Behind an inbound leg `from` is what the outside caller claims to be: never one of our extensions.
    own = extension_of(member.from_, parties) if inbound is None else None
    extension = caller.number if caller else own
    passing = inbound is not None or (extension is None and member.from_ is not None)
    return YeastarLeg(
        key=_name_of(member) or "-",
        talking=member.talking,
        direction="transit" if passing else "outbound",
        extension=extension,
        from_=inbound.from_ if inbound else member.from_ or extension,
        to=member.to,
        trunk=member.trunk,
        trunk_in=inbound.trunk if inbound else None,
        channel=(caller.channel if caller else None) or member.channel,
        via="forward" if sender else member.path or "direct",
        on_behalf_of=sender,
    )


def _caller(member: YeastarMember, extensions: Sequence[YeastarMember]) -> YeastarMember | None:
    """Which of several extensions is on the other side of a leg that goes out: whom it names, or who was not called.

    Where a group rings and one of its members is outside, none of them is.
    """
    named = [each for each in extensions if each.number and each.number == member.from_]
    calling = named or [each for each in extensions if each.status not in CALLED] or list(extensions)
    alike = {each.number for each in calling}
    return calling[0] if calling and (len(alike) == 1 or calling[0].status != "RING") else None


def _sender(
    member: YeastarMember, found: Sequence[YeastarMember], inbound: YeastarMember | None, *, alone: bool
) -> str | None:
    """An extension that has left a call which goes on outside has forwarded or transferred it.

    Not where who made the call is the first to hang up. Of several that have left, as of a group that nobody answered
    in, it is whom the call was for, if that is one of them.
    """
    gone = dict.fromkeys(each.number for each in found if each.role == "extension" and not each.up and each.number)
    if inbound is None and member.from_ in gone:
        return None if alone else member.from_
    if len(gone) == 1:
        return next(iter(gone))
    return inbound.to if inbound is not None and inbound.to in gone else None


def _inbound(member: YeastarMember, extensions: Sequence[YeastarMember]) -> YeastarLeg:
    called = next((each for each in extensions if each.talking), extensions[0] if extensions else None)
    return YeastarLeg(
        key=_name_of(member) or "-",
        talking=called.talking if called else member.talking,
        direction="inbound",
        extension=called.number if called else None,
        from_=member.from_,
        to=member.to,
        trunk_in=member.trunk,
        channel=(called.channel if called else None) or member.channel,
    )


def _internal(extensions: Sequence[YeastarMember]) -> YeastarLeg:
    caller = next((each for each in extensions if each.status in {"ALERT", "ANSWERED"}), extensions[0])
    called = next((each for each in extensions if each is not caller), None)
    return YeastarLeg(
        key=_name_of(called or caller) or "-",
        talking=(called or caller).talking,
        direction="internal",
        extension=caller.number,
        from_=caller.number,
        to=called.number if called else None,
        channel=caller.channel,
    )


def _name_of(member: YeastarMember | None) -> str | None:
    """Its channel; an older firmware that names none is helped out by trunk and number."""
    if member is None or member.channel:
        return member.channel if member else None
    return "/".join(part for part in (member.trunk, member.to) if part) or member.number


def _way(path: str | None) -> str:
    shown = (path or "").lower()
    return next((way for word, way in PATHS if word in shown), "")


def _dialled(
    record: Record, found: Sequence[YeastarMember], trunk: YeastarMember | None, outside: YeastarMember | None
) -> str | None:
    """The number that was tried: the trunk member's, the frame's own, or the second extension's."""
    extensions = [member for member in found if member.role == "extension"]
    return (
        (trunk.to if trunk else None)
        or number_of(text(record, "to", "call_to", "callee"))
        or (outside.to if outside else None)
        or next((member.to for member in extensions if member.to), None)
        or (extensions[1].number if len(extensions) > 1 else None)
    )


def _began(call_id: str, received_at: datetime) -> datetime:
    began = born(call_id)
    return began if began is not None and received_at - MAX_UP <= began <= received_at else received_at
