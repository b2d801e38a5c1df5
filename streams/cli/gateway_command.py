"""Speak to PBXs and act, on Kafka."""

import asyncio
from functools import partial
from typing import Annotated

import typer

from streams.cli.support.choices import cluster_of, loaded, named, observed_at
from streams.cli.support.common_options import MetricsPort, NeededConfig
from streams.cli.support.failures import err
from streams.processes.supervise import until_signal

EPILOG = "Example: ringfence gateway -c ringfence.yaml"


def command(
    config_file: NeededConfig,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="Tells gateways of one data folder apart: each has its own spool."),
    ] = "gateway",
    metrics_port: MetricsPort = None,
) -> None:
    """Speak to this gateway's share of the PBXs, carry out what workers decide, and tell people.

    Several gateways share the PBXs of a fleet, and take over from one that dies within half a minute. Ends in good
    order on SIGTERM.
    """
    settings = observed_at(loaded(config_file, secrets=None), "gateway", metrics_port)
    kafka, database = cluster_of(settings, "a gateway")
    from streams.processes.gateway import Gateway  # late: a mistake in the configuration is told at once

    made = partial(Gateway, settings, kafka, database, named(name))
    asyncio.run(until_signal(made, lambda: err.print(f"Ringfence gateway {name} is at work")))
