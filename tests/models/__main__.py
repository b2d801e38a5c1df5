"""`python -m tests.models`: models beside each other on the Shuttle stream: quality, time and bytes."""

import json
import pickle
import sys
import time
from collections.abc import Callable
from typing import Any

from river import anomaly, preprocessing

from detector.memory.fields import Memory
from models.trees import HalfSpaceTrees
from tests.models.shuttle import CELLS, cells, roc_auc, scorer, stream

Measured = tuple[list[float], int]


def of_river(made: Callable[[], Any]) -> Measured:
    """A river model behind a scaler to 0..1."""
    model, scaler = made(), preprocessing.MinMaxScaler()
    found = []
    for x in stream()[0]:
        scaler.learn_one(x)
        near = scaler.transform_one(x)
        found.append(model.score_one(near))
        model.learn_one(near)
    return found, len(pickle.dumps(model))


def gaussian() -> Measured:
    """river's Gaussian scorer of each number, added up."""
    model = {name: anomaly.GaussianScorer() for name in stream()[0][0]}
    found = []
    for x in stream()[0]:
        found.append(sum(model[name].score_one(None, value) for name, value in x.items()))
        for name, value in x.items():
            model[name].learn_one(None, value)
    return found, len(pickle.dumps(model))


def trees() -> Measured:
    """Half-space trees of one structure alone."""
    model, memory = HalfSpaceTrees("t", [CELLS] * 9), Memory()
    found = []
    for x in stream()[0]:
        found.append(model.score(memory, "", cells(x)))
        model.learn(memory, "", cells(x))
    return found, held(memory)


def ours(*, together: bool) -> Measured:
    """The scorer of calls: features alone, or with their combination."""
    model, memory = scorer(), Memory()
    found = []
    for x in stream()[0]:
        score = model.score(memory, "", "", cells(x))
        model.learn(memory, "", "", score)
        found.append(score.bits - (0 if together else score.parts.get("combination", 0)))
    return found, held(memory)


def held(memory: Memory) -> int:
    """Bytes of all records."""
    return sum(len(page) for pages in memory._fields.values() for page in pages.values())


MODELS: dict[str, Callable[[], Measured]] = {
    "river HalfSpaceTrees (10 x 8)": lambda: of_river(lambda: anomaly.HalfSpaceTrees(seed=42)),
    "river HalfSpaceTrees (25 x 8)": lambda: of_river(lambda: anomaly.HalfSpaceTrees(n_trees=25, seed=42)),
    "river OneClassSVM": lambda: of_river(lambda: anomaly.OneClassSVM(nu=0.1)),
    "river LODA": lambda: of_river(lambda: anomaly.LODA(seed=42)),
    "river GaussianScorer, summed": gaussian,
    "half-space trees, shared structure": trees,
    "features, added up": lambda: ours(together=False),
    "features and combination": lambda: ours(together=True),
}


def main() -> None:
    """One after the other, in one run."""
    rows = {}
    print(f"{'':38}{'ROC-AUC':>9}{'us/event':>10}{'bytes':>11}")
    for name, measure in MODELS.items():
        began = time.perf_counter()
        scores, size = measure()
        micros = (time.perf_counter() - began) / len(scores) * 1e6
        rows[name] = {"roc_auc": round(roc_auc(scores), 4), "us": round(micros, 1), "bytes": size}
        print(f"{name:38}{rows[name]['roc_auc']:>9.4f}{micros:>10.1f}{size:>11,}", flush=True)
    print(json.dumps(rows))


if __name__ == "__main__":
    sys.exit(main())
