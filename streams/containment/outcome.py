"""What the log and the findings are told about an action's change of state."""

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.events import Control
from detector.contract.findings import Action
from streams.store.rows import Announcement


class Outcome(Struct, frozen=True):
    """One change of state: the event for the core, and the finding for everybody else."""

    event: Control
    finding: Action


def outcome(announcement: Announcement) -> Outcome:
    """The same for the same change, however often it is told: ids come from the action and its count."""
    change, action = announcement.change, announcement.action
    at = from_micros(change.at)
    event = Control(
        pbx=action.pbx,
        id=f"outcome:{action.id}:{change.n}",
        at=at,
        name="outcome",
        decision=action.decision.id,
        incident=action.incident,
        state=change.state,
        by=change.by,
        source="ringfence",
        drill=action.drill,
    )
    finding = Action(
        id=action.id,
        pbx=action.pbx,
        tenant=action.decision.tenant,
        at=at,
        revision=change.n,
        decision=action.decision.id,
        action=action.kind,
        target=action.target,
        state=change.state,
        by=change.by,
        attempt=action.attempt,
        error=change.error,
    )
    return Outcome(event, finding)
