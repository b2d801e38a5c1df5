"""How the console says things: times, money, actions and states in words."""

import re
from collections.abc import Collection
from datetime import datetime, tzinfo

from markupsafe import Markup

from detector.contract.codec import from_micros, to_micros
from detector.contract.findings import FOREVER, Loss, Subject
from detector.contract.vocabulary import STAGES, Act, Author, MessageState, Severity, Stage, State, Status
from detector.decide.acts import ACTS, said
from detector.decide.blast import sentences
from streams.runtime.clock import micros_now
from streams.store.rows import ActionRow

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
    State.CONFIRMED: "Confirmed",
    State.UNDONE: "Undone",
    State.REFUSED: "Refused",
    State.FAILED: "Failed",
    State.EXPIRED: "Expired",
    State.SUPERSEDED: "Superseded",
    State.DRIFTED: "Changed by somebody else",
    State.UNDO_FAILED: "Undo failed",
}
WAITS = {
    State.REQUESTED: "Waits for room in its budget, or for your approval",
    State.APPLIED: "Waiting for the firewall, not confirmed",
}
TROUBLES = {
    State.FAILED: "Failed: ",
    State.UNDO_FAILED: "Could not be undone: ",
    State.DRIFTED: "Somebody else changed: ",
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
REMARKS = {
    "approved": "approved",
    "refused": "refused",
    "undone": "undid",
    "closed": "closed the incident",
    "acknowledged": "looks after it",
}
MESSAGES = {
    MessageState.PENDING: "waiting to be sent",
    MessageState.SENDING: "being sent",
    MessageState.SENT: "sent",
    MessageState.FAILED: "could not be sent",
    MessageState.INTERRUPTED: "not known whether it arrived",
    MessageState.SUPERSEDED: "replaced by a newer message",
}
REASONS = {
    "opened": "the incident began",
    "stage": "the attack went further",
    "reopened": "it went on after it was contained",
    "again": "it goes on and nobody looks after it",
    "contained": "the attack was stopped",
    "closed": "the incident was closed",
    "merged": "it became part of another incident",
    "ask": "approval is needed",
    "failed": "something did not work",
    "reminder": "the last attempt was interrupted",
    "brake": "somebody changed what Ringfence does by itself",
}
OURSELVES: dict[str, str] = {
    Author.POLICY: "Ringfence's rules",
    Author.EXECUTOR: "Ringfence",
    Author.GUARD: "Ringfence's guard",
}


def utc_micros() -> int:
    """The time in microseconds since 1970, by the clock that all of the process asks."""
    return micros_now()


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


def state_of(action: ActionRow) -> str:
    """How far an action is, and whom it waits for."""
    return WAITS.get(action.state, STATES[action.state]) if action.waits else STATES[action.state]


def order(act: Act, target: Subject) -> str:
    """What is to be done, as one says it: `Restrict extension 1007`."""
    return said(ACTS[act].words.order, target)


def done(act: Act, target: Subject) -> str:
    """What stands, within a sentence: `extension 1007 restricted`."""
    return said(ACTS[act].words.done, target)


def stakes(action: ActionRow) -> list[str]:
    """Whom it hits, a sentence each; none while nobody has looked."""
    return list(sentences(action.blast)) if action.blast is not None else []


def holds(act: Act) -> str:
    """What is so while it stands; empty for what is over at once."""
    return ACTS[act].words.holds


def consequence(act: Act, target: Subject) -> str:
    """What undoing it means."""
    return said(ACTS[act].words.undone, target)


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
