"""How unusual it is that somebody comes in: a login, or a registration in which something is new."""

from datetime import datetime

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import Surface
from detector.enrich.addresses import Place
from detector.enrich.scores import Score
from detector.memory.fields import Memory
from models.places import unversioned
from models.rates import day_of
from models.scorer import Feature, Scorer, hashed, octave

HOURS, SPANS, COUNTRIES, NETWORKS, AGENTS = 48, 16, 32, 64, 64
PHONE = "phone"
SURFACES = {
    name: place
    for place, name in enumerate(
        (
            PHONE,
            Surface.WEB,
            Surface.LINKUS_DESKTOP,
            Surface.LINKUS_MOBILE,
            Surface.LINKUS_WEB,
            Surface.API,
            Surface.SSH,
            Surface.AMI,
            Surface.LDAP,
        )
    )
}
FEATURES = (
    Feature("hour", HOURS), Feature("gap", SPANS), Feature("country", COUNTRIES, ordered=False),
    Feature("network", NETWORKS, ordered=False), Feature("agent", AGENTS, ordered=False),
    Feature("surface", len(SURFACES) + 1, ordered=False),
)  # fmt: skip
WARM = 100
"""Arrivals at the PBX before anything is said."""


class Arrivals:
    """The scorer over those who are let in, for each account. Accounts of one PBX are peers.

    Countries, networks and user agents without their digits are hashed into cells, the LAN has one of its own; the gap
    since the account came in last is counted by powers of two.
    """

    def __init__(self) -> None:
        self._scorer = Scorer("arrivals", FEATURES, warm=WARM)

    def score(self, memory: Memory, account: str, event: Login | Registration, place: Place, season: int) -> Score:
        """How unusual; what is learned of it later is found here."""
        return self._scorer.score(memory, account, "", self._cells(memory, account, event, place, season))

    def learn(self, memory: Memory, account: str, at: datetime, score: Score) -> None:
        """Count it."""
        self._scorer.learn(memory, account, "", score, note=minutes(at))

    def _cells(
        self, memory: Memory, account: str, event: Login | Registration, place: Place, season: int
    ) -> tuple[int | None, ...]:
        last = self._scorer.noted(memory, account)
        agent = unversioned(event.user_agent or "")
        surface = PHONE if isinstance(event, Registration) else event.surface or ""
        return (
            day_of(season),
            octave(minutes(event.at) - last, SPANS) if last else None,
            0 if place.private else hashed(place.country or "", COUNTRIES),
            0 if place.private else hashed(place.network, NETWORKS),
            hashed(agent, AGENTS) if agent else None,
            SURFACES.get(surface, len(SURFACES)),
        )


def minutes(at: datetime) -> int:
    """Since 1970, not before."""
    return max(int(at.timestamp()) // 60, 0)
