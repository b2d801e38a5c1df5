"""All memory of one PBX."""

from detector.correlate.case import Cases
from detector.correlate.evidence import Dossiers
from detector.enrich.ledger import Ledger
from detector.memory.fields import HistoryMemory, Memory
from detector.memory.seen import Seen
from detector.memory.timers import Timers


class PbxState:
    """Everything remembered of one PBX; its fire drills have a memory of their own.

    `history` is `memory` as rules see it while they look at what is history by now.
    `now` is its event time in microseconds, -1 before the first event; `advanced`, that it is later than when this was
    last saved.
    """

    __slots__ = (
        "advanced",
        "cases",
        "dossiers",
        "drill",
        "history",
        "ledger",
        "memory",
        "now",
        "pbx",
        "seen",
        "timers",
    )

    def __init__(self, pbx: str, drill: bool) -> None:
        self.pbx = pbx
        self.drill = drill
        self.now = -1
        self.advanced = False
        self.timers = Timers()
        self.seen = Seen()
        self.memory = Memory()
        self.history = HistoryMemory(self.memory)
        self.ledger = Ledger()
        self.cases = Cases()
        self.dossiers = Dossiers()

    def advance(self, at: int) -> None:
        """Event time has come to `at`."""
        self.now = at
        self.advanced = True

    def entities(self) -> int:
        """How many subjects, calls and incidents are remembered."""
        return len(self.memory) + len(self.ledger.legs) + len(self.cases.by_id)
