"""Where raw events are archived."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints, ValidationInfo

from detector.settings.params import Params, Seconds
from detector.settings.values import located, refusal


def archive_url(value: str, info: ValidationInfo) -> str:
    """A folder, beside the configuration if relative, or a URL without credentials."""
    allowed = "a folder, or a URL such as s3://bucket/ringfence"
    if "://" not in value:
        return str(located(Path(value), info))
    try:
        secret = has_password(value)
    except ValueError:
        raise refusal("not a URL", allowed) from None
    if not urlsplit(value).scheme:
        raise refusal("not a URL", allowed)
    if secret:
        raise refusal("credentials must not be written here", "what the store's library finds in the environment")
    return value


def has_password(url: str) -> bool:
    """Whether a URL tells a password. Raises ValueError where it is none."""
    return "://" in url and urlsplit(url).password is not None


ArchiveUrl = Annotated[str, StringConstraints(min_length=1, max_length=1_024), AfterValidator(archive_url)]


class ArchiveSettings(Params):
    """Raw events as Parquet at `url`, nowhere unless it is named; at the latest `every` so often.

    How long they stay says `privacy.retention.raw` of their PBX.
    """

    url: ArchiveUrl | None = None
    every: Seconds = 300.0
