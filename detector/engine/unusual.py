"""What rules share that read what models find unusual."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.findings import Value
from detector.engine.facts import Facts
from detector.engine.scores import Score
from detector.params import Params, Seconds

DAY = 86_400_000_000


class Unusual(Params):
    """`calls` within `window`, each at least `bits` powers of two rarer than usual, as at most a `share` are."""

    calls: Annotated[PositiveInt, Field(le=32)] = 3
    window: Seconds = 14 * 86_400
    bits: Annotated[float, Field(ge=0)] = 34
    share: Annotated[float, Field(gt=0, lt=1)] = 0.02


def odd(facts: Facts, limits: Unusual) -> Score | None:
    """The score of an outside call that goes abroad or is dear, if it is as unusual as that."""
    score = facts.score
    if score is None or not facts.risky or score.bits < limits.bits or score.share > limits.share:
        return None
    return score


def parts(score: Score) -> dict[str, Value]:
    """What each feature adds, where it is something."""
    return {f"bits_{name}": round(bits, 1) for name, bits in score.parts.items() if bits >= 1}


def told(score: Score, calls: int, limits: Unusual, at: int) -> dict[str, Value]:
    """What a detection says: what each feature adds to the score, what was measured, and the limits.

    `days_since_drift`, where what is usual at this PBX was noticed to drift: then it may be the times that change.
    """
    values = parts(score)
    if score.drifted:
        values["days_since_drift"] = round((at - score.drifted) / DAY, 1)
    return values | {
        "calls": calls, "limit": limits.calls, "bits": round(score.bits, 1), "limit_bits": limits.bits,
        "share": round(score.share, 5), "limit_share": limits.share,
    }  # fmt: skip
