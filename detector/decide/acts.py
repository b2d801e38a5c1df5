"""What can be done about an attack: one row an act, with all that the whole house has to know of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, Mode, SubjectKind

HOUR = 3_600_000_000
KEPT = ("emergency", "internal", "inbound")


class Lane(StrEnum):
    """What waits for what: within a lane one after the other, lanes side by side."""

    CALLS = "calls"
    SETTINGS = "settings"
    ADDRESSES = "addresses"
    BACKUP = "backup"


class Protection(StrEnum):
    """What the guard spares of an act, beside what it spares of all; each is a function of that name in the guard."""

    NARROW = "narrow"
    REACHABLE = "reachable"
    OURS = "ours"
    KNOWN_GOOD = "known_good"
    EMERGENCY_NUMBER = "emergency_number"
    EMERGENCY_CALL = "emergency_call"
    LONG_ENOUGH = "long_enough"
    ALLOWED_NUMBER = "allowed_number"
    EMERGENCY_DEVICE = "emergency_device"
    EMERGENCY_PATH = "emergency_path"


class Reach(StrEnum):
    """Whom an act hits besides its target."""

    NOBODY = "nobody"
    REGISTERED = "registered"
    """Who is registered from there."""
    CALLS = "calls"
    """Whose calls it ends."""
    ROUTE = "route"
    """Who calls by that route."""
    TRUNK = "trunk"
    """Who calls by any route over that trunk."""


class Words(Struct, frozen=True, kw_only=True):
    """How an act is said: `{id}` is its target, `{kind}` what that is.

    The last three are empty where nothing stands that could be undone.
    """

    about: str
    """What it does, for the documents."""
    order: str
    """What is to be done, as a heading."""
    to_do: str
    """The same within a sentence, after "to"; it promises no more than can be done."""
    done: str
    """What was done, within a sentence."""
    loses: str = ""
    """What does not work any more once it is done, as a sentence without its end."""
    title: str = ""
    """The heading over all that stands of it."""
    holds: str = ""
    """What is so while it stands."""
    undone: str = ""
    """What is so when it is undone."""


class ActTraits(Struct, frozen=True, kw_only=True):
    """One act: what it may be done to, how far it goes without a person, for how long, and how it is said."""

    targets: frozenset[SubjectKind]
    controls: tuple[str, ...]
    """Controls of the guide that it implements."""
    words: Words
    lane: Lane
    protections: tuple[Protection, ...]
    """What the guard looks at, in this order."""
    lasts: tuple[int | None, ...]
    """How long the first, second and every later one on a target lasts, in microseconds; None is open-ended."""
    hourly: int | None
    """Its budget: how many an hour and PBX are done without a person, None are all: decoys cannot spend those."""
    asks_above: int | None = None
    """How many an hour and PBX are done before a person is asked, None are all; what waits then is not lost."""
    reach: Reach = Reach.NOBODY
    """Whom it hits besides, which is looked at before it is done."""
    ceiling: Mode = Mode.AUTO
    """The most that is done of it without a person, whatever the rule has earned."""
    keeps: tuple[str, ...] = KEPT
    """Which calls it leaves working."""
    cuts_running: bool = False
    """It ends calls that are up."""
    stops_new_calls: bool = False
    """What was redialled while it took hold is cut once more."""
    changes_settings: bool = False
    """It changes the PBX's configuration, and so waits a moment for a backup of it."""
    contains: bool = True
    """It stops something of the attack: an incident is not contained before it is confirmed."""
    repeated: bool = False
    """Wanted again once it is settled, it is decided anew."""
    outlives_incident: bool = False
    """It stays in force when a person closes the incident, until somebody undoes it."""
    undoable: bool = True
    shared: bool = True
    """Two of it on one target change the same thing, so only the last one to end undoes it."""
    everywhere: bool = False
    """The same for all PBXs, not one by one."""
    volatile: bool = False
    """It may be lost without anybody's doing, e.g. by a reboot, and is then applied again."""


