"""How the console says things: times, money, actions and states in words."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, tzinfo

from markupsafe import Markup

from detector.contract.codec import from_micros, to_micros
from detector.contract.findings import FOREVER, Loss, Subject
from detector.contract.vocabulary import STAGES, Act, Severity, Stage, State, Status

# what moves or hides the text around it: control characters and the marks that turn its direction
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

SEVERITIES = {Severity.INFO: "Info", Severity.WARNING: "Warning", Severity.CRITICAL: "Critical"}
STATUSES = {
    Status.OPEN: "Open",
    Status.CONTAINED: "Contained",
    Status.CLOSED: "Closed",
    Status.MERGED: "Merged",
}
STATES = {
    State.REQUESTED: "Waiting for approval",
    State.APPROVED: "Approved",
    State.APPLYING: "Being applied",
    State.APPLIED: "Applied, being checked",
    State.CONFIRMED: "Confirmed by reading back",
    State.UNDONE: "Undone",
    State.REFUSED: "Refused",
    State.FAILED: "Failed",
    State.EXPIRED: "Expired",
    State.SUPERSEDED: "Superseded",
    State.DRIFTED: "Changed by somebody else",
    State.UNDO_FAILED: "Undo failed",
}
STEPS = {
    Stage.RECON: "Scouting",
    Stage.CREDENTIAL: "Guessing",
    Stage.ACCESS: "Break-in",
    Stage.PROBE: "Test call",
    Stage.PUMPING: "Pumping",
}
REACHED = {
    Stage.RECON: "Somebody looks for extensions and ways in.",
    Stage.CREDENTIAL: "Somebody guesses passwords.",
    Stage.ACCESS: "Somebody got in: they can call at your expense.",
    Stage.PROBE: "Somebody tried whether expensive or unusual numbers can be called.",
    Stage.PUMPING: "Many calls to numbers that earn the attacker money, at your expense.",
}
REMARKS = {"approved": "approved", "refused": "refused", "undone": "undid", "closed": "closed the incident"}
MESSAGES = {
    "pending": "waiting to be sent",
    "sending": "being sent",
    "sent": "sent",
    "failed": "could not be sent",
    "interrupted": "not known whether it arrived",
    "superseded": "replaced by a newer message",
}
REASONS = {
    "opened": "the incident began",
    "stage": "the attack went further",
    "contained": "the attack was stopped",
    "closed": "the incident was closed",
    "merged": "it became part of another incident",
    "ask": "approval is needed",
    "failed": "something did not work",
    "reminder": "the last attempt was interrupted",
}
OURSELVES = {"policy": "Ringfence's rules", "executor": "Ringfence", "guard": "Ringfence's guard"}
BLOCKS = {
    Act.RESTRICT_EXTENSION: "Extensions restricted",
    Act.BLOCK_IP: "Addresses blocked",
    Act.BLOCK_NUMBER: "Numbers blocked",
    Act.LOCK_ROUTE: "Routes locked",
    Act.DISABLE_TRUNK: "Trunks disabled",
    Act.RESET_REGISTRATION: "Registrations reset",
}
HOLDS = {
    Act.RESTRICT_EXTENSION: "May not call outside. Internal, incoming and emergency calls work.",
    Act.BLOCK_IP: "Nothing from there reaches the PBX.",
    Act.BLOCK_NUMBER: "May not be called from the PBX.",
    Act.LOCK_ROUTE: "No calls leave over it.",
    Act.DISABLE_TRUNK: "Carries no calls.",
    Act.RESET_REGISTRATION: "The old registration password does not work any more.",
}
ORDERS = {
    Act.HANG_UP: "Hang up {kind} {id}",
    Act.RESTRICT_EXTENSION: "Restrict extension {id}",
    Act.RESET_REGISTRATION: "Reset registration of {id}",
    Act.LOCK_ROUTE: "Lock route {id}",
    Act.BLOCK_NUMBER: "Block number {id}",
    Act.DISABLE_TRUNK: "Disable trunk {id}",
    Act.BLOCK_IP: "Block address {id}",
    Act.BACKUP_PBX: "Back up PBX {id}",
}
DONE = {
    Act.HANG_UP: "{kind} {id} hung up",
    Act.RESTRICT_EXTENSION: "extension {id} restricted",
    Act.RESET_REGISTRATION: "registration of {id} reset",
    Act.LOCK_ROUTE: "route {id} locked",
    Act.BLOCK_NUMBER: "number {id} blocked",
    Act.DISABLE_TRUNK: "trunk {id} disabled",
    Act.BLOCK_IP: "address {id} blocked",
    Act.BACKUP_PBX: "PBX {id} backed up",
}
UNDONE = {
    Act.RESTRICT_EXTENSION: "Extension {id} may call outside again.",
    Act.RESET_REGISTRATION: "The registration password of {id} is put back as it was.",
    Act.LOCK_ROUTE: "Calls may leave over route {id} again.",
    Act.BLOCK_NUMBER: "{id} may be called again.",
    Act.DISABLE_TRUNK: "Calls may use trunk {id} again.",
    Act.BLOCK_IP: "{id} can reach the PBX again.",
}


def utc_micros() -> int:
    """The time in microseconds since 1970."""
    return to_micros(datetime.now(UTC))


def visible(value: object) -> object:
    """Text whose invisible and direction-turning characters are written out; attackers choose names."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value))
    return value


