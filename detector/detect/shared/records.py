"""What rules share that count calls at once: what their number rests on, and how those count that records tell of."""

from collections.abc import Iterable

from detector.contract.codec import from_micros
from detector.contract.events import Event
from detector.contract.vocabulary import Basis
from detector.detect.shared.attempts import vouched
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.doubts import HISTORY, TEXT
from detector.memory.fields import digest
from detector.memory.spans import Span

LOOK_BACK = 6 * 3_600 * 1_000_000
"""Microseconds: what ended before that is no neighbour of a call that ends now, if that is no longer than most."""
TOLD, FRESH = 1, 2
"""Bits of `Span.about`: something better than free text vouches for it; it came while it could still be acted on."""
BITS = 2


def recorded(leg: Leg, facts: Facts) -> bool:
    """Whether the record of a call is all that was heard of it, or of where it went, and the call took time."""
    return facts.opened and facts.ended_now and leg.ended > leg.started


def span_of(leg: Leg, event: Event, facts: Facts, about: int = 0) -> Span:
    """When the call held its line; `about` is what a rule wants to know of it later, at most 61 bits."""
    provenance = (TOLD if vouched(event) else 0) | (0 if facts.history else FRESH)
    return Span(leg.started, leg.ended, digest(leg.call_id), about << BITS | provenance)


def basis_of(calls: Iterable[Span], limit: int) -> Basis | None:
    """What so many calls rest on: history and free text count, but alone they contain nobody."""
    calls = list(calls)
    for bit, weak in ((TOLD, Basis.TEXT), (FRESH, Basis.DERIVED)):
        if sum(bool(call.about & bit) for call in calls) < limit:
            return weak
    return None


def rest_on(legs: Iterable[Leg], limit: int) -> Basis | None:
    """The same of calls that are up, which may be known from free text or history only."""
    calls = {(leg.call_id, leg.doubts & (TEXT | HISTORY)) for leg in legs}
    for doubt, weak in ((TEXT, Basis.TEXT), (HISTORY, Basis.DERIVED)):
        if len({call for call, doubts in calls if not doubts & doubt}) < limit:
            return weak
    return None


def instant(moment: int) -> str:
    """A moment as text: a record tells of it when it is over."""
    return from_micros(moment).isoformat()
