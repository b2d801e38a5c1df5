"""What the first page shows, gathered from the journal and the process: the gravest first, and how much there is."""

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
SHOWN = 50
EARLIER = 5
RECENT = 24 * 3_600 * SECOND
OLD_CHECKPOINT = 60.0


class CardGroup(Struct, frozen=True):
    """What stands now of one kind, newest first; `hidden` more are not shown."""

    act: Act
    title: str
    actions: list[ActionRow]
    hidden: int

    @property
    def sure(self) -> bool:
        """Whether all of it that is shown is confirmed."""
        return not unconfirmed(self.actions)


class Card(Struct, frozen=True):
    """An incident, what stands because of it, and the stages there are signs of."""

    incident: Incident
    standing: list[ActionRow]
    seen: frozenset[Stage]

    @property
    def sure(self) -> list[ActionRow]:
        """What is known to be in force."""
        return [action for action in self.standing if action.state is State.CONFIRMED]

    @property
    def unsure(self) -> list[ActionRow]:
        """What is done and not confirmed."""
        return unconfirmed(self.standing)


class Trouble(Struct, frozen=True):
    """One line of the red bar; `incident` is where to read more."""

    text: str
    error: str | None = None
    incident: str | None = None
    at: int | None = None
    action: ActionRow | None = None


class Board(Struct, frozen=True, kw_only=True):
    """The first page; `live` and `open` count all incidents that are not over, and those not contained, shown or not.

    `asked` counts all that waits for consent, of which `waiting` is shown.
    """

    cards: list[Card]
    live: int
    open: int
    earlier: list[Incident]
    waiting: list[ActionRow]
    asked: int
    working: list[ActionRow]
    groups: list[CardGroup]
    failures: Failures
    titles: dict[str, str]

    @property
    def hidden(self) -> int:
        """How many live incidents are not shown."""
        return max(0, self.live - len(self.cards))

    @property
    def standing(self) -> int:
        """How many things are blocked now, as far as it is known."""
        return sum(len(group.actions) + group.hidden for group in self.groups) - self.unsure

    @property
    def unsure(self) -> int:
        """How many of those that are shown are not confirmed."""
        return sum(len(unconfirmed(group.actions)) for group in self.groups)


def unconfirmed(actions: Sequence[ActionRow]) -> list[ActionRow]:
    """Those that may not be in force: a firewall has not fetched them, or their undoing failed."""
    return [action for action in actions if action.state is not State.CONFIRMED]


def read_board(journal: Journal, now: int) -> Board:
    """Everything the first page shows; blocks, so call it in a thread."""
    counted = journal.incidents.count_live()
    shown = journal.incidents.live(SHOWN)
    blocks = journal.actions.active_blocks()
    rules = journal.incidents.rules([incident.id for incident in shown])
    waiting = journal.actions.waiting(SHOWN)
    because = journal.incidents.some({action.incident for action in waiting})
    return Board(
        cards=[Card(one, _of(blocks, one.id), stages_of(rules.get(one.id, ()))) for one in shown],
        live=sum(counted.values()),
        open=counted[Status.OPEN],
        earlier=journal.incidents.closed(EARLIER),
        waiting=waiting,
        asked=journal.actions.count_waiting(),
        working=journal.actions.in_states(TO_APPLY, SHOWN),
        groups=[_group(act, blocks[act]) for act in ACTS if act in blocks],
        failures=journal.incidents.failures(now - RECENT),
        titles={name: incident.title for name, incident in because.items()},
    )


def troubles(failures: Failures, status: ProcessStatus, guessed: Sequence[tuple[str, int]] = ()) -> list[Trouble]:
    """What the red bar says, worst first; empty when all is well. `guessed` are users whose passwords are guessed."""
    found = [_broken(action) for action in failures.actions]
    found += [
        Trouble(f"Somebody guesses at the console's password of {name}: {failed} logins failed within an hour.")
        for name, failed in guessed
    ]
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
    if not board.live:
        return "All quiet" if quiet else "No attack is seen"
    if board.open:
        return _counted(board.open, "incident") + " open, not contained"
    return _counted(board.live, "incident") + " contained"


def announcement(board: Board, found: Sequence[Trouble], quiet: bool) -> str:
    """What a screen reader says when the page changed."""
    parts = [headline(board, quiet)]
    if board.cards:
        parts.append(f"First: {board.cards[0].incident.title}")
    if board.asked:
        parts.append(_counted(board.asked, "action") + " waiting for approval")
    if found:
        parts.append(_counted(len(found), "failure"))
    return ". ".join(parts) + "."


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _of(blocks: dict[Act, list[ActionRow]], incident_id: str) -> list[ActionRow]:
    return [action for act in ACTS for action in blocks.get(act, []) if action.incident == incident_id]


def _group(act: Act, actions: list[ActionRow]) -> CardGroup:
    newest = actions[::-1]
    return CardGroup(act, ACTS[act].words.title, newest[:SHOWN], max(0, len(newest) - SHOWN))


def _broken(action: ActionRow) -> Trouble:
    return Trouble(TROUBLES[action.state], action.error, action.incident, action.created_at, action)


def _unsent(message: NotificationRow) -> Trouble:
    text = f"Message to {message.channel} not sent: {message.title}"
    return Trouble(text, message.error, message.incident, message.created_at)
