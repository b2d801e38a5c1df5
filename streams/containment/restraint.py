"""Whether what nobody approved may be done now: not while acting is stopped, nor above an hour's ceiling."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, Author
from detector.decide.acts import ACTS
from detector.decide.brakes import find_brake, why
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

HOUR = timedelta(hours=1)


class Restraint:
    """Asked before each action that policy approved; what a person approved is never held back.

    `ceilings` are actions an hour and PBX, where that is not what each act says itself. All methods read the journal:
    call them in a thread.
    """

    def __init__(self, journal: Journal, ceilings: Mapping[Act, int] | None = None) -> None:
        self._journal = journal
        self._ceilings = ceilings or {}

    def hold(self, row: ActionRow, now: datetime) -> str | None:
        """Why a person has to be asked before this action; None if it may begin."""
        if row.by != Author.POLICY:
            return None
        return self._braked(row, now) or self._above(row, now)

    def stopped(self, row: ActionRow, now: datetime) -> str | None:
        """Why an action that has begun must not be tried again; None if it may."""
        reason = self._braked(row, now)
        if reason is None or self._journal.brakes.approved_by(row.id) != Author.POLICY:
            return None
        return reason

    def _braked(self, row: ActionRow, now: datetime) -> str | None:
        brakes = self._journal.brakes.in_force(to_micros(now))
        if not brakes:
            return None
        grounds = self._journal.brakes.grounds(row.decision.because)
        brake = find_brake(brakes, row.pbx, row.target, grounds)
        return why(brake) if brake is not None else None

    def _above(self, row: ActionRow, now: datetime) -> str | None:
        most = self._ceilings.get(row.kind, ACTS[row.kind].asks_above)
        if most is None:
            return None
        done = self._journal.brakes.done_since(row.pbx, row.kind, to_micros(now - HOUR), row.id)
        if done < most:
            return None
        return f"{done} of this kind were done on PBX {row.pbx} within an hour, the ceiling is {most}"
