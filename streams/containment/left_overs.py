"""What stands where nobody of these settings can undo it: on a PBX, or with an enforcer, that was taken out of them."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

import structlog

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import Notice
from detector.contract.findings import FOREVER
from detector.contract.vocabulary import Act, Level, SourceNotice, State
from detector.decide.acts import ACTS, said
from streams.config.installation import Installation
from streams.containment.actions.keep_out import OWN, names_in
from streams.runtime.clock import micros_now
from streams.runtime.ingest import Delivery, Ingest, SourceStatus
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow
from streams.store.store_errors import UnavailableError

EVERY = 30.0
HAND_OVER = "put it back into the settings, and what is due is undone within a minute"

log = structlog.get_logger(__name__)


class LeftOvers:
    """Looks for what stands and nobody here can undo; says so at the start, in `problems`, and with each that is due.

    What is due stays so: it is undone as soon as who can do it is in the settings again. Without `ingest` somebody else
    tells the log of it.
    """

    def __init__(
        self,
        journal: Journal,
        settings: Installation,
        ingest: Ingest | None = None,
        *,
        now: Callable[[], int] = micros_now,
    ) -> None:
        self._journal = journal
        self._ingest = ingest
        self._pbxs = {pbx.id for pbx in settings.pbxs}
        self._enforcers = settings.enforcers.named().keys()
        self._now = now
        self._said: set[tuple[str, bool]] = set()
        self.problems: list[str] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                notices = await asyncio.to_thread(self.look)
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
                notices = []
            if self._ingest is not None:
                for notice in notices:
                    await Delivery(self._ingest, SourceStatus(notice.source or "", notice.pbx)).hand_over([notice])
            await asyncio.sleep(EVERY)

    def look(self) -> list[Notice]:
        """Say what has come about, and what the log is to be told; blocks, so call it in a thread."""
        found = find_left_overs(self._journal, self._pbxs, self._enforcers)
        now, notices = self._now(), []
        for row, why in found:
            due = row.undo_due(now)
            if row.pbx not in self._pbxs and row.error != why:
                self._journal.actions.move(row.id, {row.state}, row.state, by=row.by, now=now, error=why, waits=True)
            if (row.id, due) in self._said:
                continue
            self._said.add((row.id, due))
            say = "due, and nobody here can undo it" if due else "nobody here could undo it"
            log.warning(say, action=row.id, pbx=row.pbx, why=why)
            if due:
                notices.append(notice_of(row, why, now))
        self.problems = [why for _, why in found]
        self._forget(found, now)
        return notices

    def _forget(self, found: Sequence[tuple[ActionRow, str]], now: int) -> None:
        """Nobody is waited for any more with what stands on a PBX that is back."""
        left = {row.id for row, _ in found}
        for row in self._journal.actions.to_be_undone():
            if row.waits and row.state is State.CONFIRMED and row.id not in left and not row.undo_due(now):
                self._journal.actions.move(row.id, {row.state}, row.state, by=row.by, now=now)


def find_left_overs(
    journal: Journal, pbxs: Collection[str], enforcers: Collection[str]
) -> list[tuple[ActionRow, str]]:  # fmt: skip
    """Actions that may still be there and that nobody who has only these could undo, each with what to do about it."""
    standing = journal.actions.to_be_undone()
    return [(row, why) for row in standing if (why := reason_left(row, pbxs, enforcers)) is not None]


def notice_of(row: ActionRow, why: str, now: int) -> Notice:
    """What the log is told of an action that is due."""
    at = from_micros(now)
    return Notice(
        pbx=row.pbx, id=f"left:{row.id}:{now}", at=at, received_at=at, source=row.id, name=SourceNotice.LEFT,
        level=Level.WARNING, text=why,
    )  # fmt: skip


def reason_left(row: ActionRow, pbxs: Collection[str], enforcers: Collection[str]) -> str | None:
    """Why nobody could undo it; None if somebody can."""
    if row.pbx not in pbxs:
        return f"PBX {row.pbx} is not in the settings any more, and there {deed(row)}: {HAND_OVER}; or {by_hand(row)}"
    if row.kind is Act.BLOCK_IP and (gone := sorted(names_in(row.handle) - {OWN, *enforcers})):
        names = " and ".join(gone)
        return (
            f"{names} is no enforcer in the settings any more, and {deed(row)} by it: name it again, or {by_hand(row)}"
        )
    return None


def deed(row: ActionRow) -> str:
    """What stands and until when, within a sentence."""
    until = row.until if row.until is not None and row.until < to_micros(FOREVER) else None
    stands = said(ACTS[row.kind].words.done, row.target)
    return f"{stands} stands" + (f" until {from_micros(until):%Y-%m-%d %H:%M} UTC" if until is not None else "")


def by_hand(row: ActionRow) -> str:
    """What a person has to see to."""
    return f"see to it by hand: {said(ACTS[row.kind].words.undone, row.target)}"


def in_lines(found: Iterable[tuple[ActionRow, str]]) -> list[str]:
    """What `check` prints."""
    return [f"attention: {why}" for _, why in found]
