"""One incident as it went: what was seen, decided, done and told, in the order of time."""

from enum import IntEnum

from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.findings import Decision, Detection, State
from streams.store.rows import ActionRow, HistoryRow, IncidentView, NotificationRow

SECOND = 1_000_000
FIRST = 100
LAST = 400
BAD = frozenset({State.FAILED, State.UNDO_FAILED, State.DRIFTED})
CAN_BE_UNDONE = frozenset({State.APPLIED, State.CONFIRMED, State.DRIFTED, State.UNDO_FAILED})


class Kind(IntEnum):
    """What happened, in the order things of the same moment follow from each other."""

    DETECTION = 0
    DECISION = 1
    ACTION = 2
    MESSAGE = 3


class Entry(Struct, frozen=True, kw_only=True):
    """One line; of the four sources exactly one is given, with a change its action too."""

    at: int
    kind: Kind
    detection: Detection | None = None
    decision: Decision | None = None
    change: HistoryRow | None = None
    action: ActionRow | None = None
    message: NotificationRow | None = None

    @property
    def bad(self) -> bool:
        """Whether this is something that did not work."""
        if self.message is not None:
            return self.message.state in {"failed", "interrupted"}
        return self.change is not None and self.change.state in BAD


class Deed(Struct, frozen=True, kw_only=True):
    """An action as it stands; `seconds` from the decision until it was read back, None if it was not."""

    action: ActionRow
    seconds: float | None


class Story(Struct, frozen=True, kw_only=True):
    """An incident page: the oldest and the newest entries, with how many were left out between."""

    view: IncidentView
    deeds: list[Deed]
    first: list[Entry]
    left_out: int
    rest: list[Entry]


def tell(view: IncidentView) -> Story:
    """Sort an incident's records into one line of time."""
    actions = {action.id: action for action in view.actions}
    entries = [Entry(at=to_micros(d.at), kind=Kind.DETECTION, detection=d) for d in view.detections]
    entries += [Entry(at=to_micros(d.at), kind=Kind.DECISION, decision=d) for d in view.decisions]
    entries += [
        Entry(at=change.at, kind=Kind.ACTION, change=change, action=actions[change.action])
        for change in view.history
        if change.action in actions
    ]
    entries += [Entry(at=m.sent_at or m.created_at, kind=Kind.MESSAGE, message=m) for m in view.notifications]
    entries.sort(key=lambda entry: (entry.at, entry.kind))
    left_out = max(0, len(entries) - FIRST - LAST)
    cut = FIRST if left_out else len(entries)
    confirmed = {change.action: change.at for change in view.history if change.state is State.CONFIRMED}
    return Story(
        view=view,
        deeds=[Deed(action=a, seconds=_seconds(a, confirmed.get(a.id))) for a in view.actions],
        first=entries[:cut],
        left_out=left_out,
        rest=entries[cut + left_out :],
    )


def can_undo(action: ActionRow) -> bool:
    """Whether it stands, and nobody asked to have it undone yet."""
    return action.until is not None and action.undo_by is None and action.state in CAN_BE_UNDONE


def _seconds(action: ActionRow, confirmed: int | None) -> float | None:
    taken = None if confirmed is None else (confirmed - to_micros(action.decision.at)) / SECOND
    return taken if taken is not None and taken >= 0 else None
