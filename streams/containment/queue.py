"""What was put off because its budget was spent: done by itself when there is room, the gravest first."""

from collections.abc import Collection
from datetime import datetime

from detector.contract.codec import to_micros
from detector.contract.findings import Incident
from detector.contract.vocabulary import STAGES, Author
from streams.containment.budget import Budgets, Spending, find_spending
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

MOST = 5_000
NOBODY_KNOWS = (-1, 0)


def approve_queued(journal: Journal, budgets: Budgets, pbxs: Collection[str], now: datetime) -> int:
    """Approve those for which there is room; the others are looked at again when there may be. How many that were."""
    at = to_micros(now)
    waiting = journal.actions.queued(at, MOST, pbxs)
    if not waiting:
        return 0
    incidents = journal.incidents.each({row.incident for row in waiting})
    waiting.sort(key=lambda row: gravity(incidents.get(row.incident)), reverse=True)
    budgeted: dict[tuple[str, str], Spending] = {}
    approved = 0
    for row in waiting:
        spending = budgeted.get((row.pbx, row.kind))
        if spending is None:
            spending = budgeted[row.pbx, row.kind] = find_spending(journal, budgets, row.kind, row.pbx, now)
        approved += _approve(journal, spending, row, at)
    return approved


def _approve(journal: Journal, spending: Spending, row: ActionRow, at: int) -> bool:
    room_at = spending.room_at(row.target)
    if room_at is not None:
        journal.actions.put_off(row.id, room_at)
        return False
    spending.spend(row.target, at)
    return journal.actions.approve(row.id, Author.POLICY, now=at)


def gravity(incident: Incident | None) -> tuple[int, int]:
    """How far an attack has come and what it costs: who queues for what stops it goes by that."""
    if incident is None:
        return NOBODY_KNOWS
    return STAGES.index(incident.stage), incident.loss.spent + incident.loss.per_minute
