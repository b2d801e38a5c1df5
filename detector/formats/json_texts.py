"""JSON out of lines: one value a line, or indented over many."""

from collections.abc import Iterator

from detector.contract.codec import Rejected

INDENTED = (b" ", b"\t", b"}", b"]")
BROKEN_OFF = Rejected(reason="JSON that breaks off")


class JsonTexts:
    """Joins the lines of an indented value: it begins with a bracket alone, and ends where one stands at the margin."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._printed = bytearray()

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
            if line[:1] in (b"}", b"]") or len(self._printed) > self._longest:
                yield bytes(self._printed)
                self._printed.clear()
            return
        yield from self.close()
        if line.rstrip() in (b"{", b"["):
            self._printed += line
        elif line.strip():
            yield line

    def close(self) -> Iterator[Rejected]:
        """A value that has no end."""
        if self._printed:
            self._printed.clear()
            yield BROKEN_OFF
