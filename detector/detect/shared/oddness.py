"""What rules share that read what models find unusual."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.findings import Value
from detector.enrich.facts import Facts
from detector.enrich.scores import Score
from detector.settings.params import Params, Seconds

DAY = 86_400_000_000


class Oddness(Params):
    """`calls` within `window`, each at least `bits` powers of two rarer than usual, as at most a `share` are."""

    calls: Annotated[PositiveInt, Field(le=32)] = 3
    window: Seconds = 14 * 86_400
    bits: Annotated[float, Field(ge=0)] = 34
    share: Annotated[float, Field(gt=0, lt=1)] = 0.02


def odd(facts: Facts, limits: Oddness) -> Score | None:
    """The score of an outside call that goes abroad or is dear, if it is as unusual as that."""
    return rare(facts.score, limits.bits, limits.share) if facts.risky else None


def rare(score: Score | None, bits: float, share: float) -> Score | None:
    """The score, if it is at least `bits`, as at most a `share` are."""
    return score if score is not None and score.bits >= bits and score.share <= share else None


def measured(score: Score, bits: float, share: float) -> dict[str, Value]:
    """What each feature adds, where it is something, what that comes to, and the limits `bits` and `share`."""
    parts: dict[str, Value] = {f"bits_{name}": round(part, 1) for name, part in score.parts.items() if part >= 1}
    return parts | {
        "bits": round(score.bits, 1), "limit_bits": bits, "share": round(score.share, 5), "limit_share": share,
    }  # fmt: skip


def told(score: Score, calls: int, limits: Oddness, at: int) -> dict[str, Value]:
    """What a detection says: what each feature adds to the score, what was measured, and the limits.

    `days_since_drift`, where what is usual at this PBX was noticed to drift: then it may be the times that change.
    """
    values = measured(score, limits.bits, limits.share) | {"calls": calls, "limit": limits.calls}
    if score.drifted:
        values["days_since_drift"] = round((at - score.drifted) / DAY, 1)
    return values
