"""Events in: what a PBX reports, as typed records."""

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from detector.contract.vocabulary import (
    AccessOutcome,
    App,
    ControlName,
    Direction,
    Disposition,
    Level,
    Party,
    Phase,
    SignIn,
    SipMethod,
    Surface,
    Trust,
    Via,
    Way,
)

MAX_EVENT_BYTES = 64 * 1024
MAX_COUNT = 1_000_000
MAX_ACCOUNTS = 32
MAX_FLEET = 1_000
MAX_HOSTS = 500
MAX_ADDRESSES = 32
ROW = "row:"
"""So begins the `leg` of a call record that names no channel: other transports tell of the same leg by its channel."""

Text = Annotated[str, Meta(max_length=1_024)]
LongText = Annotated[str, Meta(max_length=16_384)]
Key = Annotated[str, Meta(min_length=1, max_length=1_024)]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=1, le=MAX_COUNT)]
Seconds = Annotated[float, Meta(ge=0, le=31_622_400)]
Names = Annotated[tuple[Text, ...], Meta(max_length=MAX_ACCOUNTS)]


class Event(Struct, frozen=True, kw_only=True, tag_field="kind", gc=False, omit_defaults=True,
            forbid_unknown_fields=True):  # fmt: skip
    """What all events share.

    `at` is when it happened, `received_at` when our connector got it. `id` is unique per `pbx`; a higher
    `revision` of a known id adds fields and is never a second event.
    """

    pbx: Key
    id: Key
    at: Instant
    revision: Annotated[int, Meta(ge=0, le=MAX_COUNT)] = 0
    received_at: Instant | None = None
    source: Text | None = None
    trust: Text | None = None
    drill: bool = False

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {"trust": frozenset(Trust)}


class Call(Event, frozen=True, kw_only=True, tag="call", gc=False, omit_defaults=True,
           forbid_unknown_fields=True):  # fmt: skip
    """One phase of one leg of a call; a CDR alone is a lone `ended` over `[started_at, at]`.

    `possible_routes`: the outbound routes it may have gone by, where it was by one of several.
    """

    phase: Text
    call_id: Key
    leg: Text | None = None
    direction: Text | None = None
    extension: Text | None = None
    from_: Text | None = field(name="from", default=None)
    to: Text | None = None
    trunk: Text | None = None
    trunk_in: Text | None = None
    route: Text | None = None
    possible_routes: Names = ()
    via: Text = "direct"
    on_behalf_of: Text | None = None
    linked_call_id: Text | None = None
    channel: Text | None = None
    source_ip: Text | None = None
    user_agent: Text | None = None
    pin: Text | None = None
    started_at: Instant | None = None
    answered_at: Instant | None = None
    duration: Seconds | None = None
    talk: Seconds | None = None
    disposition: Text | None = None
    reason: Text | None = None

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {
        "trust": frozenset(Trust),
        "phase": frozenset(Phase),
        "direction": frozenset(Direction),
        "via": frozenset(Via),
        "disposition": frozenset(Disposition),
    }  # fmt: skip


class Registration(Event, frozen=True, kw_only=True, tag="registration", gc=False, omit_defaults=True,
                   forbid_unknown_fields=True):  # fmt: skip
    """A SIP credential was judged, or a contact went away. `challenged` is no failure."""

    outcome: Text
    account: Text | None = None
    extension: Text | None = None
    party: Text = "extension"
    method: Text = "REGISTER"
    source_ip: Text | None = None
    user_agent: Text | None = None
    transport: Text | None = None
    path: Text | None = None
    device: Text | None = None
    reason: Text | None = None
    count: Count = 1
    accounts: Names = ()

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {
        "trust": frozenset(Trust),
        "outcome": frozenset(AccessOutcome),
        "party": frozenset(Party),
        "method": frozenset(SipMethod),
        "path": frozenset(Way),
        "device": frozenset(App),
    }


