"""Watch and protect the PBXs."""

import asyncio
from functools import partial

from streams.cli.support.choices import loaded, observed_at
from streams.cli.support.common_options import MetricsPort, NeededConfig
from streams.cli.support.failures import WRONG_USAGE, fail
from streams.cli.support.services import greet, guarded, listening
from streams.processes.supervise import until_signal

EPILOG = "Example: ringfence run -c ringfence.yaml"


def command(config_file: NeededConfig, metrics_port: MetricsPort = None) -> None:
    """Watch and protect the configured PBXs: the service on one machine, no broker needed.

    The console's address, and at the first start its password, are printed once. Ends in good order on SIGTERM.
    """
    settings = loaded(config_file, secrets=None)
    watched = [pbx.id for pbx in settings.pbxs if pbx.watched]
    if not watched:
        fail(f"{config_file}: no PBX has a connection, files, `hep` or syslog; there is nothing to watch", WRONG_USAGE)
    settings, what = observed_at(settings, "run", metrics_port), f"watching {', '.join(watched)}"
    from streams.processes.run import Service  # late: a mistake in the configuration is told at once

    with guarded(settings.data), listening(settings):
        asyncio.run(until_signal(partial(Service, settings), lambda ready: greet(ready, what)))
