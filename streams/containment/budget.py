"""How many actions of one kind may be done to one PBX before a person has to look."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, SubjectKind
from detector.decide.acts import ACTS
from detector.decide.guard import WIDEST_V4, WIDEST_V6, block_range
from streams.store.journal.journal import Journal
from streams.store.rows import BegunAction

WINDOW = timedelta(hours=1)
WINDOW_MICROS = WINDOW // timedelta(microseconds=1)


class Budgets(Struct, frozen=True):
    """Actions an hour and PBX: what is `changed`, and the rest as each act says itself."""

    changed: Mapping[Act, int] = {}

    def of(self, act: Act) -> int | None:
        """The budget of a kind of action; None is unlimited, so that decoys cannot spend it."""
        usual = ACTS[act].hourly
        return usual if usual is None else self.changed.get(act, usual)


class Spending:
    """What of one budget is spent: whose, and when last. One customer's addresses are one, however many they are."""

    def __init__(self, limit: int | None, begun: Iterable[BegunAction]) -> None:
        self._limit = limit
        self._last: dict[str, int] = {}
        for one in begun:
            self.spend(one.target, one.at)

    def spend(self, target: Subject, at: int) -> None:
        """One more was begun."""
        whose = name_customer(target)
        self._last[whose] = max(at, self._last.get(whose, at))

    def room_at(self, target: Subject) -> int | None:
        """When there is room for `target`, if nobody else is faster; None is now."""
        if self._limit is None or name_customer(target) in self._last or len(self._last) < self._limit:
            return None
        leaving = len(self._last) - self._limit
        return sorted(self._last.values())[leaving] + WINDOW_MICROS


def find_spending(journal: Journal, budgets: Budgets, act: Act, pbx: str, now: datetime, *, but: str = "") -> Spending:
    """What the budget of `act` on `pbx` has been spent for within the window, the action `but` left out."""
    limit = budgets.of(act)
    if limit is None:
        return Spending(None, ())
    since = to_micros(now - WINDOW)
    return Spending(limit, (one for one in journal.actions.begun(act, pbx, since) if one.action != but))


def name_customer(target: Subject) -> str:
    """Whom a target belongs to at most: of an address, the widest range that may be blocked at all."""
    if target.kind is not SubjectKind.SOURCE_IP:
        return f"{target.kind}\x1f{target.id}"
    network = block_range(target.id)
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    return str(network.supernet(new_prefix=widest) if network.prefixlen > widest else network)
