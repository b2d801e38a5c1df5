"""Half-space trees of one structure for everybody, a byte a mass."""

from random import Random

from detector.memory.fields import Memory
from models.trees import HEAD, NODES, TREES, WINDOW, HalfSpaceTrees

SIZES = [48, 16, 16, 32]


def crowd(count: int) -> list[tuple[int, ...]]:
    random = Random(5)  # noqa: S311 - numbers, not secrets
    return [(random.randrange(9, 17), random.randrange(4, 9), random.randrange(2, 8), 15) for _ in range(count)]


def grown(points, group="") -> Memory:
    memory, model = Memory(), HalfSpaceTrees("t", SIZES)
    for point in points:
        model.learn(memory, group, point)
    return memory


def test_it_is_cold_until_the_first_window_is_full() -> None:
    model, points = HalfSpaceTrees("t", SIZES), crowd(WINDOW)
    assert model.score(grown(points[:-1]), "", (40, 15, 15, 30)) == 0
    assert model.score(grown([*points, points[0]]), "", (40, 15, 15, 30)) > 2


def test_where_nobody_is_it_is_emptier_than_usual() -> None:
    model, memory = HalfSpaceTrees("t", SIZES), grown(crowd(1_000))
    crowded = [model.score(memory, "", point) for point in crowd(50)]
    assert max(crowded) < model.score(memory, "", (2, 12, 6, 20)) < model.score(memory, "", (40, 15, 15, 30)) + 1


def test_masses_are_those_of_the_last_window_and_fit_a_byte() -> None:
    memory, model = grown([(12, 5, 4, 15)] * 10 * WINDOW), HalfSpaceTrees("t", SIZES)
    page = memory.page("t", "")
    assert len(page) == HEAD + 2 * TREES * NODES < 64 * 1024
    assert max(page[HEAD : HEAD + TREES * NODES]) == WINDOW
    for _ in range(2 * WINDOW):
        model.learn(memory, "", (40, 15, 15, 30))
    assert model.score(memory, "", (12, 5, 4, 15)) > model.score(memory, "", (40, 15, 15, 30))


def test_two_models_have_one_structure_and_groups_have_masses_of_their_own() -> None:
    memory = grown(crowd(600), "hq")
    assert memory.page("t", "hq") == grown(crowd(600), "hq").page("t", "hq")
    assert HalfSpaceTrees("t", SIZES).score(memory, "another", (40, 15, 15, 30)) == 0


def test_of_what_is_missing_nothing_is_said_or_learned() -> None:
    memory = grown(crowd(600))
    page = memory.page("t", "")
    model = HalfSpaceTrees("t", SIZES)
    model.learn(memory, "", (40, None, 15, 30))
    assert memory.page("t", "") == page
    assert model.score(memory, "", (40, None, 15, 30)) == 0
