"""Fill the archive, on Kafka."""

import asyncio

from streams.archive.store import Archive
from streams.cli.support.choices import loaded, observed_at
from streams.cli.support.common_options import MetricsPort, NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.processes.archiver import follow

EPILOG = "Example: ringfence archive follow -c ringfence.yaml"


def command(config: NeededConfig, metrics_port: MetricsPort = None) -> None:
    """Copy every event from Kafka into the archive, put days together, and remove what is past its retention.

    Several share the work. While the archive is away events wait in Kafka. Ends in good order on SIGTERM. `ringfence
    run` does this by itself.
    """
    settings = observed_at(loaded(config, secrets=("username", "password")), "archive", metrics_port)
    kafka, url = settings.kafka, settings.archive.url
    if kafka is None:
        fail(
            "archive follow needs Kafka: name it under `kafka`; without it ringfence run fills the archive", WRONG_USAGE
        )
    if url is None:
        fail("where to? name a place under `archive: {url: ...}`", WRONG_USAGE)
    archive = Archive(url)
    said = f"Ringfence archives {kafka.prefix}.events in {archive.files.url}"
    asyncio.run(follow(settings, kafka, archive, lambda: err.print(said)))
