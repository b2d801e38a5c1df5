"""What is known of whom: evidence belongs to the subject it names, and is forgotten; an incident vouches for nobody."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.findings import Subject
from detector.contract.vocabulary import Basis, Mode, Severity, Stage, SubjectKind
from detector.memory.doubts import HISTORY, SURE

RECENT_MICROS = 24 * 3_600 * 1_000_000
"""So long after it was seen evidence counts."""
MAX_ENTRIES = 32
MAX_DOSSIERS = 10_000
HIGHEST_RUNG = 4


class Evidence(Struct, frozen=True, gc=False, array_like=True):
    """One detection that names a subject: when, by which rule in which mode, and what kind of knowledge that is.

    `event` is the detection's id, `came_from` the address from which the subject was entered or misused, where that
    address broke in, and `doubts` what is said against the events.
    """

    at: int
    event: str
    rule: str
    basis: Basis
    stage: Stage
    severity: Severity
    mode: Mode
    came_from: str = ""
    doubts: int = SURE

    @property
    def solid(self) -> bool:
        """Whether it was seen happening: no score, country, text, hearsay or limit, and no history."""
        return self.basis is Basis.BEHAVIOUR and not self.doubts & HISTORY

    @property
    def breaks_in(self) -> bool:
        """Whether it says that somebody guesses or has come in; information says that of nobody."""
        return self.stage in {Stage.CREDENTIAL, Stage.ACCESS} and self.severity is not Severity.INFO


class Dossier(Struct, kw_only=True, gc=False):
    """All that is known of one subject. Times in microseconds, 0 means never.

    `held`: since when what keeps it from going on is confirmed; `rung`: how far its containment has climbed, and
    `climbed` when it did so last.
    """

    entries: list[Evidence] = []
    held: int = 0
    rung: int = 1
    climbed: int = 0

    @property
    def touched(self) -> int:
        """When it was last added to."""
        return max([one.at for one in self.entries] + [self.held, self.climbed])


class Dossiers:
    """The dossiers of one PBX. Bounded: past `MAX_DOSSIERS` the address goes that was added to longest ago.

    Addresses are cheap, so decoys must not push out what is known of extensions.
    """

    __slots__ = ("by_subject", "dirty")

    def __init__(self) -> None:
        self.by_subject: dict[Subject, Dossier] = {}
        self.dirty: set[Subject] = set()

    def restore(self, dossiers: Mapping[Subject, Dossier]) -> None:
        """Take all dossiers from a checkpoint, in the order in which they were added to."""
        self.by_subject = dict(sorted(dossiers.items(), key=lambda pair: (pair[1].touched, pair[0])))

    def note(self, subject: Subject, evidence: Evidence) -> None:
        """One detection more that names this subject; it takes the place of what the same rule said before."""
        dossier = self.by_subject.pop(subject, None) or self._open()
        kept = [one for one in dossier.entries if not _says_no_more(one, evidence)]
        dossier.entries = [*kept[-(MAX_ENTRIES - 1) :], evidence]
        self._keep(subject, dossier)

    def recent(self, subject: Subject, at: int) -> list[Evidence]:
        """What of the evidence against a subject still counts at `at`."""
        dossier = self.by_subject.get(subject)
        return [] if dossier is None else [one for one in dossier.entries if one.at > at - RECENT_MICROS]

    def origins(self, subject: Subject, at: int) -> list[Subject]:
        """From which addresses that broke in a subject was entered or misused lately."""
        found = dict.fromkeys(one.came_from for one in self.recent(subject, at) if one.came_from)
        return [Subject(SubjectKind.SOURCE_IP, address) for address in found]

    def broke_in(self, subject: Subject, at: int) -> bool:
        """Whether a subject guessed or came in by guessing since a day before `at`, or somebody who did misuses it."""
        if any(one.breaks_in for one in self.recent(subject, at)):
            return True
        return any(one.breaks_in for origin in self.origins(subject, at) for one in self.recent(origin, at))

    def guessed(self, subject: Subject) -> bool:
        """Whether passwords were guessed from an address, however long ago."""
        dossier = self.by_subject.get(subject)
        return dossier is not None and any(one.stage is Stage.CREDENTIAL for one in dossier.entries)

    def rung(self, subject: Subject) -> int:
        """How far the containment of a subject has climbed."""
        dossier = self.by_subject.get(subject)
        return 1 if dossier is None else dossier.rung

    def held_since(self, subject: Subject) -> int:
        """Since when a subject is contained on its rung, 0 where it is not."""
        dossier = self.by_subject.get(subject)
        return max(dossier.held, dossier.climbed) if dossier is not None and dossier.held else 0

    def hold(self, subject: Subject, at: int) -> None:
        """Something that keeps a subject from going on is confirmed: that it is so once more changes nothing."""
        dossier = self.by_subject.pop(subject, None) or self._open()
        dossier.held = dossier.held or at
        self._keep(subject, dossier)

    def climb(self, subject: Subject, at: int) -> None:
        """It goes on all the same: one rung more."""
        dossier = self.by_subject.pop(subject, None) or self._open()
        dossier.rung, dossier.climbed = min(dossier.rung + 1, HIGHEST_RUNG), at
        self._keep(subject, dossier)

    def retire(self, subject: Subject) -> None:
        """Its containment is over: nothing rests on what was known of it any more, and it begins on the first rung."""
        dossier = self.by_subject.pop(subject, None)
        if dossier is not None:
            entries = [replace(one, basis=Basis.DERIVED) if one.solid else one for one in dossier.entries]
            self._keep(subject, Dossier(entries=entries))

    def forget(self, subjects: Iterable[Subject]) -> None:
        """What was known of these is over."""
        for subject in subjects:
            if self.by_subject.pop(subject, None) is not None:
                self.dirty.add(subject)

    def _open(self) -> Dossier:
        if len(self.by_subject) >= MAX_DOSSIERS:
            oldest = next(iter(self.by_subject))
            self.forget([next((one for one in self.by_subject if one.kind is SubjectKind.SOURCE_IP), oldest)])
        return Dossier()

    def _keep(self, subject: Subject, dossier: Dossier) -> None:
        self.by_subject[subject] = dossier
        self.dirty.add(subject)


def _says_no_more(before: Evidence, now: Evidence) -> bool:
    """Whether an entry says nothing beyond a newer one."""
    return (before.rule, before.basis, before.severity, before.mode, before.came_from, before.doubts) == (
        now.rule, now.basis, now.severity, now.mode, now.came_from, now.doubts
    )  # fmt: skip
