"""What risky calls have cost until now, those that are up included, for the rules that limit it."""

from collections.abc import Iterable

from detector.enrich.habits import is_usual
from detector.enrich.ledger import Leg
from detector.enrich.tariff import UNIT, started
from detector.memory.doubts import HISTORY, TEXT
from detector.memory.fields import Memory

SECOND = 1_000_000
DAY = 86_400 * SECOND
MINUTE = 60 * SECOND


def risky(legs: Iterable[Leg]) -> list[Leg]:
    """Those that are up, answered, and go abroad or to costly numbers."""
    return [leg for leg in legs if leg.up and leg.answered and (leg.abroad or leg.costly)]


def cost(leg: Leg, at: int) -> int:
    """Micro-units of the currency that a leg has cost until `at`."""
    return started(leg.increment, -(-leg.talked(at) // SECOND)) * leg.price // 60


def is_strange(leg: Leg, memory: Memory, at: int) -> bool:
    """Whether a call goes where calls do not go every day, and better is known of it than free text or history."""
    return not goes_as_usual(leg, memory, at) and not leg.doubts & (TEXT | HISTORY)


def goes_as_usual(leg: Leg, memory: Memory, at: int) -> bool:
    """Whether calls go there every day: to this block of numbers, or to its country where that is not costly."""
    return leg.familiar or (not leg.costly and is_usual(memory, leg.country, leg.extension, at))


def rate(legs: Iterable[Leg]) -> int:
    """Micro-units a minute."""
    return sum(leg.price for leg in legs)


def micro(units: float) -> int:
    """Micro-units of an amount of the currency."""
    return round(units * UNIT)


def whole(micro_units: int) -> float:
    """An amount of the currency, to the hundredth."""
    return round(micro_units / UNIT, 2)
