"""Console, webhooks and feed, on Kafka."""

import asyncio
from functools import partial
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from streams.cli.support.choices import cluster_of, loaded, named, observed_at
from streams.cli.support.common_options import MetricsPort, NeededConfig
from streams.cli.support.failures import fail
from streams.cli.support.services import greet, listening
from streams.config.installation import Installation
from streams.processes.explain import explained
from streams.processes.supervise import Ready, until_signal
from streams.store.store_errors import UnavailableError

EPILOG = """\b
Example:
  ringfence serve -c ringfence.yaml
"""


def command(
    config_file: NeededConfig,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Tells those of one data folder apart: each has its own spool.")
    ] = "serve",
    metrics_port: MetricsPort = None,
) -> None:
    """Show what gateways and workers do, take people's orders and PBXs' webhooks, offer the feed of blocked addresses.

    It needs no credentials of any PBX. The console's address, and at the first start its password, are printed once.
    While Kafka cannot be reached, webhooks and orders wait on disk, in `spool/NAME` of the data folder. Several may
    run: who is logged in at one is so at all. Ends in good order on SIGTERM.
    """
    settings = loaded(config_file, secrets=("journal", "username", "password", "webhook_secret", "token"))
    settings = observed_at(settings, "serve", metrics_port)
    kafka, database = cluster_of(settings, "serve")
    from streams.processes.serve import Serve  # late: a mistake in the configuration is told at once

    try:
        with listening(settings):
            made = partial(Serve, settings, kafka, database, named(name))
            asyncio.run(until_signal(made, lambda ready: greet(ready, what(settings, ready))))
    except (UnavailableError, SQLAlchemyError) as error:
        fail(f"ringfence: {explained(error)[0]} (the database is where `journal` of the configuration says)")


def what(settings: Installation, ready: Ready) -> str:
    """What there is besides the console."""
    place = f"{settings.webhook.host}:{ready.outside_port}"
    return "serving" if ready.outside_port is None else f"serving; webhooks and feed on {place}"
