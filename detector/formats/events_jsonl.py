"""Contract events as JSON lines, one object or one array of objects a line."""

from collections.abc import Iterator
from typing import ClassVar

from detector.contract.codec import Codec, reject
from detector.formats.format import Format, FormatOptions, Reading, register

MAX_ARRAY_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


@register
class EventsJsonl(Format):
    """The contract itself, from others: their `control` events are refused."""

    name: ClassVar[str] = "events"
    max_line: ClassVar[int] = MAX_ARRAY_BYTES

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self.codec = Codec(trusted=False)

    def read(self, line: bytes) -> Iterator[Reading]:
        """All events of the line, in order; an empty line is nothing."""
        content = line.removeprefix(BOM).strip()
        if not content:
            self.ignored += 1
        elif len(content) > MAX_ARRAY_BYTES:
            yield reject(f"line of {len(content)} bytes, allowed are {MAX_ARRAY_BYTES}", content)
        else:
            yield from self.codec.decode(content)
