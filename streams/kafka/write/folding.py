"""Folds a flood of refused attempts from one address into one event that counts them."""

from collections.abc import Hashable, Iterable, Sequence
from hashlib import sha256
from typing import TypeGuard

import msgspec
from msgspec.structs import replace

from detector.contract.codec import to_micros
from detector.contract.events import MAX_ACCOUNTS, MAX_COUNT, AnyEvent, Login, Registration

LIMIT = 50
SECOND = 1_000_000
REFUSED = frozenset({"rejected", "challenged"})
KEYED = ("pbx", "outcome", "source_ip", "reason", "party", "method", "surface", "trust", "drill")

Attempt = Registration | Login


class Floods:
    """Counts attempts of one outcome and address in one second of event time; `now` is in seconds of any clock."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._now: dict[Hashable, int] = {}
        self._before: dict[Hashable, int] = {}
        self._turned = 0.0

    def over(self, event: AnyEvent, now: float) -> TypeGuard[Attempt]:
        """Whether it is one too many, to be folded with others like it."""
        if not foldable(event):
            return False
        if now - self._turned >= 1:
            self._before = self._now if now - self._turned < 2 else {}
            self._now, self._turned = {}, now
        flood = flood_of(event)
        seen = self._now.get(flood, self._before.get(flood, 0)) + 1
        self._now[flood] = seen
        return seen > self._limit


def foldable(event: AnyEvent) -> TypeGuard[Attempt]:
    """A refused attempt with an address. What was accepted never is: it must be seen one by one."""
    return isinstance(event, Attempt) and event.outcome in REFUSED and bool(event.source_ip) and not event.revision


def flood_of(event: Attempt) -> Hashable:
    """What folded events have in common, the second of event time among it."""
    return (to_micros(event.at) // SECOND, type(event), *(getattr(event, name, None) for name in KEYED))


def folded(events: Iterable[Attempt]) -> list[Attempt]:
    """One event for each flood among `events`, in the order of their beginnings; the same event twice counts once."""
    floods: dict[Hashable, dict[str, Attempt]] = {}
    for event in events:
        floods.setdefault(flood_of(event), {}).setdefault(event.id, event)
    return [one_of(list(flood.values())) for flood in floods.values()]


def one_of(events: Sequence[Attempt]) -> Attempt:
    """One event for all of one flood: what they do not share is left out, and the id is made from theirs."""
    first = events[0]
    if len(events) == 1:
        return first
    names = dict.fromkeys(name for event in events for name in (event.account, *event.accounts) if name)
    lost = {
        field.name: field.default
        for field in msgspec.structs.fields(first)
        if any(getattr(event, field.name) != getattr(first, field.name) for event in events)
    }
    own = {
        "id": f"fold:{sha256(msgspec.json.encode(sorted(event.id for event in events))).hexdigest()[:32]}",
        "at": max(event.at for event in events),
        "received_at": max((event.received_at for event in events if event.received_at), default=None),
        "count": min(sum(event.count for event in events), MAX_COUNT),
        "account": next(iter(names)) if len(names) == 1 else None,
        "accounts": tuple(names)[:MAX_ACCOUNTS] if len(names) > 1 else (),
    }
    return replace(first, **(lost | own))
