"""How long each stage of the line takes, over the whole process: observed once for a record or batch, not an event."""

from datetime import datetime
from typing import Literal

from prometheus_client import Histogram, disable_created_metrics

from detector.contract.events import AnyEvent, Tick, Unknown

Stage = Literal["received", "log", "decide", "checkpoint", "act", "confirm", "notify"]
LONGEST = 86_400.0
"""Seconds; what took longer, such as history, counts as this."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
DELAY = Histogram(
    "ringfence_delay_seconds",
    "Seconds a stage took: received (event to our connector), log (connector to engine), decide (engine to findings "
    "handed over), checkpoint (longest wait for one), act and confirm (decision in mode auto to action), notify.",
    ["stage"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
    registry=None,
)
CHECKPOINT = Histogram(
    "ringfence_checkpoint_seconds",
    "Seconds it took to save the memory of one partition.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
    registry=None,
)


def took(stage: Stage, seconds: float) -> None:
    """One more observation. Clocks of two machines may differ: what ended before it began took no time."""
    DELAY.labels(stage).observe(min(max(seconds, 0.0), LONGEST))


def arrived(event: AnyEvent | Unknown, taken: datetime) -> None:
    """How an event that was taken from the log at `taken` came there."""
    if event.received_at is not None and type(event) is not Tick:
        took("received", (event.received_at - event.at).total_seconds())
        took("log", (taken - event.received_at).total_seconds())
