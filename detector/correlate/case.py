"""Detections of one attack become one incident: shared source, extension or destination, stage and money."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.findings import STAGES, Decision, Incident, Loss, Subject
from detector.contract.kinds import KINDS
from detector.contract.vocabulary import Mode, Severity, Stage, State, Status, SubjectKind
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.tariff import amount

MAX_DETECTIONS = 500
MAX_SUBJECTS = 100
SEVERITIES = tuple(Severity)
MODES = tuple(Mode)
BROKEN_IN = (Stage.CREDENTIAL, Stage.ACCESS)
PARTIES = (
    (SubjectKind.EXTENSION, "Extension"), (SubjectKind.TRUNK, "A trunk"), (SubjectKind.ACCOUNT, "Account"),
    (SubjectKind.SOURCE_IP, "Address"), (SubjectKind.PBX, "PBX"),
)  # fmt: skip
PLURAL = {"is": "are", "was": "were"}
TELLING = (Stage.RECON, Stage.CREDENTIAL, Stage.PROBE, Stage.ACCESS, Stage.PUMPING)
"""Which stage says more of what sort of attack it is, from the least: a break-in more than the calls that try it."""


class Case(Struct, kw_only=True, gc=False):
    """An incident as the engine remembers it. Times in microseconds, money in minor units.

    `kinds` are those its rules name, `bases` the kinds of knowledge they rest on; `said` is what the last of the worst
    detections says;
    `proven` the subjects of a break-in: addresses that guessed or came in, extensions that were entered. `legs` are the
    keys of its calls that are up.
    """

    id: str
    opened: int
    updated: int
    tenant: str
    currency: str
    priced_by: str = "default"
    revision: int = -1
    status: Status = Status.OPEN
    stage: Stage = Stage.RECON
    severity: Severity = Severity.INFO
    stages: list[str] = []
    rules: list[str] = []
    kinds: list[str] = []
    bases: list[str] = []
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
    mode: Mode = Mode.SHADOW
    rung: int = 1
    confirmed_at: int = 0
    climbed_at: int = 0
    decided: int = 0
    told: int = 0
    drill: bool = False

    @property
    def live(self) -> bool:
        """Whether it can still grow."""
        return self.status in {Status.OPEN, Status.CONTAINED}

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

    def broken_in(self) -> bool:
        """Whether there is a sign of guessing or of a stolen credential, not only of odd calls."""
        return any(stage in self.stages for stage in BROKEN_IN)

    def kind(self) -> str:
        """What sort of attack it looks like by now: what its rules name, unless its stages tell more."""
        seen, usual = self._by_stages()
        own = max((KINDS[name] for name in self.kinds), key=lambda one: TELLING.index(one.tells), default=None)
        return own.name if own is not None and TELLING.index(own.tells) >= TELLING.index(seen) else usual

    def _by_stages(self) -> tuple[Stage, str]:
        if Stage.PUMPING in self.stages and (self.broken_in() or self.entered or self.countries or self.costly):
            return Stage.PUMPING, "irsf"
        if Stage.ACCESS in self.stages or (Stage.PROBE in self.stages and (self.broken_in() or self.entered)):
            return Stage.ACCESS, "stolen_credential"
        if Stage.CREDENTIAL in self.stages:
            return Stage.CREDENTIAL, "password_guessing"
        return Stage.RECON, "policy"

    def weight(self) -> tuple[bool, int, int, str]:
        """What is given up first where there is no more room: no calls, an early stage, long quiet."""
        return bool(self.legs), STAGES.index(self.stage), self.updated, self.id

    def names(self, kind: SubjectKind) -> list[str]:
        """The ids of its subjects of one kind, first seen first."""
        return [subject.id for subject in self.subjects if subject.kind is kind]

    def finding(self, pbx: str, at: int) -> Incident:
        """The incident as it is now, with the next revision."""
        self.revision += 1
        return Incident(
            id=self.id, pbx=pbx, tenant=self.tenant, at=from_micros(at), revision=self.revision,
            opened_at=from_micros(self.opened), status=self.status, stage=self.stage, kind=self.kind(),
            severity=self.severity, title=title(self), subjects=tuple(self.subjects),
            detections=tuple(self.detections), merged_into=self.merged_into, loss=self.loss(), drill=self.drill,
        )  # fmt: skip

    def loss(self) -> Loss:
        """Money so far, a minute, and what the next hour at the peak rate would have cost had it not been contained."""
        basis = "operator's tariff" if self.priced_by == "tariff" else "default prices by kind of number"
        if self.avoided:
            basis += "; avoided: one hour at the rate when contained"
        return Loss(
            spent=self.spent + self.running, per_minute=self.per_minute, avoided=self.avoided,
            currency=self.currency, basis=basis,
        )  # fmt: skip

    def contain(self) -> None:
        """Everything asked for was confirmed."""
        if self.status is Status.OPEN:
            self.status = Status.CONTAINED
            self.avoided = max(self.avoided, self.peak * 60)

    def confirmed(self) -> bool:
        """Whether anything was really done and seen to hold."""
        return any(state == State.CONFIRMED for state in self.states.values())


def remember(items: list[str], item: str, most: int = MAX_SUBJECTS) -> bool:
    """Add `item` if it is new and there is room; whether it was added."""
    if item in items or len(items) >= most:
        return False
    items.append(item)
    return True


def title(case: Case) -> str:
    """One sentence: what happened to whom, and what it costs a minute."""
    now = case.status is Status.OPEN
    extensions, sources = case.names(SubjectKind.EXTENSION), addresses(case)
    many = len(extensions) > 1
    who = f"Extension{'s' * many} {listing(extensions)}" if extensions else ""
    origin = f" from {listing(sources)}" if sources else ""
    abroad = f" {listing([country_name(country) for country in case.countries])}" if case.countries else ""
    if case.severity is Severity.INFO:
        return f"{who or party(case)} came in{origin}, a new place"
    if case.kind() == "password_guessing":
        return f"Password guessing{at_accounts(case)}{origin}"
    if case.kind() == "enumeration":
        return f"Accounts are tried one after the other{origin}"
    if case.kind() == "admin_takeover":
        return f"Administrator rights in new hands: {listing(case.names(SubjectKind.ACCOUNT))}{origin}"
    if case.kind() == "known_attacker":
        told = "known from other PBXs" if "fleet.known_source" in case.rules else "named by a block list"
        return f"An attacker {told} came{origin}"
    if Stage.PUMPING in case.stages:
        calling = f" {'is pumping' if now else 'pumped'} calls{' to' + abroad if abroad else ''}"
    elif Stage.PROBE in case.stages:
        calling = f" {'is calling' if now else 'called'}{abroad or ' out'}"
    else:
        calling = ""
    own = KINDS.get(case.kind())
    if own is not None and own.doing:
        calling = f" {own.doing if now else own.did}{origin}{f' to{abroad}' if abroad and own.calls else ''}"
        text = (who or stranger(case)) + agreeing(calling, many=many)
    elif who and (case.broken_in() or case.entered):
        came = (
            f" was taken over{origin}" if case.broken_in() else f" came in{origin}, a new place{',' if calling else ''}"
        )
        text = who + agreeing(came, many=many) + (" and" + agreeing(calling, many=many) if calling else "")
    elif who and calling:
        text = who + agreeing(calling, many=many)
    else:
        text = case.said or f"{party(case)} breaks a rule"
    if case.per_minute:
        text += f": {amount(case.per_minute, case.currency)} a minute"
    return text


def agreeing(clause: str, *, many: bool) -> str:
    """A clause that begins with its verb, of one or of many."""
    verb, _, rest = clause.lstrip().partition(" ")
    return f" {PLURAL.get(verb, verb) if many else verb} {rest}"


def addresses(case: Case) -> list[str]:
    """Its addresses, and the networks that link them only where there is no address."""
    sources = case.names(SubjectKind.SOURCE_IP)
    return [source for source in sources if not source.endswith(("/24", "/48"))] or sources


def at_accounts(case: Case) -> str:
    """The accounts that are guessed at, where it is about those."""
    accounts = case.names(SubjectKind.ACCOUNT)
    return f" at account {listing(accounts)}" if accounts else ""


def stranger(case: Case) -> str:
    """Who an incident without extensions is about that comes in over a trunk; else as any other."""
    trunks = case.names(SubjectKind.TRUNK)
    return f"Somebody over trunk {listing(trunks)}" if trunks else party(case)


def party(case: Case) -> str:
    """Who or what an incident without extensions is about."""
    for kind, word in PARTIES:
        if names := case.names(kind):
            return word if kind is SubjectKind.TRUNK else f"{word} {listing(names)}"
    return "Somebody"


def listing(items: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    shown = [item[:64] for item in items[:most]]
    rest = len(items) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


class Cases:
    """The open incidents of one PBX, found by what they share.

    Two detections belong together if they share a source address, an extension entered or misused, or a block of
    numbers abroad. Where one links two incidents, the younger is merged into the older.
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
            if subject not in case.subjects and len(case.subjects) < MAX_SUBJECTS:
                case.subjects.append(subject)
                new.append(subject)
            if subject in case.subjects:
                self.links[subject] = case.id
        return new

    def drop(self, case: Case) -> None:
        """Forget a closed or merged incident; what it shared may open a new one."""
        self.by_id.pop(case.id, None)
        for subject in case.subjects:
            if self.links.get(subject) == case.id:
                del self.links[subject]
        for decision in case.decisions:
            self.by_decision.pop(decision, None)
        self.dirty.add(case.id)

    def absorb(self, older: Case, younger: Case) -> Iterator[Decision]:
        """Move everything of `younger` into `older`; yields its decisions, which now belong to the older."""
        self.drop(younger)
        younger.status, younger.merged_into = Status.MERGED, older.id
        older.raise_stage(younger.stage)
        if younger.severity is not older.severity:
            older.say(younger.severity, younger.said)
        older.raise_severity(younger.severity)
        for name in ("stages", "rules", "kinds", "bases", "countries"):
            for item in getattr(younger, name):
                remember(getattr(older, name), item)
        for name in ("proven", "entered"):
            getattr(older, name).extend(s for s in getattr(younger, name) if s not in getattr(older, name))
        self.link(older, younger.subjects)
        for detection in younger.detections:
            remember(older.detections, detection, MAX_DETECTIONS)
        older.legs.extend(younger.legs)
        older.costly = older.costly or younger.costly
        older.spent += younger.spent
        for name in ("avoided", "peak", "rung", "updated", "told", "confirmed_at", "climbed_at"):
            setattr(older, name, max(getattr(older, name), getattr(younger, name)))
        older.mode = max(older.mode, younger.mode, key=MODES.index)
        older.priced_by = "tariff" if "tariff" in {older.priced_by, younger.priced_by} else older.priced_by
        older.states.update(younger.states)
        for name, decision in younger.decisions.items():
            older.decisions[name] = decision
            self.by_decision[name] = older.id
            yield decision
        younger.legs, younger.decisions = [], {}
