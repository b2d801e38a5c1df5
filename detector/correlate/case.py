"""An incident as it is remembered, and those of one PBX that are open."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from detector.contract.findings import Decision, Subject
from detector.contract.kinds import KINDS
from detector.contract.vocabulary import (
    SEVERITIES,
    STAGES,
    Kind,
    PricedBy,
    Severity,
    Stage,
    Status,
    SubjectKind,
)
from detector.enrich.networks import nearby

T = TypeVar("T")
MAX_DETECTIONS = 500
MAX_SUBJECTS = 100
MAX_EXTENSIONS = 10_000
"""Of each kind so many subjects; extensions are not left out, for there are no more of them than a PBX has."""
MAX_RELATED = 32
FOLDED = 16
"""So many addresses of one network are one subject, the network; those from which somebody came in stay beside it."""
BROKEN_IN = (Stage.CREDENTIAL, Stage.ACCESS)
TELLING = (Stage.RECON, Stage.CREDENTIAL, Stage.PROBE, Stage.ACCESS, Stage.PUMPING)
"""Which stage says more of what sort of attack it is, from the least: a break-in more than the calls that try it."""


class DoneBy(Struct, kw_only=True, gc=False):
    """Which extensions one kind of attack was seen of, and which countries they called by it."""

    extensions: list[str] = []
    countries: list[str] = []


class Case(Struct, kw_only=True, gc=False):
    """An incident as the engine remembers it. Times in microseconds, money in minor units.

    `kinds` are those its rules name, `deeds` of whom they name each; `said` is what the last of the worst detections
    says; `proven` are addresses that guessed or came in, `inside` those that came in, `entered` extensions that were
    broken into. `folded` are networks that stand for their addresses, `related` other incidents that share something
    and are not the same attack. `legs` are the keys of its calls that are up; `states` how far each of its decisions
    was carried out; `reopened` how often it went on after it had been contained. It vouches for nobody: see
    `evidence.py`.
    """

    id: str
    opened: int
    updated: int
    tenant: str
    currency: str
    priced_by: PricedBy = PricedBy.DEFAULT
    revision: int = -1
    status: Status = Status.OPEN
    stage: Stage = Stage.RECON
    severity: Severity = Severity.INFO
    stages: list[Stage] = []
    rules: list[str] = []
    kinds: list[Kind] = []
    deeds: dict[Kind, DoneBy] = {}
    subjects: list[Subject] = []
    said: str = ""
    proven: list[Subject] = []
    entered: list[Subject] = []
    detections: list[str] = []
    countries: list[str] = []
    costly: bool = False
    legs: list[str] = []
    spent: int = 0
    running: int = 0
    per_minute: int = 0
    peak: int = 0
    avoided: int = 0
    merged_into: str | None = None
    decisions: dict[str, Decision] = {}
    states: dict[str, str] = {}
    confirmed_at: int = 0
    decided: int = 0
    told: int = 0
    drill: bool = False
    leaks: dict[str, int] = {}
    """Decisions to keep an address out that was seen again although they were confirmed, and when it last was."""
    reopened: int = 0
    inside: list[Subject] = []
    folded: list[str] = []
    related: list[str] = []

    def raise_stage(self, stage: Stage) -> None:
        """A stage only rises."""
        if STAGES.index(stage) > STAGES.index(self.stage):
            self.stage = stage
        remember(self.stages, stage)

    def raise_severity(self, severity: Severity) -> None:
        """The worst of its detections."""
        if SEVERITIES.index(severity) > SEVERITIES.index(self.severity):
            self.severity = severity

    def say(self, severity: Severity, summary: str) -> None:
        """What is worse than all before, or as bad, is told."""
        if SEVERITIES.index(severity) >= SEVERITIES.index(self.severity):
            self.said = summary

    def note_deed(self, kind: Kind, extensions: list[str], countries: list[str]) -> None:
        """A kind of attack was seen once more, of these extensions if of any."""
        remember(self.kinds, kind)
        deed = self.deeds.setdefault(kind, DoneBy())
        for extension in extensions:
            remember(deed.extensions, extension)
        for country in countries:
            remember(deed.countries, country)

    def broken_in(self) -> bool:
        """Whether there is a sign of guessing or of a stolen credential, not only of odd calls."""
        return any(stage in self.stages for stage in BROKEN_IN)

    def kind(self) -> Kind:
        """What sort of attack it looks like by now: what its rules name, unless its stages tell more."""
        seen, usual = self._by_stages()
        own = max((KINDS[name] for name in self.kinds), key=lambda one: TELLING.index(one.tells), default=None)
        return own.name if own is not None and TELLING.index(own.tells) >= TELLING.index(seen) else usual

    def _by_stages(self) -> tuple[Stage, Kind]:
        if Stage.PUMPING in self.stages and (self.broken_in() or self.entered or self.countries or self.costly):
            return Stage.PUMPING, Kind.IRSF
        if Stage.ACCESS in self.stages or (Stage.PROBE in self.stages and (self.broken_in() or self.entered)):
            return Stage.ACCESS, Kind.STOLEN_CREDENTIAL
        if Stage.CREDENTIAL in self.stages:
            return Stage.CREDENTIAL, Kind.PASSWORD_GUESSING
        return Stage.RECON, Kind.POLICY

    def weight(self) -> tuple[bool, int, int, str]:
        """What is given up first where there is no more room: no calls, an early stage, long quiet."""
        return bool(self.legs), STAGES.index(self.stage), self.updated, self.id

    def names(self, kind: SubjectKind) -> list[str]:
        """The ids of its subjects of one kind, first seen first."""
        return [subject.id for subject in self.subjects if subject.kind is kind]


def is_network(source: Subject) -> bool:
    """Whether it is a whole network; a /64 is one customer's address."""
    return source.id.endswith(("/24", "/48"))


