"""Reading one field of a Yeastar record: bounded, typed, a single space meaning absent."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from detector.formats.parties import Parties

Record = Mapping[str, object]

MAX_TEXT = 1_024
MAX_LONG_TEXT = 16_384
MAX_SECONDS = 31_622_400
LAST_EPOCH = 253_402_214_400
LONGEST_EXTENSION = 7
WITHHELD = frozenset({
    "anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "blocked", "asserted identity",
})  # fmt: skip
"""What stands for a caller who does not show a number."""


class BadFieldError(ValueError):
    """A field nobody can use: `reason` says what is wrong with `field`."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.reason = reason
        self.field = field


def text(record: Record, *names: str, limit: int = MAX_TEXT) -> str | None:
    """The first of `names` that is not blank, stripped; numbers as their digits."""
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadFieldError(f"expected text, got {type(value).__name__}", name)
            value = _digits(value, name)
        value = value.strip()
        if len(value) > limit:
            raise BadFieldError(f"{len(value)} characters, allowed are {limit}", name)
        if value:
            return value if value.isascii() else _encodable(value, name)
    return None


def key(record: Record, name: str, limit: int = 128) -> str:
    """Like `text`, but it has to be there."""
    value = text(record, name, limit=limit)
    if value is None:
        raise BadFieldError("missing", name)
    return value


def seconds(record: Record, *names: str) -> float | None:
    """The first of `names` that is there, as a duration in seconds."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            continue
        number = _number(value, name)
        if not 0 <= number <= MAX_SECONDS:
            raise BadFieldError("not a duration", name)
        return number
    return None


def epoch(record: Record, name: str) -> datetime | None:
    """The UTC moment of a field in seconds since 1970; zero is absent."""
    value = record.get(name)
    if isinstance(value, str):
        value = value.strip()
    if value in (None, "", 0):
        return None
    number = _number(value, name)
    if not 0 < number <= LAST_EPOCH:
        raise BadFieldError("not a time", name)
    return datetime.fromtimestamp(number, UTC)


def born(call_id: str | None) -> datetime | None:
    """The second in which a call began, which its `call_id` begins with (`1772676302.7`); None if it does not."""
    whole = (call_id or "").partition(".")[0]
    return (
        datetime.fromtimestamp(int(whole), UTC) if len(whole) == 10 and whole.isascii() and whole.isdecimal() else None
    )


def address(record: Record, name: str) -> str | None:
    """The IP address of a field in canonical form, without a port; what is none is absent."""
    shown = text(record, name, limit=128)
    return _canonical(shown) if shown else None


@lru_cache(maxsize=4_096)
def _canonical(shown: str) -> str | None:
    if shown.count(":") == 1:
        shown = shown.partition(":")[0]
    try:
        parsed = ip_address(shown.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return str((isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed)


def number_of(shown: str | None) -> str | None:
    """The number of `Name<number>`; what has no such end is a number already.

    The name comes first and is free text, so only the last bracket counts.
    """
    if shown and shown.endswith(">") and "<" in shown:
        return shown[shown.rindex("<") + 1 : -1].strip() or shown
    return shown


def extension_of(number: str | None, parties: Parties) -> str | None:
    """Whom of ours a number names, None for one outside; a Yeastar's extensions have at most seven digits.

    What the configuration names is certain. A caller without a number is nobody of ours, nor is a trunk.
    """
    if number is None or number in parties.extensions:
        return number
    shown = number.partition("@")[0].casefold()
    if number in parties.trunks or shown in WITHHELD or shown.startswith("+"):
        return None
    digits = "".join(character for character in shown if character not in " -().")
    return None if digits.isdecimal() and len(digits) > LONGEST_EXTENSION else number


def snake(words: str) -> str:
    """`NO ANSWER` as `no_answer`."""
    return "_".join(words.lower().replace("-", " ").replace("_", " ").split())


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadFieldError(f"expected a number, got {type(value).__name__}", name)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise BadFieldError("not a number", name) from None
    if not math.isfinite(number):
        raise BadFieldError("not a number", name)
    return number


def _digits(value: int, name: str) -> str:
    if value.bit_length() > 256:
        raise BadFieldError("a number beyond any use", name)
    return str(value)


def _encodable(value: str, name: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadFieldError("not valid Unicode", name)
    return value
