"""Detect, on Kafka."""

from typing import Annotated

import typer

from streams.cli.support.choices import cluster_of, loaded, observed_at, with_member
from streams.cli.support.common_options import MetricsPort, NeededConfig

EPILOG = "Example: ringfence worker -c ringfence.yaml"


def command(
    config_file: NeededConfig,
    metrics_port: MetricsPort = None,
    member: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            envvar="RINGFENCE_MEMBER",
            help="Fixed name in the group: its partitions wait for it over a restart; default: `static_member`.",
        ),
    ] = None,
) -> None:
    """Read events from Kafka and write findings to it, together with other workers of the same group.

    Memory is saved in the PostgreSQL of `journal`. Ends in good order on SIGTERM; exit code 75 says that another
    worker has taken over, start it again.
    """
    settings = loaded(config_file, secrets=("journal", "username", "password"))
    settings = observed_at(with_member(settings, member), "worker", metrics_port)
    kafka, database = cluster_of(settings, "a worker")
    from streams.processes.worker import run_worker  # late: a mistake in the configuration is told at once

    run_worker(settings, kafka, database)
