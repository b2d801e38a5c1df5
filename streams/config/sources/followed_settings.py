"""Logs and call records that a PBX writes into files, which are followed."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from detector.settings.params import Params
from detector.settings.values import TimeZone, refusal


class LogFormat(StrEnum):
    """What can be followed as it is written."""

    ASTERISK_LOG = "asterisk-log"
    ASTERISK_CDR = "asterisk-cdr"
    FREESWITCH_LOG = "freeswitch-log"


def absolute(value: str) -> str:
    """A path, or a pattern with `*`, `?` or `[...]`, from the root of the file system."""
    if not PurePosixPath(value).is_absolute() or value.endswith("/") or "\x00" in value or "**" in value:
        allowed = "an absolute path such as /var/log/asterisk/messages, or a pattern such as /var/log/*/security"
        raise refusal("not a file that can be followed", allowed)
    return value


LogPath = Annotated[str, AfterValidator(absolute), Field(max_length=1_024)]


class FollowedFiles(Params):
    """Files of one format that one PBX writes, read as one in the order of time; `timezone` is that of its times."""

    format: LogFormat
    paths: Annotated[tuple[LogPath, ...], Field(min_length=1, max_length=64)]
    timezone: TimeZone | None = None
