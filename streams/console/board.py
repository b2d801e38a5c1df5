"""What the first page shows, gathered from the journal and the process."""

from collections.abc import Sequence

from msgspec import Struct

from detector.contract.findings import Incident
from detector.contract.lifecycle import TO_APPLY
from detector.contract.vocabulary import Act, Severity, Stage, State, Status
from detector.decide.acts import ACTS
from streams.console.advice import stages_of
from streams.console.ports import ProcessStatus as ProcessStatus
from streams.console.wording import TROUBLES
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow, Failures, NotificationRow

SECOND = 1_000_000
LIVE = 200
SHOWN = 50
EARLIER = 5
RECENT = 24 * 3_600 * SECOND
OLD_CHECKPOINT = 60.0
GRAVITY = tuple(reversed(Severity))


class CardGroup(Struct, frozen=True):
    """What stands now of one kind, newest first; `hidden` more are not shown."""

    act: Act
    title: str
    actions: list[ActionRow]
    hidden: int


class Card(Struct, frozen=True):
    """An incident, what stands because of it, and the stages there are signs of."""

    incident: Incident
    standing: list[ActionRow]
    seen: frozenset[Stage]


class Trouble(Struct, frozen=True):
    """One line of the red bar; `incident` is where to read more."""

    text: str
    error: str | None = None
    incident: str | None = None
    at: int | None = None
    action: ActionRow | None = None


class Board(Struct, frozen=True, kw_only=True):
    """The first page."""

    cards: list[Card]
    hidden: int
    earlier: list[Incident]
    waiting: list[ActionRow]
    working: list[ActionRow]
    groups: list[CardGroup]
    failures: Failures
    titles: dict[str, str]

    @property
    def standing(self) -> int:
        """How many things are blocked now."""
        return sum(len(group.actions) + group.hidden for group in self.groups)

    @property
    def open(self) -> int:
        """How many incidents shown are not contained."""
        return sum(card.incident.status is Status.OPEN for card in self.cards)


def read_board(journal: Journal, now: int) -> Board:
    """Everything the first page shows; blocks, so call it in a thread."""
    live = journal.incidents.newest(LIVE, Status.OPEN) + journal.incidents.newest(LIVE, Status.CONTAINED)
    blocks = journal.actions.active_blocks()
    shown = sorted(live, key=_urgency)[:SHOWN]
    rules = journal.incidents.rules([incident.id for incident in shown])
    cards = [Card(one, _of(blocks, one.id), stages_of(rules.get(one.id, ()))) for one in shown]
    return Board(
        cards=cards,
        hidden=len(live) - len(cards),
        earlier=journal.incidents.closed(EARLIER),
        waiting=[action for action in journal.actions.in_states({State.REQUESTED}, SHOWN) if not action.drill],
        working=journal.actions.in_states(TO_APPLY, SHOWN),
        groups=[_group(act, blocks[act]) for act in ACTS if act in blocks],
        failures=_current(journal.incidents.failures(), {incident.id for incident in live}, now),
        titles={incident.id: incident.title for incident in live},
    )


def troubles(failures: Failures, status: ProcessStatus) -> list[Trouble]:
    """What the red bar says, worst first; empty when all is well."""
    found = [_broken(action) for action in failures.actions]
    found += [_unsent(message) for message in failures.notifications]
    found += [
        Trouble(
            f"Not connected: {source.name} of PBX {source.pbx}. Attacks on it are not seen.",
            source.problem,
            at=source.last_event_at,
        )
        for source in status.sources
        if not source.connected
    ]
    found += [Trouble(problem) for problem in status.problems]
    if status.detector_errors:
        found.append(Trouble(f"Detector errors: {status.detector_errors:,}. Some attacks may not be seen."))
    if status.checkpoint_age is not None and status.checkpoint_age > OLD_CHECKPOINT:
        found.append(Trouble(f"Nothing was saved for {status.checkpoint_age:,.0f} seconds."))
    return found


def mood(board: Board, quiet: bool) -> str:
    """How the first page looks: `quiet`, `held`, `warn`, or `bad` when something critical is not contained."""
    if board.open:
        return "bad" if board.cards[0].incident.severity is Severity.CRITICAL else "warn"
    return "held" if board.cards else "quiet" if quiet else "warn"


def headline(board: Board, quiet: bool) -> str:
    """The page in one sentence. Who sees nothing must not say that all is quiet."""
    live = len(board.cards) + board.hidden
    if not live:
        return "All quiet" if quiet else "No attack is seen"
    if board.open:
        return _counted(board.open, "incident") + " open, not contained"
    return _counted(live, "incident") + " contained"


def announcement(board: Board, found: Sequence[Trouble], quiet: bool) -> str:
    """What a screen reader says when the page changed."""
    parts = [headline(board, quiet)]
    if board.cards:
        parts.append(f"First: {board.cards[0].incident.title}")
    if board.waiting:
        parts.append(_counted(len(board.waiting), "action") + " waiting for approval")
    if found:
        parts.append(_counted(len(found), "failure"))
    return ". ".join(parts) + "."


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _urgency(incident: Incident) -> tuple[bool, int, float]:
    contained = incident.status is not Status.OPEN
    return contained, GRAVITY.index(incident.severity), -incident.opened_at.timestamp()


def _of(blocks: dict[Act, list[ActionRow]], incident_id: str) -> list[ActionRow]:
    return [action for act in ACTS for action in blocks.get(act, []) if action.incident == incident_id]


def _group(act: Act, actions: list[ActionRow]) -> CardGroup:
    newest = actions[::-1]
    return CardGroup(act, ACTS[act].words.title, newest[:SHOWN], max(0, len(newest) - SHOWN))


def _current(failures: Failures, live: set[str], now: int) -> Failures:
    """Failures somebody has yet to deal with: a bar that is always red is not seen any more."""
    return Failures(
        actions=[a for a in failures.actions if a.state is not State.FAILED or a.incident in live],
        notifications=[
            message
            for message in failures.notifications
            if message.incident in live or (message.incident is None and now - message.created_at < RECENT)
        ],
    )


def _broken(action: ActionRow) -> Trouble:
    return Trouble(TROUBLES[action.state], action.error, action.incident, action.created_at, action)


def _unsent(message: NotificationRow) -> Trouble:
    text = f"Message to {message.channel} not sent: {message.title}"
    return Trouble(text, message.error, message.incident, message.created_at)
