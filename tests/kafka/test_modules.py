"""What knows no secret of a PBX has no code for PBXs, people or messages in it either, while it works."""

import asyncio
from pathlib import Path

from tests.kafka.fleet import PARTITIONS, Fleet
from tests.kafka.traffic import interleaved, parted, traffic
from tests.telling_modules import telling

FOREIGN = (
    "streams.asterisk", "streams.yeastar", "streams.containment", "streams.notify", "streams.console", "streams.sim",
    "apprise", "fastapi", "httpx", "jinja2", "starlette", "uvicorn", "websockets",
)  # fmt: skip
WHOLE = """
data: {data}
journal: env:RINGFENCE_TEST_DATABASE
kafka: {{brokers: {brokers}, prefix: {prefix}, partitions: {partitions}, replication: 1,
        group: {prefix}, checkpoint: 200ms}}
archive: {{url: {archive}, every: 200ms}}
notify: [{{name: people, url: env:PEOPLE}}]
feed: {{enabled: true, token: env:FEED_TOKEN}}
enforcers: {{feed: {{}}}}
pbxs:
  - id: pbx-01
    connection: {{url: "http://127.0.0.1:9", client_id: env:SOME_ID, client_secret: env:SOME_SECRET}}
"""
"""As on a machine where every process runs; of its secrets each reads what it needs, and here no other is set."""


def configured(fleet: Fleet) -> Path:
    file = fleet.folder / "whole.yaml"
    file.write_text(WHOLE.format(
        data=fleet.folder / "data", brokers=list(fleet.kafka.brokers), prefix=fleet.prefix, partitions=PARTITIONS,
        archive=fleet.folder / "kept",
    ))  # fmt: skip
    return file


async def test_a_worker_at_work_has_no_client_no_console_and_no_messages(fleet: Fleet) -> None:
    await fleet.publish(interleaved(parted(traffic(2_000, seed=3), PARTITIONS), 1))
    environment = {"RINGFENCE_TEST_DATABASE": fleet.database, "RINGFENCE_METRICS_PORT": "0"}
    with telling(fleet.folder / "said", "worker", "-c", configured(fleet), env=environment) as worker:
        await fleet.settled()
        assert worker.imported(*FOREIGN, "faust") == {"faust"}
    assert await fleet.findings()


async def test_a_follower_at_work_has_no_client_no_console_no_messages_and_no_faust(fleet: Fleet) -> None:
    await fleet.publish(interleaved(parted(traffic(2_000, seed=3), PARTITIONS), 1))
    command = ("archive", "follow", "-c", configured(fleet))
    with telling(fleet.folder / "said", *command, env={"RINGFENCE_METRICS_PORT": "0"}) as follower:
        async with asyncio.timeout(60):
            while not list((fleet.folder / "kept").rglob("*.parquet")):
                assert follower.running, (fleet.folder / "said").read_text()
                await asyncio.sleep(0.2)
        assert follower.imported(*FOREIGN, "faust", "pyarrow") == {"pyarrow"}
