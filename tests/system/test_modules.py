"""On one machine nothing is imported that only a fleet needs."""

from pathlib import Path

from tests.system.programs import FEED_TOKEN, SECRET, Installation, eventually, simulated
from tests.telling_modules import telling

FOREIGN = ("aiokafka", "confluent_kafka", "faust", "pyarrow", "streams.kafka")


def test_run_without_kafka_has_no_kafka_in_it_while_it_watches(tmp_path: Path) -> None:
    with simulated(tmp_path) as sim:
        here = Installation(tmp_path, sim.url)
        environment = {
            **here.environment, "SIM_SECRET": SECRET, "FEED_TOKEN": FEED_TOKEN, "RINGFENCE_METRICS_PORT": "0",
        }  # fmt: skip
        with telling(tmp_path / "run.log", "run", "-c", here.config, env=environment) as run:
            sim.attack()
            eventually("an action is carried out", lambda: any(state == "confirmed" for _, _, state in here.actions()))
            known = run.imported(
                "aiokafka",
                "confluent_kafka",
                "faust",
                "streams.kafka",
                "pyarrow",
                "streams.asterisk",
                "streams.yeastar",
                "apprise",
            )
    assert known == {"streams.yeastar", "apprise"}