def is_beside(subject: Subject, network: str) -> bool:
    """Whether it is an address of this network."""
    return subject.kind is SubjectKind.SOURCE_IP and not is_network(subject) and nearby(subject.id) == network


def remember(items: list[T], item: T, most: int = MAX_SUBJECTS) -> None:
    """Add `item` if it is new and there is room."""
    if item not in items and len(items) < most:
        items.append(item)


class Cases:
    """The open incidents of one PBX, found by what they share.

    Two detections belong together if they share a source address, an extension entered or misused, or a block of
    numbers abroad. Where one links two incidents, the younger is merged into the older. What shares less, such as a
    country, is related and stays apart.
    """

    __slots__ = ("by_decision", "by_id", "dirty", "links")

    def __init__(self) -> None:
        self.by_id: dict[str, Case] = {}
        self.links: dict[Subject, str] = {}
        self.by_decision: dict[str, str] = {}
        self.dirty: set[str] = set()

    def restore(self, case: Case) -> None:
        """Take an incident from a checkpoint."""
        self.by_id[case.id] = case
        for subject in case.subjects:
            self.links[subject] = case.id
        for decision in case.decisions:
            self.by_decision[decision] = case.id

    def linked(self, subjects: Iterable[Subject]) -> list[Case]:
        """The live incidents that share any of `subjects`, oldest first."""
        found = {self.links[subject]: None for subject in subjects if subject in self.links}
        return sorted((self.by_id[name] for name in found), key=lambda case: (case.opened, case.id))

    def find(self, subject: Subject) -> Case | None:
        """The live incident about `subject`."""
        name = self.links.get(subject)
        return None if name is None else self.by_id[name]

    def told_by(self, rule: str, subject: Subject) -> Case | None:
        """The live incident about `subject` in which this rule fired."""
        return next((case for case in self.by_id.values() if rule in case.rules and subject in case.subjects), None)

    def add(self, case: Case) -> None:
        """A new incident."""
        self.by_id[case.id] = case
        self.dirty.add(case.id)

    def link(self, case: Case, subjects: Iterable[Subject]) -> list[Subject]:
        """These subjects belong to `case` from now on; returns those that are new to it."""
        new = []
        for subject in subjects:
            if subject not in case.subjects and self._has_room(case, subject):
                case.subjects.append(subject)
                new.append(subject)
            if subject in case.subjects:
                self.links[subject] = case.id
        return new

    def unlink(self, case: Case, subjects: Iterable[Subject]) -> None:
        """These subjects do not belong to `case` any more."""
        for subject in subjects:
            case.subjects.remove(subject)
            if subject in case.proven:
                case.proven.remove(subject)
            if self.links.get(subject) == case.id:
                del self.links[subject]
        self.dirty.add(case.id)

    def come_in(self, case: Case, source: Subject) -> None:
        """Somebody came in from an address: it is the last to be forgotten."""
        if source not in case.inside:
            del case.inside[: max(len(case.inside) - MAX_SUBJECTS // 2, 0)]
            case.inside.append(source)
        self.link(case, [source])
        if source not in case.proven:
            case.proven.append(source)

    def _has_room(self, case: Case, subject: Subject) -> bool:
        """Whether one more subject can be shown; addresses make room where a network can stand for them."""
        if subject.kind is SubjectKind.EXTENSION:
            return len(case.subjects) < MAX_EXTENSIONS
        if subject.kind is not SubjectKind.SOURCE_IP:
            return len(case.names(subject.kind)) < MAX_SUBJECTS
        network, certain = nearby(subject.id), subject in case.inside
        if is_network(subject):
            return certain or len(case.names(subject.kind)) < MAX_SUBJECTS
        if network in case.folded and not certain:
            return False
        others = [each for each in case.subjects if is_beside(each, network) and each not in case.inside]
        if len(others) >= FOLDED:
            self._fold(case, network, others)
            return certain
        if len(case.names(subject.kind)) >= MAX_SUBJECTS:
            return certain and self._drop_oldest(case)
        return True

    def _fold(self, case: Case, network: str, addresses: list[Subject]) -> None:
        self.unlink(case, addresses)
        case.folded.append(network)
        self.link(case, [Subject(SubjectKind.SOURCE_IP, network)])

    def _drop_oldest(self, case: Case) -> bool:
        found = [each for each in case.subjects if each.kind is SubjectKind.SOURCE_IP and each not in case.inside]
        self.unlink(case, found[:1])
        return bool(found)

    def drop(self, case: Case) -> None:
        """Forget a closed or merged incident; what it shared may open a new one."""
        self.by_id.pop(case.id, None)
        for subject in case.subjects:
            if self.links.get(subject) == case.id:
                del self.links[subject]
        for decision in case.decisions:
            self.by_decision.pop(decision, None)
        self.dirty.add(case.id)
