"""What the calls of an attack cost, by the PBX's own prices, whether any rule took note of them or not."""

from collections.abc import Iterable
from datetime import datetime
from math import ceil

from msgspec import Struct

from detector.contract.events import AnyEvent, Call
from detector.enrich.premises import Premises
from detector.enrich.tariff import Price, Tariff


class Charge(Struct, frozen=True):
    """One answered call to the outside."""

    answered: datetime
    talk: float
    price: Price


class Bill(Struct, frozen=True):
    """All charges of an attack."""

    tariff: Tariff
    charges: tuple[Charge, ...]

    def until(self, at: datetime | None) -> int:
        """Minor units of money gone by then, calls that are up included; None is in all."""
        return sum(self.tariff.cost(one.price, ceil(spoken(one, at))) for one in self.charges)


def spoken(one: Charge, at: datetime | None) -> float:
    """Seconds talked by then."""
    return one.talk if at is None else max(0.0, min(one.talk, (at - one.answered).total_seconds()))


def bill(events: Iterable[AnyEvent], site: Premises) -> Bill:
    """The charges of these events' calls; each is known in full when it ends."""
    charges = (
        Charge(event.answered_at, event.talk, site.tariff.price(site.plan.read(event.to or "")))
        for event in events if isinstance(event, Call) and event.phase == "ended" and event.direction == "outbound"
        and event.answered_at is not None and event.talk
    )  # fmt: skip
    return Bill(site.tariff, tuple(charges))
