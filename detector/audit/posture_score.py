"""One figure for a PBX, and how bad the worst of it is."""

from collections.abc import Iterable

from msgspec import Struct

from detector.audit.posture_check import CheckVerdict, Judgement
from detector.contract.vocabulary import Severity

WEIGHTS = {Severity.INFO: 1, Severity.WARNING: 4, Severity.CRITICAL: 10}


class PostureScore(Struct, frozen=True, kw_only=True):
    """`percent` of what is known is good, weighed by severity; None where nothing is known."""

    percent: int | None
    good: int
    weak: int
    unknown: int
    worst: Severity | None


def score(judgements: Iterable[Judgement]) -> PostureScore:
    """The score of one or several PBXs. 100 only if nothing is weak."""
    judged = list(judgements)
    counts = {verdict: [one for one in judged if one.verdict is verdict] for verdict in CheckVerdict}
    good, weak = (sum(WEIGHTS[one.severity] for one in counts[kind]) for kind in (CheckVerdict.GOOD, CheckVerdict.WEAK))
    found = [one.severity for one in counts[CheckVerdict.WEAK]]
    return PostureScore(
        percent=100 * good // (good + weak) if good + weak else None,
        good=len(counts[CheckVerdict.GOOD]), weak=len(counts[CheckVerdict.WEAK]),
        unknown=len(counts[CheckVerdict.UNKNOWN]),
        worst=max(found, key=lambda severity: WEIGHTS[severity], default=None),
    )  # fmt: skip
