"""JSON out of lines: one value a line, or indented over many."""

import re
from collections.abc import Iterator

from detector.contract.codec import Rejected

INDENTED = (b" ", b"\t", b"}", b"]")
OPENING = re.compile(rb"[\[{](.*[\[{])?\s*$", re.DOTALL)
CLOSING = re.compile(rb"[\]}\s]*,?\s*")
LIST = re.compile(
    rb'\s*(?:\{\s*(?:"\w{1,32}"\s*:\s*(?:"[^"]{0,64}"|-?\d{1,12})\s*,\s*){0,16}"\w{1,32}"\s*:\s*)?\[\s*', re.ASCII
)
"""What may stand before a list whose items are at the margin."""
BROKEN_OFF = Rejected(reason="JSON that breaks off")


class JsonTexts:
    """Joins the lines of an indented value: it begins where a line opens it, and ends where a bracket is at the margin.

    Of a list whose items stand at the margin, one a line, each item is a value. `held` lines wait for an end.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._printed = bytearray()
        self.held = 0

    @property
    def open(self) -> bool:
        """Whether an indented value has begun."""
        return bool(self._printed)

    def add(self, line: bytes) -> Iterator[bytes | Rejected]:
        """The values this line completes; what stands in the middle of one that broke off is read for itself."""
        if self._printed and not line.strip():
            return
        if self._printed and line[:1] in INDENTED:
            self._printed += b"\n" + line
            self.held += 1
            if line[:1] in (b"}", b"]") or len(self._printed) > self._longest:
                yield bytes(self._printed)
                self._clear()
            return
        if LIST.fullmatch(self._printed):
            self._clear()
        yield from self.close()
        if OPENING.match(line):
            self._printed += line
            self.held = 1
        elif not CLOSING.fullmatch(line):
            yield line.rstrip().removesuffix(b",")

    def close(self) -> Iterator[Rejected]:
        """A value that has no end."""
        if self._printed:
            self._clear()
            yield BROKEN_OFF

    def _clear(self) -> None:
        self._printed.clear()
        self.held = 0
