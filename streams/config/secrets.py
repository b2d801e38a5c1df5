"""Fetches secrets from the environment or from files, for the fields a process needs."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from streams.config.bounded_text import FileError, read_text

LONGEST = 64 * 1024

Fetch = Callable[[str, str], str | None]


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
