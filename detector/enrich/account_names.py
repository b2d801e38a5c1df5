"""Account names as they are counted and shown: of a length that somebody may really have."""

from typing import TypeVar

from msgspec.structs import replace

from detector.contract.events import Login, Notice, Registration
from detector.memory.fields import digest

LONGEST = 64
KEPT = 40
"""Characters of a longer name that are shown; a digest of all of it keeps it apart from others that begin so."""
Named = TypeVar("Named", bound=Registration | Login | Notice)


def bound_names(event: Named) -> Named:
    """The same with short names: guessers invent them of any length, and each becomes somebody to remember."""
    short: dict[str, object] = {
        field: shorten(name) for field in ("account", "extension")
        if (name := getattr(event, field, None)) is not None and len(name) > LONGEST
    }  # fmt: skip
    if not isinstance(event, Notice) and event.accounts:
        short["accounts"] = tuple(map(shorten, event.accounts))
    return replace(event, **short) if short else event


def shorten(name: str) -> str:
    """A name of at most `LONGEST` characters, which no two names share."""
    return name if len(name) <= LONGEST else f"{name[:KEPT]}…{digest(name) % 2**64:016x}"
