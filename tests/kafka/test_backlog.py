"""Whether anybody works on the log, as seen from outside."""

import pytest

from streams.config.kafka_settings import Kafka
from streams.kafka.read.backlog import LOOKS, Backlog
from streams.store.database import open_engine

Looks = list[tuple[dict[int, int], dict[int, int]]]
MOVING: Looks = [({0: 10, 1: 5}, {0: looks}) for looks in range(20)]
STANDING: Looks = [({0: 10, 1: 5}, {0: 10, 1: 2})] * LOOKS


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        pytest.param(MOVING, False, id="behind, and getting on"),
        pytest.param([({0: 10}, {0: 10})] * 20, False, id="nothing to do"),
        pytest.param(STANDING, False, id="standing still, not for long"),
        pytest.param([*STANDING, *STANDING], True, id="standing still"),
        pytest.param([*STANDING, *STANDING, ({0: 10, 1: 5}, {0: 10, 1: 3})], False, id="getting on again"),
        pytest.param([({0: 10}, {})] * 20, True, id="nobody ever worked"),
    ],
)
def test_records_that_wait_while_nothing_is_saved_are_told_of(looks: Looks, told: bool, postgres_url: str) -> None:
    database = open_engine(postgres_url)
    backlog = Backlog(Kafka.model_validate({"brokers": ["127.0.0.1:1"]}), database)
    for ends, saved in looks:
        backlog.look(ends, saved)
    assert (backlog.problem is not None) is told
    database.dispose()
