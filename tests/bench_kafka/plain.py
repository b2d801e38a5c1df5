"""A plain Faust agent as its documentation has it: one event a message, decoded, counted in a table."""

import os
import sys
import tempfile
import time

import faust
import msgspec

from detector.contract.events import AnyEvent


def main(broker: str, topic: str, partitions: int, events: int) -> None:
    """Count so many events by PBX and print events a second from the first to the last of them."""
    app = faust.App(
        f"plain-{topic}", broker=f"kafka://{broker}", web_enabled=False, topic_partitions=partitions,
        consumer_auto_offset_reset="earliest", topic_replication_factor=1, store="memory://",
        datadir=tempfile.mkdtemp(), topic_disable_leader=True,
    )  # fmt: skip
    source = app.topic(topic, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")
    counts = app.Table("counts", default=int, partitions=partitions)
    decoder = msgspec.json.Decoder(AnyEvent)
    seen = 0
    began = 0.0

    @app.agent(source)
    async def count(stream: faust.Stream[bytes]) -> None:
        nonlocal seen, began
        async for value in stream:
            began = began or time.perf_counter()
            counts[decoder.decode(value).pbx] += 1
            seen += 1
            if seen == events:
                print(events / (time.perf_counter() - began), flush=True)
                os._exit(0)

    worker = faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
