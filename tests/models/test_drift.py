"""Drift is noticed as by river's ADWIN, and not where there is none."""

from random import Random

import pytest
from river.drift import ADWIN

from detector.memory.fields import Memory
from models.drift import ALIKE, HEAD, LARGEST, ONE, Drift


def values(*parts: tuple[int, float], seed: int = 1) -> list[int]:
    """So many numbers around a mean, one part after the other."""
    random = Random(seed)  # noqa: S311 - numbers, not secrets
    return [min(max(round(random.gauss(mean, 0.1) * ONE), 0), ONE) for count, mean in parts for _ in range(count)]


def noticed(stream, memory=None) -> list[int]:
    memory = Memory() if memory is None else memory
    return [at for at, value in enumerate(stream) if Drift("d").learn(memory, "", value, at)]


def by_river(stream) -> list[int]:
    model, found = ADWIN(delta=0.002, clock=32), []
    for at, value in enumerate(stream):
        model.update(value / ONE)
        if model.drift_detected:
            found.append(at)
    return found


STREAMS = {
    "none": (values((5_000, 0.3)), []), "up": (values((2_000, 0.2), (2_000, 0.5)), [2_000]),
    "down": (values((2_000, 0.5), (2_000, 0.2)), [2_000]), "a little": (values((3_000, 0.3), (3_000, 0.36)), [3_000]),
    "twice": (values((1_500, 0.2), (1_500, 0.5), (1_500, 0.1)), [1_500, 3_000]),
    "constant": ([300] * 5_000, []),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "changes"), STREAMS.values(), ids=STREAMS)
def test_drift_is_noticed_where_it_is_and_about_when_river_does(stream, changes) -> None:
    for found in (noticed(stream), by_river(stream)):
        near = [[at for at in found if change <= at < change + 500] for change in changes]
        assert all(near)
        assert len(found) == sum(map(len, near))


@pytest.mark.parametrize("seed", range(5))
def test_no_false_alarm_in_a_long_quiet_stream(seed) -> None:
    assert noticed(values((10_000, 0.3), seed=seed)) == []


def test_a_burst_of_hostile_values_is_forgotten() -> None:
    memory = Memory()
    noticed([*values((2_000, 0.2)), *[ONE] * 200, *values((4_000, 0.2))], memory)
    assert Drift("d").noticed(memory, "") > 2_000
    assert noticed(values((3_000, 0.2), seed=2), memory) == []


def test_its_record_is_bounded_and_survives_a_restart() -> None:
    memory = Memory()
    stream = values((70_000, 0.4))
    noticed(stream, memory)
    record = memory.get("d", "")
    assert len(record) <= HEAD + 3 * (ALIKE + 1) * (LARGEST + 1)
    again = Memory()
    again.restore("d", "", memory.page("d", ""))
    more = values((500, 0.9))
    assert noticed(more, memory) == noticed(more, again) != []
