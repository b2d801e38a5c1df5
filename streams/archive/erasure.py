"""Erases what an archive knows of a subject: an extension, a telephone number or an address."""

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address

import msgspec
from msgspec import Struct

from detector.contract.codec import Codec, Rejected
from detector.contract.events import Control
from streams.archive.archive_errors import ArchiveError
from streams.archive.layout import Folder
from streams.archive.parquet_rows import Row
from streams.archive.rewriting import rewrite, sweep
from streams.archive.store import Archive

NAMING = {
    "extension": ("extension", "account", "accounts", "on_behalf_of", "from", "to", "actor", "object_id"),
    "number": ("from", "to", "account", "accounts"),
    "address": ("source_ip",),
}
FREE = ("text", "reason", "user_agent", "channel", "changes", "route", "possible_routes", "note")
ERASED = "erased"
SHORT = 6

Test = Callable[[str], bool]


class ErasureSubject(Struct, frozen=True):
    """Whom to forget; `kind` is a key of `NAMING`."""

    kind: str
    value: str


def erase(archive: Archive, folder: Folder, subjects: Sequence[ErasureSubject], *, mask: bool) -> int:
    """Forget subjects on one day; returns how many events named them.

    These are removed, or with `mask` kept with `erased` in place of the name. Settings in the log are left as they are.
    Raises `DamagedError`, and leaves the day as it is: a file that cannot be read may hold anything.
    """
    matches = [matching(subject) for subject in subjects]
    sweep(archive.files, folder)
    hit = sum(any(match.names(row) for match in matches) for row in archive.rows(folder))
    if hit:
        rewrite(archive, folder, lambda rows: [kept for row in rows for kept in forgotten(row, matches, mask=mask)])
    return hit


class Match(Struct, frozen=True):
    """Where a subject can stand: whole in `fields`, as a word within free text."""

    fields: tuple[str, ...]
    whole: Test
    word: re.Pattern[str]

    def names(self, row: Row) -> bool:
        """Whether an event names the subject."""
        record = msgspec.json.decode(row.raw)
        return not isinstance(row.event, Control) and record != self.masked(record)

    def masked(self, record: dict[str, object]) -> dict[str, object]:
        """The event without the subject's name."""
        masked = dict(record)
        for name in self.fields:
            if name in record:
                masked[name] = replaced(record[name], lambda text: ERASED if self.whole(text) else text)
        for name in FREE:
            if name in masked:
                masked[name] = replaced(masked[name], lambda text: self.word.sub(ERASED, text))
        return masked


def forgotten(row: Row, matches: Sequence[Match], *, mask: bool) -> Iterator[Row]:
    """What is left of a row."""
    named = [match for match in matches if match.names(row)]
    if not named:
        yield row
    elif mask:
        record = msgspec.json.decode(row.raw)
        for match in named:
            record = match.masked(record)
        codec = Codec(trusted=True)
        event = codec.decode(msgspec.json.encode(record))[0]
        if isinstance(event, Rejected):  # only texts were replaced, by a short one
            raise ArchiveError(f"an event cannot be masked: {event.reason}")
        yield Row(event, codec.encode(event), row.log, row.offset)


def matching(subject: ErasureSubject) -> Match:
    """How to find a subject. Raises ValueError for a number without digits, no address, or no name at all."""
    if not subject.value.strip():
        raise ValueError("an empty name would be found everywhere")
    word = re.compile(rf"(?<![0-9A-Za-z]){re.escape(subject.value)}(?![0-9A-Za-z])")
    if subject.kind == "address":
        address = ip_address(subject.value)
        return Match(NAMING["address"], lambda text: same_address(text, str(address)), word)
    if subject.kind == "number":
        digits = digits_of(subject.value)
        if not digits:
            raise ValueError(f"{subject.value!r} has no digits")
        return Match(
            NAMING["number"], lambda text: same_number(text, digits), re.compile(rf"(?<![0-9]){digits}(?![0-9])")
        )
    return Match(NAMING["extension"], lambda text: text == subject.value, word)


def same_address(text: str, address: str) -> bool:
    """Whether a text is this address, however it is written."""
    try:
        found = ip_address(text)
    except ValueError:
        return False
    return str(getattr(found, "ipv4_mapped", None) or found) == address


def same_number(text: str, digits: str) -> bool:
    """Whether a number, as dialled with whatever before it, ends in these digits; a short one must be the same."""
    found = digits_of(text)
    return found == digits or (len(digits) >= SHORT and found.endswith(digits))


def digits_of(text: str) -> str:
    """The digits 0 to 9 of a text."""
    return "".join(c for c in text if "0" <= c <= "9")


def replaced(value: object, change: Callable[[str], str]) -> object:
    """A value with every text in it, keys excepted, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [replaced(one, change) for one in value]
    if isinstance(value, dict):
        return {name: replaced(one, change) for name, one in value.items()}
    return value
