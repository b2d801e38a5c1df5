"""CSV records out of lines: a quoted cell may hold line ends, and a stray quote costs one record only."""

import csv
import re
from collections.abc import Iterator
from functools import lru_cache

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES

MAX_LINES = 16
NOT_CLOSED = Rejected(reason="a quote that is not closed")


class CsvRecords:
    """Joins lines to records; the delimiter may change once the header is known."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    @property
    def open(self) -> bool:
        """Whether the lines so far end within quotes."""
        return bool(self._lines)

    @property
    def held(self) -> int:
        """How many lines wait for the end of their record."""
        return len(self._lines)

    def add(self, line: bytes, delimiter: str = ",") -> Iterator[str | Rejected]:
        """The records that are complete with this line; those a stray quote swallowed are read again."""
        waiting = [line]
        while waiting:
            self._lines.append(waiting.pop(0))
            content = b"\n".join(self._lines)
            text = content.decode("utf-8", "replace")
            if not unclosed(text, delimiter):
                self._lines = []
                yield text
            elif len(self._lines) >= MAX_LINES or len(content) > MAX_EVENT_BYTES:
                waiting, self._lines = self._lines[1:] + waiting, []
                yield NOT_CLOSED

    def close(self) -> Iterator[Rejected]:
        """A record whose quote was never closed."""
        if self._lines:
            self._lines = []
            yield NOT_CLOSED


def cells(text: str, delimiter: str = ",") -> list[str]:
    """The cells of one record; none if it is no CSV."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def unclosed(text: str, delimiter: str) -> bool:
    """Whether a quote that began a cell is still open at the end."""
    if _whole(delimiter).fullmatch(text):
        return False
    at = 0
    while True:
        if text.startswith('"', at):
            at = _after_quote(text, at + 1)
            if at < 0:
                return True
        at = text.find(delimiter, at) + 1
        if at == 0:
            return False


@lru_cache(maxsize=8)
def _whole(delimiter: str) -> re.Pattern[str]:
    """As nearly all records are written: what is quoted ends with its cell."""
    cell, other = re.escape(delimiter), re.escape(delimiter + '"')
    each = rf'(?:"(?:[^"]++|"")*+"|(?:[^{other}][^{cell}]*+)?+)'
    return re.compile(rf"{each}(?:{cell}{each})*+", re.DOTALL)


def _after_quote(text: str, at: int) -> int:
    while (at := text.find('"', at)) >= 0:
        if not text.startswith('"', at + 1):
            return at + 1
        at += 2
    return -1
