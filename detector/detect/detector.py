"""The contract of a detector: one rule, its limits, what it reads, and when it fires."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct

from detector.contract.events import Call, Event
from detector.contract.findings import Subject, Value
from detector.contract.kinds import AttackKind
from detector.contract.visibility import Want
from detector.contract.vocabulary import AccessOutcome, Basis, Mode, Severity, Stage, SubjectKind
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params

E = TypeVar("E", bound=Event, contravariant=True)
OUTSIDE = ("direction=outbound|transit", "to")
"""By what a call is known to go outside."""
CHARGED = (*OUTSIDE, "extension")
"""By what it is known whose call that is, too."""


class Begun(Call, frozen=True):
    """What a rule reads that looks at a leg of a call only when it is first heard of, whatever its phase."""


class Ended(Call, frozen=True):
    """What a rule reads that looks at a leg of a call only when it ends."""


class Routed(Call, frozen=True):
    """What a rule reads that looks at a leg of a call only when its outbound route becomes known."""


class Risky(Call, frozen=True):
    """What a rule reads that looks only at calls that go abroad or to costly numbers."""


class RiskyBegun(Risky, frozen=True):
    """Both: such a call when it is first heard of."""


class RiskyEnded(Risky, frozen=True):
    """Both: such a call when it ends."""


def kinds_of_call(*, begins: bool, ends: bool, risky: bool) -> set[type[Event]]:
    """What rules read a phase of a call as."""
    kinds: dict[type[Event], bool] = {
        Call: True, Begun: begins, Ended: ends, Risky: risky, RiskyBegun: risky and begins, RiskyEnded: risky and ends,
    }  # fmt: skip
    return {kind for kind, so in kinds.items() if so}


class Hit(Struct, frozen=True, kw_only=True):
    """A rule fired: for which subject, in one sentence, with what was measured and its limit.

    `key` names the firing where it is not the event that caused it, so that it keeps its id. `basis` is what this one
    firing rests on, where that is not what the rule rests on. `links` is what it shares with others of the same attack
    over and above its subject and what the call says. `for_good`: what is done about the subject is to have no end.
    `ends`: information that ends the incident it belongs to.
    """

    subject: str
    summary: str
    values: dict[str, Value]
    severity: Severity
    evidence: tuple[str, ...] = ()
    key: str = ""
    basis: Basis | None = None
    links: tuple[Subject, ...] = ()
    for_good: bool = False
    ends: bool = False


class Detector(ABC, Generic[E]):
    """One rule. Instances hold the limits of one scope and no memory.

    `id` is unique and names the file; `control` is the guide's C01..C32, `also` are others that it carries out;
    `subject` is what a firing is about;
    `reads` are the kinds of event it looks at; of calls `Begun`, `Ended`, `Routed`, `Risky` are cheaper than all;
    `outcomes` those of registrations and logins, None for all of them; `needs` are the fields without which none of
    these can make it fire, as in `visibility.py`, over and above what is outside for risky calls; `lives_on` is what it
    needs where that does not say it: each of these is enough, and in full.
    `stage` is how far an attack has come that does this; `attack` are MITRE ATT&CK techniques. `kind` is what sort of
    attack it is, where the rule can tell; otherwise the stages of the incident do. `opens`: even its information opens
    an incident, so that what follows is seen together with it; nothing is done about it for that. `prolongs`: it
    keeps the incident open; not so where the rule fires only because the incident is. `from_fleet`: it rests on the
    fleet list, so what it finds is no news to the fleet. `hangs_up`: the call itself is what is wrong, and to end it
    is all that is to be done. `most` is the furthest it may ever go, whatever mode it is given.
    """

    id: ClassVar[str]
    control: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()
    subject: ClassVar[SubjectKind]
    severity: ClassVar[Severity]
    stage: ClassVar[Stage]
    kind: ClassVar[AttackKind | None] = None
    opens: ClassVar[bool] = False
    prolongs: ClassVar[bool] = True
    from_fleet: ClassVar[bool] = False
    hangs_up: ClassVar[bool] = False
    most: ClassVar[Mode] = Mode.AUTO
    basis: ClassVar[Basis] = Basis.BEHAVIOUR
    attack: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[type[Event], ...]]
    outcomes: ClassVar[tuple[AccessOutcome, ...] | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    lives_on: ClassVar[tuple[tuple[Want, ...], ...]] = ()

    class Limits(Params):
        """No limits."""

    limits: Params

    def __init__(self, limits: Params, mode: Mode) -> None:
        self.limits = limits
        self.mode = mode
        self.prepare()

    def prepare(self) -> None:
        """Reckon once what follows from the limits."""

    @property
    def idle(self) -> bool:
        """Whether its limits leave nothing to look for, so that it need not be asked."""
        return False

    @abstractmethod
    def inspect(self, event: E, facts: Facts, memory: Memory) -> Hit | None:
        """Look at one event, remember what matters of it, and say whether the rule fires."""

    def due(self, key: str, facts: Facts, memory: Memory) -> Hit | None:
        """A timer asked for with `facts.timers.wake(self.id, key, at)` has come; `facts.at` is its time."""
        raise NotImplementedError(f"{self.id} asked for a timer and does not answer it: {key!r}")

    def hit(self, subject: str, summary: str, *, severity: Severity | None = None, key: str = "",
            evidence: tuple[str, ...] = (), basis: Basis | None = None, links: tuple[Subject, ...] = (),
            for_good: bool = False, ends: bool = False, **values: Value) -> Hit:  # fmt: skip
        """A firing of this rule; `values` are for people, nothing is decided by them."""
        return Hit(
            subject=subject, summary=summary, values=values, severity=severity or self.severity, key=key,
            evidence=evidence, basis=basis, links=links, for_good=for_good, ends=ends,
        )  # fmt: skip


def micros(seconds: float) -> int:
    """Whole microseconds of `seconds`."""
    return round(seconds * 1_000_000)
