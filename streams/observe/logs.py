"""Logs on stderr: for people on a terminal, JSON lines otherwise; neither secrets nor control characters in them."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

VARIABLE = "RINGFENCE_LOG"
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
SECRET = re.compile(
    r"""(?i)((?:token|secret|password|signature)(?:=|["']\s*:\s*["']))[^\s&"',;]+|(?<=://)[^/\s@]+(?=@)"""
)


class LevelError(ValueError):
    """RINGFENCE_LOG names no level."""


def level_of(environment: Mapping[str, str] = os.environ) -> int:
    """The least level that is written. Raises LevelError."""
    name = environment.get(VARIABLE, "info").lower()
    if name not in LEVELS:
        raise LevelError(f"{VARIABLE}={name!r}: allowed are {', '.join(LEVELS)}")
    return LEVELS[name]


def configure(level: int) -> None:
    """Set up all logging of this process; libraries are heard from `warning` up, whatever our own level."""
    terminal = sys.stderr.isatty()
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if terminal
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        harmless,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


def harmless(_: Any, __: str, event: EventDict) -> EventDict:
    """Secrets that stand in a text are taken out, and characters that could steer a terminal are made visible."""
    return {
        name: clean(value, keep="\n" if name == "exception" else "") if isinstance(value, str) else value
        for name, value in event.items()
    }


def clean(text: str, keep: str = "") -> str:
    """A text that may be shown."""
    hidden = SECRET.sub(lambda found: (found[1] or "") + "***", text)
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in hidden)
