"""What every posture check is, and all there are: each registers by its file in `detector/posture`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, TypeVar

from msgspec import Struct

from detector.audit.posture import Fact, Posture, UnknownError
from detector.contract.registry import Registry
from detector.contract.vocabulary import Severity

SHOWN = 20


class CheckVerdict(StrEnum):
    """What came of a check. What is not known is never good."""

    GOOD = "good"
    WEAK = "weak"
    UNKNOWN = "unknown"


class Judgement(Struct, frozen=True, kw_only=True):
    """One check of one PBX; `severity` is how bad the weakness is, or would be; `sources` where it is known from."""

    check: str
    control: str
    title: str
    verdict: CheckVerdict
    severity: Severity
    summary: str
    evidence: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    reason: str
    steps: tuple[str, ...]


class PostureCheck(ABC):
    """Judges one control. `reason` is the guide's, `steps` lead through the PBX's menus to put it right."""

    id: ClassVar[str]
    control: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]
    reason: ClassVar[str]
    steps: ClassVar[tuple[str, ...]]

    def judge(self, posture: Posture) -> Judgement:
        """The judgement; unknown where something it needs is."""
        try:
            return self.judged(posture)
        except UnknownError as unknown:
            return self._made(CheckVerdict.UNKNOWN, str(unknown), (), (), self.severity)

    @abstractmethod
    def judged(self, posture: Posture) -> Judgement:
        """As `judge`; asks facts for what is `known`."""

    def good(self, summary: str, *facts: Fact[object], evidence: Iterable[str] = ()) -> Judgement:
        """Nothing to put right."""
        return self._made(CheckVerdict.GOOD, summary, evidence, facts, self.severity)

    def weak(
        self, summary: str, *facts: Fact[object], evidence: Iterable[str] = (), severity: Severity | None = None
    ) -> Judgement:
        """To be put right."""
        return self._made(CheckVerdict.WEAK, summary, evidence, facts, severity or self.severity)

    def _made(
        self,
        verdict: CheckVerdict,
        summary: str,
        evidence: Iterable[str],
        facts: Iterable[Fact[object]],
        severity: Severity,
    ) -> Judgement:
        shown = list(evidence)
        rest = [f"and {len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
        return Judgement(
            check=self.id, control=self.control, title=self.title, verdict=verdict, severity=severity,
            summary=summary, evidence=(*shown[:SHOWN], *rest), sources=tuple(dict.fromkeys(f.source for f in facts)),
            reason=self.reason, steps=self.steps,
        )  # fmt: skip


C = TypeVar("C", bound=type[PostureCheck])
CHECKS: Registry[type[PostureCheck]] = Registry("posture checks", "detector.posture")


def register(cls: C) -> C:
    """Class decorator: this check takes part."""
    CHECKS.add(cls.id, cls)
    return cls


def checks() -> dict[str, type[PostureCheck]]:
    """All checks by id, in the order of their controls."""
    return dict(sorted(CHECKS.all().items(), key=lambda item: (item[1].control, item[0])))


def audit(posture: Posture) -> list[Judgement]:
    """Every check of one PBX."""
    return [cls().judge(posture) for cls in checks().values()]
