"""The public stream of the space shuttle's sensors that river bundles, and how well a score ranks its anomalies."""

from collections.abc import Sequence
from functools import cache
from math import asinh, isfinite, log

from river import datasets

from detector.memory.fields import Memory
from models.scorer import Feature, Scorer

CELLS, PER_OCTAVE = 96, 4


@cache
def stream() -> tuple[list[dict[str, float]], list[int]]:
    """49,097 observations of nine numbers in their order, and which of them are anomalies: 7 %."""
    rows = list(datasets.Shuttle())
    return [x for x, _ in rows], [y for _, y in rows]


def scorer() -> Scorer:
    """The scorer of calls, over these features."""
    return Scorer("shuttle", [Feature(name, CELLS) for name in stream()[0][0]], warm=200)


def cells(x: dict[str, float]) -> tuple[int | None, ...]:
    """An observation as the scorer wants it."""
    return tuple(log_cell(value, CELLS, PER_OCTAVE) for value in x.values())


def log_cell(value: float | None, cells: int, per_octave: float = 1.0) -> int | None:
    """A number on a logarithmic scale on both sides of 0, whatever its size; None for what is none."""
    if value is None or not isfinite(value):
        return None
    return min(max(round(asinh(value) * per_octave / log(2)) + cells // 2, 0), cells - 1)


def prequential(model: Scorer, memory: Memory) -> list[float]:
    """Every observation scored before it is learned."""
    found = []
    for x in stream()[0]:
        score = model.score(memory, "", "", cells(x))
        model.learn(memory, "", "", score)
        found.append(score.bits)
    return found


def roc_auc(scores: Sequence[float]) -> float:
    """How likely an anomaly scores higher than another one; exact, equal scores count half."""
    rows = sorted(zip(scores, stream()[1], strict=True))
    bad, ranks, place = sum(stream()[1]), 0.0, 0
    while place < len(rows):
        end = place
        while end < len(rows) and rows[end][0] == rows[place][0]:
            end += 1
        ranks += sum(y for _, y in rows[place:end]) * (place + end + 1) / 2
        place = end
    return (ranks - bad * (bad + 1) / 2) / (bad * (len(rows) - bad))
