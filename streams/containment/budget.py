"""How many actions of one kind may be done to one PBX before a person has to look."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.lifecycle import SPENDS
from detector.contract.vocabulary import Act, Author
from detector.decide.acts import ACTS
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

WINDOW = timedelta(hours=1)
LOOK_BACK = 2_000


class Budgets(Struct, frozen=True):
    """Actions an hour and PBX: what is `changed`, and the rest as each act says itself."""

    changed: Mapping[Act, int] = {}

    def of(self, act: Act) -> int | None:
        """The budget of a kind of action; None is unlimited, so that decoys cannot spend it."""
        usual = ACTS[act].hourly
        return usual if usual is None else self.changed.get(act, usual)


def spent(journal: Journal, budgets: Budgets, row: ActionRow, now: datetime) -> bool:
    """Whether `row` would be one too many; what a person approved is never."""
    limit = budgets.of(row.kind)
    if limit is None or row.by != Author.POLICY:
        return False
    since = to_micros(now - WINDOW)
    done = [
        other
        for other in journal.actions.in_states(SPENDS, LOOK_BACK, row.pbx)
        if other.kind is row.kind and other.created_at > since and other.id != row.id
    ]
    return len(done) >= limit
