"""What enrichment knows of one event, ready for every detector."""

from collections.abc import Callable

from detector.enrich.addresses import Place
from detector.enrich.ledger import Ledger, Leg
from detector.enrich.numbers import Number
from detector.settings import PbxProfile

Wake = Callable[[str, str, int], None]


class Facts:
    """One event as enrichment sees it. Times in microseconds.

    `extension` is who is charged (the forwarder of a forwarded call), `place` the source address, `number` the
    destination of an outbound call, `leg` its entry in the ledger. `opened`, `answered_now` and `ended_now` say what
    this event did to the leg; `billable` that it goes out and is neither internal nor an emergency call; `dropped` is
    a leg that the full ledger gave up for this one. `known_place`: this account was accepted from this address on an
    earlier day. `suspect_source`, `suspect_extension`: they were seen breaking in, in an incident that is open.
    `novelty` is the score of a new place, None while its model is cold.
    """

    __slots__ = (
        "answered_now", "at", "billable", "dropped", "ended_now", "extension", "known_place", "ledger", "leg",
        "novelty", "number", "open_hours", "opened", "place", "profile", "suspect_extension", "suspect_source", "wake",
    )  # fmt: skip

    def __init__(self, at: int, profile: PbxProfile, ledger: Ledger, wake: Wake) -> None:
        self.at = at
        self.profile = profile
        self.ledger = ledger
        self.wake = wake
        self.extension = ""
        self.place: Place | None = None
        self.number: Number | None = None
        self.leg: Leg | None = None
        self.dropped: Leg | None = None
        self.opened = False
        self.ended_now = False
        self.billable = False
        self.answered_now = False
        self.open_hours = True
        self.known_place = False
        self.suspect_source = False
        self.suspect_extension = False
        self.novelty: float | None = None
