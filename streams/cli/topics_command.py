"""Show, check and create the Kafka topics."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, fail
from streams.config.kafka_settings import Kafka
from streams.kafka.admin import TopicsError
from streams.kafka.connecting import AwayError
from streams.kafka.topics import DAY, FoundTopic, TopicCheck, check, create
from streams.processes.explain import first_line

EPILOG = "Example: ringfence topics -c ringfence.yaml --create"
GOOD = "good"


def command(
    config_file: NeededConfig,
    make: Annotated[bool, typer.Option("--create", help="Create the topics that are missing.")] = False,
) -> None:
    """Show the Kafka topics and what about them is not as the configuration wants it.

    Exit code 1 if a topic is missing or differs. What exists is never changed.
    """
    settings = loaded(config_file, secrets=("username", "password"))
    if settings.kafka is None:
        fail(f"{config_file}: there is no section kafka", WRONG_USAGE)
    tend(settings.kafka, make=make)


def tend(kafka: Kafka, *, make: bool) -> None:
    """Make what is missing if asked to, show all topics, and end with exit code 1 unless all are as wanted."""
    try:
        checks = asyncio.run(tended(kafka, make=make))
    except TopicsError as error:
        fail(f"ringfence: {error}")
    except AwayError as error:
        fail(f"ringfence: Kafka at {', '.join(kafka.brokers)}: {first_line(error)}")
    Console(highlight=False, soft_wrap=True, markup=False, emoji=False).print(table(checks))
    wrong = [one for one in checks if one.differences]
    if any(one.found is None for one in wrong):
        fail("ringfence: topics are missing; ringfence topics --create makes them")
    if wrong:
        fail(f"ringfence: not as wanted: {', '.join(one.wanted.name for one in wrong)}")


async def tended(kafka: Kafka, *, make: bool) -> list[TopicCheck]:
    """All topics, after those that were missing have been made if so wanted."""
    checks = await check(kafka)
    missing = [one.wanted for one in checks if one.found is None]
    if not (make and missing):
        return checks
    await create(kafka, missing)
    return await check(kafka)


def table(checks: list[TopicCheck]) -> Table:
    """One row a topic: what it is like, and what differs from what is wanted."""
    shown = Table("topic", "partitions", "retention", "compaction", "copies", "state", box=None, pad_edge=False)
    for one in checks:
        state = "\n".join(one.differences) or GOOD
        shown.add_row(one.wanted.name, *cells(one.found), state, style=None if state == GOOD else "bold")
    return shown


def cells(found: FoundTopic | None) -> tuple[str, str, str, str]:
    """Partitions, retention, compaction, copies."""
    if found is None:
        return "-", "-", "-", "-"
    compaction = "yes" if "compact" in found.settings.get("cleanup.policy", "") else "no"
    return str(found.partitions), retention(found.settings.get("retention.ms", "")), compaction, str(found.replication)


def retention(milliseconds: str) -> str:
    """`7 d`, or as Kafka writes it where it is no whole number of days."""
    if milliseconds == "-1":
        return "for ever"
    days, rest = divmod(int(milliseconds or 0), DAY)
    return f"{days} d" if not rest else f"{milliseconds} ms"
