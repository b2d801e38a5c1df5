"""What went wrong, in one line a person can act on, and the exit code: 1 failed, 2 wrong usage or configuration."""

import os

import structlog
from sqlalchemy.exc import SQLAlchemyError

from detector.engine.state import CheckpointError
from streams.config.tariffs import TariffError
from streams.config.yaml_model import ConfigError
from streams.observe.logs import VARIABLE, LevelError
from streams.processes.exit_codes import FAILED, WRONG_USAGE
from streams.runtime.block_lists import TableError
from streams.store.store_errors import StoreError

SETTINGS = (ConfigError, LevelError, TableError, TariffError)

log = structlog.get_logger(__name__)


def explained(error: BaseException) -> tuple[str, int]:
    """What to say of an error nobody has dealt with, and the exit code."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, SETTINGS):
        return str(error), WRONG_USAGE
    if isinstance(error, OSError) and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else error.strerror, FAILED
    if isinstance(error, StoreError | CheckpointError):
        return first_line(error), FAILED
    if isinstance(error, SQLAlchemyError):  # its own text would show the statement with its values
        return f"database: {first_line(getattr(error, 'orig', None) or type(error).__name__)}", FAILED
    log.debug("unexpected error", exc_info=error)
    kind = type(error).__name__
    return f"unexpected error, {kind}: {first_line(error)} (with {VARIABLE}=debug it says where)", FAILED


def first_line(error: object) -> str:
    """The first line of a text, bounded."""
    return str(error).partition("\n")[0][:400]
