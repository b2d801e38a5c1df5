"""How many actions of one kind may be done to one PBX before a person has to look."""

from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

WINDOW = timedelta(hours=1)
LOOK_BACK = 2_000
DONE = (State.APPLYING, State.APPLIED, State.CONFIRMED, State.UNDONE, State.DRIFTED, State.UNDO_FAILED)
BY_ITSELF = "policy"


class Budgets(Struct, frozen=True, kw_only=True):
    """Actions an hour and PBX; `hang_up` and `restrict_extension` have none, so decoys cannot spend it."""

    block_ip: int = 30
    block_number: int = 10
    reset_registration: int = 10
    lock_route: int = 3
    disable_trunk: int = 1
    backup_pbx: int = 6

    def of(self, act: Act) -> int | None:
        """The budget of a kind of action; None is unlimited."""
        limit = getattr(self, act.value, None)
        return limit if isinstance(limit, int) else None


def spent(journal: Journal, budgets: Budgets, row: ActionRow, now: datetime) -> bool:
    """Whether `row` would be one too many; what a person approved is never."""
    limit = budgets.of(row.kind)
    if limit is None or row.by != BY_ITSELF:
        return False
    since = to_micros(now - WINDOW)
    done = [
        other
        for other in journal.actions.in_states(DONE, LOOK_BACK, row.pbx)
        if other.kind is row.kind and other.created_at > since and other.id != row.id
    ]
    return len(done) >= limit