def moment(at: int | datetime) -> datetime:
    """Microseconds or a time, as a time."""
    return from_micros(at) if isinstance(at, int) else at


def millis(at: int | datetime) -> int:
    """Milliseconds since 1970, as the browser counts."""
    return to_micros(moment(at)) // 1_000


def clock(at: int | datetime, zone: tzinfo) -> str:
    """`2026-03-07 02:11:03 EST`."""
    local = _local(at, zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"


def short_clock(at: int | datetime, zone: tzinfo) -> str:
    """`7 Mar 02:11 EST`."""
    local = _local(at, zone)
    return f"{local.day} {local:%b %H:%M} {local.tzname()}"


def _local(at: int | datetime, zone: tzinfo) -> datetime:
    try:
        return moment(at).astimezone(zone)
    except OverflowError:  # the first or the last day there is
        return moment(at)


def open_ended(at: int | datetime | None) -> bool:
    """Whether this end never comes."""
    return at is None or moment(at) >= FOREVER


def costs(loss: Loss) -> bool:
    """Whether there is money to speak of."""
    return bool(loss.spent or loss.per_minute or loss.avoided)


def stage_steps(reached: Stage, seen: Collection[Stage]) -> list[tuple[str, str]]:
    """The five stages in words, each `done`, `now`, `ahead`, or `passed`: earlier than `reached` but never seen."""
    last = STAGES.index(reached)
    return [(STEPS[stage], _place(n, last, stage in seen)) for n, stage in enumerate(STAGES)]


def _place(n: int, last: int, seen: bool) -> str:
    if n >= last:
        return "now" if n == last else "ahead"
    return "done" if seen else "passed"


def order(act: Act, target: Subject) -> str:
    """What is to be done, as one says it: `Restrict extension 1007`."""
    return ORDERS[act].format(kind=words(target.kind), id=target.id)


def done(act: Act, target: Subject) -> str:
    """What stands, within a sentence: `extension 1007 restricted`."""
    return DONE[act].format(kind=words(target.kind), id=target.id)


def consequence(act: Act, target: Subject) -> str:
    """What undoing it means."""
    return UNDONE[act].format(id=target.id) if act in UNDONE else ""


def who(name: str) -> str:
    """A person by name, and the parts of Ringfence as one."""
    return OURSELVES.get(name, name)


def occasion(reason: str) -> str:
    """Why somebody was told, as a clause."""
    return REASONS.get(reason.partition(":")[0], reason)


def words(name: str) -> str:
    """`source_ip` and the like for people."""
    return {"source_ip": "address", "pbx": "PBX", "irsf": "toll fraud (IRSF)"}.get(name, name.replace("_", " "))


def figure(value: object) -> str:
    """A measured value or limit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else "unknown" if value is None else str(value)
