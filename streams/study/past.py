"""The past of one PBX as a notebook opens it: events from an archive, and the configuration they are judged by."""

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from detector.contract.events import AnyEvent, Unknown
from detector.detect.catalogue import catalogue
from detector.settings import PbxProfile, profile
from streams.archive import frame, read
from streams.config.installation import Installation, core_settings
from streams.config.loading import load


class Past(Struct, frozen=True):
    """Where it was read from, whose it is, and the events in their order."""

    archive: str
    pbx: str
    settings: Installation
    events: Sequence[AnyEvent | Unknown]

    @property
    def profile(self) -> PbxProfile:
        """What is configured for the PBX: time zone, currency, limits of rules."""
        return profile(core_settings(self.settings), self.pbx, catalogue())


def opened(archive: str | None = None, configuration: str | None = None, pbx: str | None = None) -> Past:
    """All events of a PBX, by default of the busiest one.

    What is not given is taken from RINGFENCE_ARCHIVE, RINGFENCE_CONFIG and RINGFENCE_PBX; without them it is the folder
    `archive`, and a configuration that changes nothing.
    """
    archive = archive or os.environ.get("RINGFENCE_ARCHIVE", "archive")
    named = configuration or os.environ.get("RINGFENCE_CONFIG")
    settings = load(Path(named) if named else None, secrets=())
    pbx = pbx or os.environ.get("RINGFENCE_PBX") or next(iter(frame(archive)["pbx"].mode()), "")
    return Past(archive, pbx, settings, list(read(archive, pbxs=[pbx])))