ACTS: Final[Mapping[Act, ActTraits]] = {
    Act.HANG_UP: ActTraits(
        targets=frozenset({SubjectKind.CALL, SubjectKind.EXTENSION, SubjectKind.DESTINATION}),
        controls=("C29",),
        lane=Lane.CALLS,
        protections=(
            Protection.EMERGENCY_DEVICE,
            Protection.EMERGENCY_NUMBER,
            Protection.EMERGENCY_CALL,
            Protection.LONG_ENOUGH,
            Protection.ALLOWED_NUMBER,
        ),
        lasts=(HOUR // 6,),
        hourly=None,
        asks_above=100,
        reach=Reach.CALLS,
        cuts_running=True,
        repeated=True,
        undoable=False,
        words=Words(
            about="Cuts running calls: of an extension, to a destination, or one call.",
            order="Hang up {kind} {id}",
            to_do="hang up {kind} {id}",
            done="{kind} {id} hung up",
        ),
    ),
    Act.RESTRICT_EXTENSION: ActTraits(
        targets=frozenset({SubjectKind.EXTENSION}),
        controls=("C22",),
        lane=Lane.SETTINGS,
        protections=(Protection.EMERGENCY_DEVICE,),
        lasts=(12 * HOUR,),
        hourly=None,
        asks_above=20,
        stops_new_calls=True,
        changes_settings=True,
        words=Words(
            about="Keeps an extension from calling out, whoever uses its account.",
            order="Restrict extension {id}",
            to_do="stop outbound calls of extension {id}",
            done="extension {id} restricted",
            loses="Extension {id} can call nobody outside; calls of it that are up go on",
            title="Extensions restricted",
            holds="May not call outside. Internal, incoming and emergency calls work.",
            undone="Extension {id} may call outside again.",
        ),
    ),
    Act.BLOCK_IP: ActTraits(
        targets=frozenset({SubjectKind.SOURCE_IP}),
        controls=("C05", "C09", "C15"),
        lane=Lane.ADDRESSES,
        protections=(Protection.NARROW, Protection.REACHABLE, Protection.OURS, Protection.KNOWN_GOOD),
        lasts=(HOUR, 24 * HOUR, None),
        hourly=30,
        reach=Reach.REGISTERED,
        everywhere=True,
        volatile=True,
        words=Words(
            about="Keeps an address out by every enforcer there is.",
            order="Block address {id}",
            to_do="block address {id}",
            done="address {id} blocked",
            loses="Nothing from {id} reaches the PBX",
            title="Addresses blocked",
            holds="Nothing from there reaches the PBX.",
            undone="{id} can reach the PBX again.",
        ),
    ),
    Act.BLOCK_NUMBER: ActTraits(
        targets=frozenset({SubjectKind.DESTINATION}),
        controls=("C26",),
        lane=Lane.SETTINGS,
        protections=(Protection.EMERGENCY_NUMBER, Protection.LONG_ENOUGH, Protection.ALLOWED_NUMBER),
        lasts=(72 * HOUR,),
        hourly=10,
        stops_new_calls=True,
        changes_settings=True,
        shared=False,
        words=Words(
            about="Blocks a number or prefix on the PBX, in every way it can be dialled there.",
            order="Block number {id}",
            to_do="block calls to {id}",
            done="number {id} blocked",
            loses="Nobody can call {id}",
            title="Numbers blocked",
            holds="May not be called from the PBX.",
            undone="{id} may be called again.",
        ),
    ),
    Act.LOCK_ROUTE: ActTraits(
        targets=frozenset({SubjectKind.ROUTE}),
        controls=("C22", "C23"),
        lane=Lane.SETTINGS,
        protections=(Protection.EMERGENCY_DEVICE, Protection.EMERGENCY_PATH),
        lasts=(12 * HOUR,),
        hourly=3,
        reach=Reach.ROUTE,
        stops_new_calls=True,
        changes_settings=True,
        words=Words(
            about="Locks an outbound route: no call leaves over it.",
            order="Lock route {id}",
            to_do="lock route {id}",
            done="route {id} locked",
            loses="No calls leave over route {id}",
            title="Routes locked",
            holds="No calls leave over it.",
            undone="Calls may leave over route {id} again.",
        ),
    ),
    Act.DISABLE_TRUNK: ActTraits(
        targets=frozenset({SubjectKind.TRUNK}),
        controls=("C28",),
        lane=Lane.SETTINGS,
        protections=(Protection.EMERGENCY_DEVICE, Protection.EMERGENCY_PATH, Protection.EMERGENCY_CALL),
        lasts=(HOUR,),
        hourly=1,
        reach=Reach.TRUNK,
        ceiling=Mode.ASK,
        keeps=("emergency", "internal"),
        changes_settings=True,
        words=Words(
            about="Switches a trunk off: no call in or out through it. The last rung.",
            order="Disable trunk {id}",
            to_do="switch off trunk {id}",
            done="trunk {id} disabled",
            loses="No calls come in or leave over trunk {id}",
            title="Trunks disabled",
            holds="Carries no calls.",
            undone="Calls may use trunk {id} again.",
        ),
    ),
    # open-ended, for a stolen password must not come back by itself; and never without a person, for until the
    # telephone has the new password it is out of order, for emergency calls too
    Act.RESET_REGISTRATION: ActTraits(
        targets=frozenset({SubjectKind.EXTENSION}),
        controls=("C09", "C11"),
        lane=Lane.SETTINGS,
        protections=(Protection.EMERGENCY_DEVICE, Protection.EMERGENCY_CALL),
        lasts=(None,),
        hourly=10,
        ceiling=Mode.ASK,
        keeps=(),
        changes_settings=True,
        outlives_incident=True,
        words=Words(
            about="Gives an extension a new registration password, so that a stolen one is worth nothing.",
            order="Reset registration password of {id}",
            to_do="reset the registration password of extension {id}",
            done="registration password of {id} reset",
            loses="The telephone of {id} is out of order until it has the new password",
            title="Registration passwords reset",
            holds="The old registration password does not work any more.",
            undone="The registration password of {id} is put back as it was.",
        ),
    ),
    Act.BACKUP_PBX: ActTraits(
        targets=frozenset({SubjectKind.PBX}),
        controls=("C31",),
        lane=Lane.BACKUP,
        protections=(),
        lasts=(None,),
        hourly=6,
        contains=False,
        undoable=False,
        shared=False,
        words=Words(
            about="Starts a backup of the PBX before its configuration is changed.",
            order="Back up PBX {id}",
            to_do="back up PBX {id}",
            done="PBX {id} backed up",
        ),
    ),
}
"""Every act, in the order in which what stands of them is shown."""


def said(form: str, target: Subject) -> str:
    """One of the `Words` of an act about its target."""
    return form.format(kind=target.kind.value, id=target.id)
