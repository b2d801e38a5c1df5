"""What enrichment knows of one event, ready for every detector."""

from detector.contract.findings import Subject
from detector.contract.vocabulary import Direction, Severity
from detector.enrich.addresses import Place
from detector.enrich.blocklists import BlockListing
from detector.enrich.dialling.numbers import Number, NumberPlan
from detector.enrich.fleet_list import Listed
from detector.enrich.ledger import Ledger, Leg
from detector.enrich.scores import Score
from detector.memory.doubts import HISTORY
from detector.memory.timers import Timers
from detector.settings import PbxProfile

INBOUND = Direction.INBOUND
NEW_COUNTRY = 3
"""A country is new that was usual on fewer earlier days."""


class Facts:
    """One event as enrichment sees it. Times in microseconds.

    What holds of most events is left at the class's defaults, for one is made of each event.

    `extension` is who is charged (the forwarder of a forwarded call), `place` the source address, `number` the
    destination of an outbound call, `leg` its entry in the ledger. `opened`, `answered_now`, `ended_now`, `located`
    (its address became known), `routed` (its route did) and `recharged` (it had ended, and only now it is known who
    sent it on) say what this event did to the leg; `open_hours`, where it opened one, whether that began within them;
    `billable` that it goes out and is neither internal nor an emergency call, `risky` that it is billable and goes
    abroad or to a costly number;
    `dropped` is a leg that the full ledger gave up for this one. `known_place`: this account was accepted from this
    address on an earlier day; `at_home`: or it, or several others, before the incident about this address began, or
    the address is that to which an office has `moved`.
    `suspect_source`, `suspect_extension`: they were seen breaking in, in an incident that is open; `broken_in`: one
    that is more than somebody who came in from a new place, `guesser`: passwords were guessed from that address.
    `standing_for`: what stands for this source address in such an incident, where it is not named by itself.
    `novelty` is the score of a new place, None while its model is cold; `score` that of a call that ended and is
    billable, of an accepted login, or of an accepted registration in which something is new, before it is learned; and
    `season` the hour of the week in which that began.
    `fleet_source` and `fleet_block`: several PBXs saw this source address attack, or calls of attackers to this block
    of numbers.
    `listed`: a block list of the operator names the source address; `host_names` of deny and allow lists stand for it.
    `block_days`: on how many days of the last weeks honest calls went to this block of numbers abroad, or costly, where
    that makes it usual for this caller (see `habits.py`), and `block_callers` from how many extensions;
    `country_days` the same of its country; `watched_days` on how many earlier days any call went out, up to 8.
    `came_from`: the countries from which a suspect extension was entered. `plan` reads numbers as this PBX does.
    """

    extension: str = ""
    place: Place | None = None
    number: Number | None = None
    leg: Leg | None = None
    dropped: Leg | None = None
    opened: bool = False
    ended_now: bool = False
    located: bool = False
    routed: bool = False
    recharged: bool = False
    billable: bool = False
    risky: bool = False
    answered_now: bool = False
    open_hours: bool = True
    known_place: bool = False
    at_home: bool = False
    moved: bool = False
    guesser: bool = False
    suspect_source: bool = False
    suspect_extension: bool = False
    standing_for: Subject | None = None
    broken_in: bool = False
    novelty: float | None = None
    score: Score | None = None
    season: int = 0
    fleet_source: Listed | None = None
    fleet_block: Listed | None = None
    listed: BlockListing | None = None
    host_names: frozenset[str] = frozenset()
    block_days: int = 0
    block_callers: int = 0
    country_days: int = 0
    came_from: frozenset[str] = frozenset()
    watched_days: int = 0

    @property
    def inbound(self) -> bool:
        """Whether it is a call from outside: extension and address are not those of who makes it."""
        return self.leg is not None and self.leg.direction == INBOUND

    def new_block(self, days: int) -> bool:
        """Whether this block of numbers is usual for the caller since fewer than `days` days."""
        return self.leg is not None and bool(self.leg.block) and self.block_days < days

    @property
    def history(self) -> bool:
        """Whether it came so late that nothing is done about it."""
        return self.timers.doubts & HISTORY > 0

    @property
    def area(self) -> str:
        """What is counted together: the block of numbers, but all of a country to which calls are new."""
        if self.leg is None:
            return ""
        return self.leg.land if self.new_country else self.leg.block

    @property
    def new_country(self) -> bool:
        """Whether calls to this country are new."""
        return self.leg is not None and bool(self.leg.land) and self.country_days < NEW_COUNTRY

    def sure(self, days: int, most: Severity = Severity.CRITICAL) -> Severity:
        """How bad it is that something is new here, `most` where it can be told.

        Where calls are known of fewer than `days` earlier days everything is new: by day that is only information.
        """
        if self.watched_days >= days:
            return most
        return Severity.WARNING if self.leg is not None and self.leg.closed else Severity.INFO

    @property
    def caller(self) -> str:
        """Who is charged, to begin a sentence with."""
        return f"Extension {self.extension}" if self.extension else "Somebody outside"

    def __init__(self, at: int, profile: PbxProfile, plan: NumberPlan, ledger: Ledger, timers: Timers) -> None:
        self.at = at
        self.profile = profile
        self.plan = plan
        self.ledger = ledger
        self.timers = timers
