"""One incident as it went: what was seen, decided, done and told, in the order of time."""

from collections import defaultdict
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct, structs

from detector.contract.codec import to_micros
from detector.contract.findings import Decision, Detection
from detector.contract.lifecycle import BROKEN, CAN_BE_UNDONE, TO_DO, TOUCHED, UNDELIVERED
from detector.contract.vocabulary import Stage, State
from streams.console.advice import Advice, advise, let_go, stages_of
from streams.store.rows import ActionRow, HistoryRow, IncidentView, NotificationRow, RemarkRow

SECOND = 1_000_000
FIRST = 100
LAST = 400


class EntryKind(IntEnum):
    """What happened, in the order things of the same moment follow from each other."""

    DETECTION = 0
    DECISION = 1
    ACTION = 2
    MESSAGE = 3
    REMARK = 4


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """One line; of the five sources exactly one is given, with a change or a remark its action too.

    `again` are detections that say the same right after; `steps` are the states an action went through before.
    """

    at: int
    kind: EntryKind
    detection: Detection | None = None
    decision: Decision | None = None
    change: HistoryRow | None = None
    action: ActionRow | None = None
    message: NotificationRow | None = None
    remark: RemarkRow | None = None
    again: tuple[Detection, ...] = ()
    steps: tuple[HistoryRow, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether this is something that did not work."""
        if self.message is not None:
            return self.message.state in UNDELIVERED
        return self.change is not None and self.change.state in BROKEN


class Deed(Struct, frozen=True, kw_only=True):
    """An action as it stands; `seconds` from the order to do it until it was read back, None if it was not."""

    action: ActionRow
    seconds: float | None


class Story(Struct, frozen=True, kw_only=True):
    """An incident page: the oldest and the newest entries, with how many were left out between.

    `seen` are the stages there are signs of; `messages` are newest first; `let_go` ends with it; `closing` is what
    the person said who closed it, `carer` who said last that they look after it.
    """

    view: IncidentView
    seen: frozenset[Stage]
    advice: list[Advice]
    let_go: list[ActionRow]
    deeds: list[Deed]
    messages: list[NotificationRow]
    closing: RemarkRow | None
    carer: RemarkRow | None
    first: list[TimelineEntry]
    left_out: int
    rest: list[TimelineEntry]


def tell(view: IncidentView) -> Story:
    """Sort an incident's records into one line of time."""
    actions = {action.id: action for action in view.actions}
    entries = [TimelineEntry(at=to_micros(d.at), kind=EntryKind.DETECTION, detection=d) for d in view.detections]
    entries += [TimelineEntry(at=to_micros(d.at), kind=EntryKind.DECISION, decision=d) for d in view.decisions]
    changes: defaultdict[str, list[HistoryRow]] = defaultdict(list)
    for change in view.history:
        changes[change.action].append(change)
    for action in view.actions:
        entries += _changes(action, changes[action.id])
    entries += [
        TimelineEntry(at=m.sent_at or m.created_at, kind=EntryKind.MESSAGE, message=m) for m in view.notifications
    ]
    entries += [
        TimelineEntry(at=said.at, kind=EntryKind.REMARK, remark=said, action=actions.get(said.action or ""))
        for said in view.remarks
    ]
    entries = _folded(sorted(entries, key=lambda entry: (entry.at, entry.kind)))
    left_out = max(0, len(entries) - FIRST - LAST)
    cut = FIRST if left_out else len(entries)
    return Story(
        view=view,
        seen=stages_of(found.rule for found in view.detections),
        advice=advise(view),
        let_go=let_go(view.actions),
        messages=sorted(view.notifications, key=lambda message: -(message.sent_at or message.created_at)),
        closing=next((said for said in reversed(view.remarks) if said.about == "closed"), None),
        carer=next((said for said in reversed(view.remarks) if said.about == "acknowledged"), None),
        deeds=[Deed(action=action, seconds=_seconds(changes[action.id])) for action in view.actions],
        first=entries[:cut],
        left_out=left_out,
        rest=entries[cut + left_out :],
    )


def _changes(action: ActionRow, history: list[HistoryRow]) -> Iterator[TimelineEntry]:
    """An action's changes; what only led on to the next is part of that."""
    steps: list[HistoryRow] = []
    for change in history:
        if change.state in TO_DO and change is not history[-1]:
            steps.append(change)
            continue
        yield TimelineEntry(at=change.at, kind=EntryKind.ACTION, change=change, action=action, steps=tuple(steps))
        steps.clear()


def _folded(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Detections that follow each other and say the same become one."""
    folded: list[TimelineEntry] = []
    for entry in entries:
        last = folded[-1].detection if folded else None
        if last is not None and entry.detection is not None and _says(last) == _says(entry.detection):
            folded[-1] = structs.replace(folded[-1], again=(*folded[-1].again, entry.detection))
        else:
            folded.append(entry)
    return folded


def _says(found: Detection) -> tuple[object, ...]:
    return found.rule, found.subject, found.summary, found.severity, found.mode, found.late


def can_undo(action: ActionRow) -> bool:
    """Whether it stands, and nobody asked to have it undone yet."""
    return action.until is not None and action.undo_by is None and action.state in CAN_BE_UNDONE


def being_undone(action: ActionRow) -> bool:
    """Whether somebody asked to have it undone, and something of it may still be there."""
    return action.until is not None and action.undo_by is not None and action.state in TOUCHED


def _seconds(history: list[HistoryRow]) -> float | None:
    approved = [change.at for change in history if change.state is State.APPROVED]
    confirmed = [change.at for change in history if change.state is State.CONFIRMED]
    if not approved or not confirmed or confirmed[0] < approved[0]:
        return None
    return (confirmed[0] - approved[0]) / SECOND
