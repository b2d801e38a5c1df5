"""Says what is wrong between a source and its PBX."""

import structlog

from streams.pbxs.pbx_errors import GiveUp, PbxError
from streams.runtime.ingest import SourceStatus

log = structlog.get_logger(__name__)


def say_trouble(status: SourceStatus, error: PbxError) -> None:
    """Say it once: as an error where somebody has to do something."""
    problem = f"{type(error).__name__}: {error}"
    if problem != status.problem:
        say = log.error if isinstance(error, GiveUp) else log.warning
        say("trouble with the PBX", source=status.name, pbx=status.pbx, problem=problem)
    status.problem = problem