class Login(Event, frozen=True, kw_only=True, tag="login", gc=False, omit_defaults=True,
            forbid_unknown_fields=True):  # fmt: skip
    """Somebody logged in, or failed to, on one of the PBX's surfaces."""

    outcome: Text
    surface: Text | None = None
    account: Text | None = None
    accounts: Names = ()
    source_ip: Text | None = None
    user_agent: Text | None = None
    path: Text | None = None
    method: Text | None = None
    second_factor: bool | None = None
    credential: Text | None = None
    role: Text | None = None
    reason: Text | None = None
    count: Count = 1

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {
        "trust": frozenset(Trust),
        "outcome": frozenset({AccessOutcome.ACCEPTED, AccessOutcome.REJECTED}),
        "surface": frozenset(Surface),
        "path": frozenset(Way),
        "method": frozenset(SignIn),
    }  # fmt: skip


class Notice(Event, frozen=True, kw_only=True, tag="notice", gc=False, omit_defaults=True,
             forbid_unknown_fields=True):  # fmt: skip
    """The PBX itself reports something, e.g. `extension_registration_blocked`."""

    name: Text
    level: Text = "information"
    account: Text | None = None
    extension: Text | None = None
    trunk: Text | None = None
    source_ip: Text | None = None
    text: LongText | None = None

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {
        "trust": frozenset(Trust),
        "level": frozenset(Level),
    }


class Config(Event, frozen=True, kw_only=True, tag="config", gc=False, omit_defaults=True,
             forbid_unknown_fields=True):  # fmt: skip
    """Something was changed on the PBX; secrets are left out of `changes` (`{field: [old, new]}`)."""

    object_: Text = field(name="object")
    object_id: Text | None = None
    actor: Text | None = None
    source_ip: Text | None = None
    changes: dict[Text, tuple[object, object]] | None = None


class Tick(Event, frozen=True, kw_only=True, tag="tick", gc=False, omit_defaults=True,
           forbid_unknown_fields=True):  # fmt: skip
    """Time has passed for this PBX, nothing more."""


class FleetEntry(Struct, frozen=True, kw_only=True, gc=False):
    """An address or block of numbers that so many PBXs saw attack, listed until `until`; never which PBXs.

    `kind` is `source_ip` or `destination`; other kinds are left alone.
    """

    kind: Text
    id: Key
    pbxs: Count
    first_at: Instant
    last_at: Instant
    until: Instant


Hosts = Annotated[dict[Key, Annotated[tuple[Key, ...], Meta(max_length=MAX_ADDRESSES)]], Meta(max_length=MAX_HOSTS)]
"""The public addresses that host names of lists stood for when they were last asked for."""
Entries = Annotated[tuple[FleetEntry, ...], Meta(max_length=MAX_FLEET)]


EVERY_PBX = "*"
"""The `pbx` of a control event that concerns all of them."""


class Control(Event, frozen=True, kw_only=True, tag="control", gc=False, omit_defaults=True,
              forbid_unknown_fields=True):  # fmt: skip
    """What the core reads besides events, written into the log by ourselves only.

    `name` is one of `settings` (the whole configuration as JSON, and the digests of the tables in use),
    `outcome` (an action's new state), `verdict` (a person closed an incident or undid a decision), `fleet` (what
    several PBXs saw), `tables` (the digests of the tables in use from here on, and what host names of lists stand
    for).
    """

    name: Text
    settings: dict[str, object] | None = None
    tables: dict[str, str] | None = None
    decision: Text | None = None
    state: Text | None = None
    incident: Text | None = None
    verdict: Text | None = None
    by: Text | None = None
    note: Text | None = None
    fleet: Entries = ()
    hosts: Hosts = {}

    ENUMS: ClassVar[dict[str, frozenset[str]]] = {
        "trust": frozenset(Trust),
        "name": frozenset(ControlName),
    }


class Unknown(Struct, frozen=True, kw_only=True, gc=False):
    """An event of a kind this version does not know: it is kept in the log, counted, and moves time."""

    kind: str
    pbx: Key
    id: Key
    at: Instant
    revision: Annotated[int, Meta(ge=0, le=MAX_COUNT)] = 0
    received_at: Instant | None = None
    drill: bool = False

    trust: ClassVar[None] = None


AnyEvent = Call | Registration | Login | Notice | Config | Tick | Control
KINDS: dict[str, type[Event]] = {
    "call": Call, "registration": Registration, "login": Login, "notice": Notice, "config": Config,
    "tick": Tick, "control": Control,
}  # fmt: skip
