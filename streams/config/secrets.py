"""Secrets in the configuration: never written there, only where they are; fetched for the fields a process needs."""

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr, ValidationInfo

from detector.settings.values import refusal
from streams.config.bounded_text import FileError, read_text

LONGEST = 64 * 1024
REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^\x00-\x1f]{1,1024}")

Fetch = Callable[[str, str], str | None]


def secret(value: object, info: ValidationInfo) -> SecretStr | None:
    """A secret behind `env:NAME` or `file:PATH`, fetched by `secret` of the validation context.

    That function gets the field's name and the reference; None is what this process does not need.
    """
    if value is None or isinstance(value, SecretStr):
        return value
    if not (isinstance(value, str) and REFERENCE.fullmatch(value)):
        raise refusal("a secret must not be written here", "env:NAME or file:PATH")
    fetch = (info.context or {}).get("secret")
    found = fetch(info.field_name, value) if fetch else None
    return None if found is None else SecretStr(found)


def journal_url(value: object, info: ValidationInfo) -> SecretStr | None:
    """The SQLAlchemy URL of a PostgreSQL database; one with a password only behind `env:` or `file:`."""
    if isinstance(value, str) and not REFERENCE.fullmatch(value):
        if "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]:
            raise refusal("a URL with a password must not be written here", "env:NAME or file:PATH")
        value = SecretStr(value)
    url = secret(value, info)
    if url is None:
        return None
    scheme, _, rest = url.get_secret_value().partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise refusal("not a URL of PostgreSQL", "postgresql://user@host/database, or null for SQLite")
    return SecretStr(f"postgresql+psycopg://{rest}")


def fetcher(folder: Path, wanted: Collection[str] | None) -> Fetch:
    """A function from field name and reference to the secret; None for fields not `wanted` (None: all are).

    A relative path in `file:` starts at `folder`. The function raises ValueError without naming the secret.
    """

    def fetch(field: str, reference: str) -> str | None:
        if wanted is not None and field not in wanted:
            return None
        kind, _, name = reference.partition(":")
        found = os.environ.get(name, "") if kind == "env" else content(folder / name)
        if not found:
            raise ValueError(f"{reference} is not set or empty")
        return found

    return fetch


def content(path: Path) -> str:
    """The text of a secret's file without the line end. Raises ValueError."""
    try:
        return read_text(path, LONGEST).rstrip("\r\n")
    except FileError as error:
        raise ValueError(f"the file of the secret: {error}") from None


Secret = Annotated[SecretStr | None, BeforeValidator(secret)]
JournalUrl = Annotated[SecretStr | None, BeforeValidator(journal_url)]
