"""What models say of a call, as the engine and its detectors know it; the models themselves are passed in."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from detector.contract.events import Login, Registration
from detector.enrich.addresses import Place
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory


class Excess(Struct, frozen=True):
    """What of the PBX's hour is more than `expected`, by how many times the usual spread.

    `ramp`: how many times over the baseline of the last months that of the last weeks is; 0 while that is not known.
    """

    name: str
    amount: float
    expected: float
    spreads: float
    ramp: float


class Score(Struct):
    """`bits` is the sum of `parts`: how many times rarer than usual each feature is, as a power of two.

    `share`: of the peers' earlier observations that were as unusual, 1 while it is cold. `cells`: what is to be
    learned, None where a feature is missing. `excess`: what of the PBX's hour is unusual with this call.
    `drifted`: when what is usual was last noticed to drift, in microseconds; 0 for never.
    """

    bits: float
    share: float
    parts: dict[str, float]
    cells: tuple[int | None, ...]
    excess: tuple[Excess, ...] = ()
    drifted: int = 0


class PlaceModel(Protocol):
    """How new a place is for an account; see `models/places.py`."""

    def score(self, memory: Memory, account: str, place: Place, agent: str | None) -> float | None:
        """0 to 1, None while cold."""
        ...

    def learn(self, memory: Memory, account: str, place: Place, agent: str | None) -> None:
        """From now on this place is known."""
        ...


class CallModel(Protocol):
    """How unusual a call is that has ended; see `models/calls.py`."""

    def score(self, memory: Memory, leg: Leg, season: int) -> Score:
        """For its extension; `season` is the local hour of the week in which it began, a holiday a Sunday."""
        ...

    def learn(self, memory: Memory, leg: Leg, season: int, score: Score) -> None:
        """From now on such a call is a little more usual."""
        ...


class ArrivalModel(Protocol):
    """How unusual it is that somebody is let in; see `models/arrivals.py`."""

    def score(self, memory: Memory, account: str, event: Login | Registration, place: Place, season: int) -> Score:
        """For an account; `season` is the local hour of the week, a holiday a Sunday."""
        ...

    def learn(self, memory: Memory, account: str, at: datetime, score: Score) -> None:
        """From now on that is a little more usual."""
        ...


class Models(Protocol):
    """Those that can be left out."""

    @property
    def calls(self) -> CallModel:
        """Of calls that go out."""
        ...

    @property
    def arrivals(self) -> ArrivalModel:
        """Of those who are let in."""
        ...
