"""How unusual a call is for its extension: when, whereto, how long, how soon after the last, how dear."""

from detector.enrich.dialling.numbers import Klass
from detector.enrich.ledger import Leg
from detector.enrich.scores import Score
from detector.memory.fields import Memory, digest
from models.drift import ONE, Drift
from models.rates import Rates, day_of
from models.scorer import Feature, Scorer, hashed, octave

HOUR = 3_600_000_000
MINUTE = 60_000_000
SECOND = 1_000_000
MINOR = 10_000
"""Units of price in a hundredth of the currency."""
MOST_BITS = 64
MOST = 10**9
HOURS, COUNTRIES, BLOCKS, SPANS, PRICES = 48, 32, 96, 16, 32
KLASSES = {klass.value: place for place, klass in enumerate(Klass)}
FEATURES = (
    Feature("hour", HOURS), Feature("country", COUNTRIES, ordered=False), Feature("class", 16, ordered=False),
    Feature("block", BLOCKS, ordered=False), Feature("duration", SPANS), Feature("gap", SPANS),
    Feature("price", PRICES),
)  # fmt: skip
WARM = 200
"""Calls of the PBX before anything is said."""


class Calls:
    """The scorer over calls that go out. Extensions of one PBX are peers.

    Hours are those of a day of work or of a day off. Countries and blocks are hashed into cells; calls at home share
    one of each. Durations, gaps and prices are counted by powers of two. Beside it the rates of the PBX, and
    whether its scores drift.
    """

    def __init__(self) -> None:
        self._scorer = Scorer("calls", FEATURES, warm=WARM)
        self._rates = Rates("rates")
        self._drift = Drift("model drift")

    def score(self, memory: Memory, leg: Leg, season: int) -> Score:
        """How unusual; what is learned of it later is found here."""
        score = self._scorer.score(memory, leg.extension, "", self._cells(memory, leg, season))
        score.excess = self._rates.score(memory, "", leg.started // HOUR, season, *added(leg))
        score.drifted = self._drift.noticed(memory, "")
        return score

    def learn(self, memory: Memory, leg: Leg, season: int, score: Score) -> None:
        """Count it."""
        self._scorer.learn(memory, leg.extension, "", score, note=max(leg.started // MINUTE, 0))
        self._rates.learn(memory, "", leg.started // HOUR, season, *added(leg))
        self._drift.learn(memory, "", min(round(score.bits * ONE / MOST_BITS), ONE), leg.started)

    def _cells(self, memory: Memory, leg: Leg, season: int) -> tuple[int | None, ...]:
        last = self._scorer.noted(memory, leg.extension)
        risky = leg.abroad or leg.costly
        return (
            day_of(season),
            hashed(leg.country, COUNTRIES) if leg.abroad else 0,
            KLASSES.get(leg.klass, 0),
            hashed(leg.block, BLOCKS) if risky else 0,
            octave(leg.talk // SECOND, SPANS),
            octave(leg.started // MINUTE - last, SPANS) if last else None,
            octave(leg.price, PRICES),
        )  # fmt: skip


def added(leg: Leg) -> tuple[tuple[int, int, int, int], int]:
    """What a call adds to its hour: itself, minutes, minor units of money, a failure; and its destination."""
    minutes, cost = leg.talk // MINUTE, leg.price * leg.talk // MINUTE // MINOR
    return (1, min(minutes, MOST), min(cost, MOST), not leg.answered), digest(leg.destination) // 2
