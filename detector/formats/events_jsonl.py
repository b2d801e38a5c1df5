"""Contract events as JSON lines, one object or one array of objects a line."""

from collections.abc import Iterator
from typing import ClassVar

from detector.contract.codec import Codec, reject
from detector.contract.events import KINDS
from detector.contract.visibility import Source, Telling, defaults_of
from detector.formats.format import Format, FormatOptions, Reading, register

TOLD = ("call", "registration", "login", "notice", "config")
MAX_ARRAY_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
ALL = Source(
    name="events", title="programs of your own that write our events", live=True,
    gives=tuple(Telling(kind=kind, fields=tuple(defaults_of(KINDS[kind]))) for kind in TOLD),
)  # fmt: skip


@register
class EventsJsonl(Format):
    """The contract itself, from others: their `control` events are refused."""

    name: ClassVar[str] = "events"
    sources: ClassVar[tuple[Source, ...]] = (ALL,)
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
