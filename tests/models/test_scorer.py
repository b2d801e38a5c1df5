"""The scorer of calls on a public stream, beside river's half-space trees; and what nothing may do to it."""

import subprocess
import sys
from functools import cache
from math import inf, nan
from random import Random

import pytest
from river import anomaly, preprocessing

from detector.memory.fields import Memory
from models.scorer import Feature, Scorer
from models.trees import HalfSpaceTrees
from tests.models.shuttle import CELLS, cells, log_cell, prequential, roc_auc, scorer, stream

NAMES = ("a", "b", "c", "d")
SIZE = 32


def made() -> Scorer:
    return Scorer("test", [Feature(name, SIZE) for name in NAMES], warm=100)


def ordinary(count: int, seed: int = 3) -> list[tuple[int | None, ...]]:
    """Two clusters, as at a PBX by day: what belongs together is seen together."""
    random = Random(seed)  # noqa: S311 - numbers, not secrets
    centres = ((7, 7, 25, 12), (20, 23, 7, 12))
    return [tuple(min(max(round(random.gauss(at, 1)), 0), SIZE - 1) for at in random.choice(centres))
            for _ in range(count)]  # fmt: skip


def taught(rows, memory: Memory | None = None) -> Memory:
    memory = Memory() if memory is None else memory
    model = made()
    for row in rows:
        model.learn(memory, "1001", "", model.score(memory, "1001", "", row))
    return memory


def held(memory: Memory) -> int:
    return sum(len(page) for pages in memory._fields.values() for page in pages.values())


def scores(memory: Memory, rows) -> list[float]:
    return [made().score(memory, "1001", "", row).bits for row in rows]


@cache
def of_river() -> float:
    model, scaler, found = anomaly.HalfSpaceTrees(seed=42), preprocessing.MinMaxScaler(), []
    for x in stream()[0]:
        scaler.learn_one(x)
        near = scaler.transform_one(x)
        found.append(model.score_one(near))
        model.learn_one(near)
    return roc_auc(found)


def test_it_ranks_a_public_stream_no_worse_than_river() -> None:
    ours = roc_auc(prequential(scorer(), Memory()))
    assert ours >= 0.95
    assert ours >= of_river()


def test_the_shared_trees_alone_rank_no_worse_than_those_of_river() -> None:
    model, memory, found = HalfSpaceTrees("t", [CELLS] * 9), Memory(), []
    for x in stream()[0]:
        found.append(model.score(memory, "", cells(x)))
        model.learn(memory, "", cells(x))
    assert roc_auc(found) >= of_river() - 0.01


def test_parts_add_up_and_name_what_is_odd() -> None:
    memory = taught(ordinary(1_000))
    odd = made().score(memory, "1001", "", (7, 23, 25, 30))
    assert odd.bits == pytest.approx(sum(odd.parts.values()))
    assert max(odd.parts, key=odd.parts.__getitem__) == "d"
    assert odd.bits > sorted(scores(memory, ordinary(100, seed=4)))[97]


def test_what_was_never_seen_together_is_told_by_the_combination() -> None:
    memory = taught(ordinary(2_000))
    mixed = made().score(memory, "1001", "", (7, 7, 7, 12))
    usual = made().score(memory, "1001", "", (7, 7, 25, 12))
    assert mixed.parts["combination"] > 0.5 + usual.parts.get("combination", 0)
    assert mixed.bits - mixed.parts["combination"] < 0.5


def test_scoring_learns_nothing() -> None:
    memory = taught(ordinary(500))
    memory.dirty.clear()
    assert scores(memory, ordinary(20)) == scores(memory, ordinary(20))
    assert not memory.dirty


def test_the_share_is_unknown_until_it_is_warm_and_then_that_of_earlier_scores() -> None:
    rows = ordinary(300)
    assert made().score(taught(rows[:99]), "1001", "", (31, 31, 31, 31)).share == 1
    warm = taught(rows)
    assert made().score(warm, "1001", "", (31, 31, 31, 31)).share == pytest.approx(1 / 301)
    assert made().score(warm, "1001", "", (7, 7, 25, 12)).share > 0.3


def test_somebody_new_starts_as_the_peers_are() -> None:
    memory, model = taught(ordinary(500)), made()
    assert model.score(memory, "1002", "", (7, 7, 25, 12)).bits < 2
    assert model.score(memory, "1002", "", (31, 7, 25, 12)).bits > 5
    assert model.score(memory, "1002", "other", (31, 7, 25, 12)).bits == 0


HOSTILE = {
    "1e12": [1e12] * 4, "-1e300": [-1e300] * 4, "not a number": [nan] * 4, "infinite": [inf, -inf, inf, inf],
    "missing": [None] * 4, "constant": [7.0] * 4, "new feature": [None, None, None, 5.0],
}  # fmt: skip


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_neither_stop_it_nor_move_ordinary_scores_for_long(values) -> None:
    rows, probe = ordinary(2_000), ordinary(200, seed=9)
    clean, dirty = taught(rows), taught(rows)
    hostile = tuple(log_cell(value, SIZE) for value in values)
    taught([hostile] * 20, dirty)
    more = ordinary(500, seed=5)
    before, after = scores(taught(more, clean), probe), scores(taught(more, dirty), probe)
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) < 2.5
    assert sum(abs(one - other) for one, other in zip(before, after, strict=True)) / len(probe) < 0.5


def test_state_is_bounded_whatever_comes() -> None:
    random, memory = Random(1), Memory()  # noqa: S311 - numbers, not secrets
    rows = [tuple(random.choice((None, 0, SIZE - 1, random.randrange(SIZE))) for _ in NAMES) for _ in range(20_000)]
    first = held(taught(rows[:10], memory))
    assert held(taught(rows, memory)) == first


def test_a_restart_in_mid_stream_changes_no_score() -> None:
    rows = ordinary(1_200)
    straight, first = taught(rows[:700]), taught(rows[:700])
    second = Memory()
    for field, subject in first.dirty:
        second.restore(field, subject, first.page(field, subject))
    for row in rows[700:]:
        assert scores(straight, [row]) == scores(second, [row])
        taught([row], straight)
        taught([row], second)


def test_another_process_scores_the_same() -> None:
    """Neither the seed of hashes nor the clock has a say."""
    code = (
        "from tests.models.test_scorer import *; from hashlib import sha256; m = taught(ordinary(600));"
        "state = b''.join(m.page(*k) for k in sorted(m.dirty));"
        "print(sha256(state + repr(scores(m, ordinary(50))).encode()).hexdigest())"
    )
    run = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert run[0] == run[1]


@pytest.mark.parametrize(
    ("value", "cell"), [(0, 16), (1, 17), (1e12, 31), (-1e12, 0), (None, None), (nan, None), (inf, None)]
)
def test_numbers_of_any_size_have_a_cell(value, cell) -> None:
    assert log_cell(value, SIZE) == cell
