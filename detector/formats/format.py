"""What every input format is: lines in, contract events out, found by walking this folder."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import ClassVar, Literal, TypeVar

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Unknown
from detector.contract.registry import Registry
from detector.contract.visibility import Source
from detector.formats.own_network import Network
from detector.formats.parties import Parties
from detector.formats.unread import UnreadLines

MAX_TEXT = 1_024
REMEMBERED_LINES = 16_384
MAX_ASSUMED = 64
EMPTY = blake2b(digest_size=16)

Reading = AnyEvent | Unknown | Rejected


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """What the records of a format may lack.

    `zone` is the PBX's own, `year` that of the first line, `keyed_hash` makes a PIN its keyed hash (hex).
    `date_order` says how `03/04/2026` is meant; without it the file's own rows decide, and where they do not, `region`.
    `parties` tells extensions from trunks where the records name both alike, `network` by addresses.
    """

    pbx: str
    zone: tzinfo
    year: int | None
    keyed_hash: Callable[[str], str]
    date_order: Literal["mdy", "dmy"] | None = None
    region: str = ""
    parties: Parties = field(default_factory=Parties)
    network: Network = field(default_factory=Network)


class Format(ABC):
    """Reads one stream of lines; keeps only bounded memory of what it read before.

    `ignored` counts lines that are none of our business, `unread` those that bear our marks and were not understood;
    `assumed` has what had to be guessed, each with the setting that ends the guess. Neither method raises, whatever
    the bytes.
    """

    name: ClassVar[str]
    max_line: ClassVar[int] = MAX_EVENT_BYTES
    by_line: ClassVar[bool] = False
    """Whether files of one PBX are read as one, line by line in the order of their times: see `time_of`."""
    sources: ClassVar[tuple[Source, ...]]
    """What writes such records, each with what it gives."""

    def __init__(self, options: FormatOptions) -> None:
        self.options = options
        self.ignored = 0
        self.unread = UnreadLines()
        self.assumed: dict[str, None] = {}

    @abstractmethod
    def read(self, line: bytes) -> Iterator[Reading]:
        """The records that are complete with this line (with or without its line end)."""

    def time_of(self, line: bytes) -> datetime | None:
        """When a line of one file was written, asked of all its lines; None for one that does not say."""
        return None

    def read_dated(self, line: bytes, moment: datetime | None) -> Iterator[Reading]:
        """`read` of a line among those of other files; `moment` is what `time_of` said, None if it did not."""
        return self.read(line)

    @property
    def merged(self) -> int:
        """How many lines told of what another line had told, or took it back."""
        return 0

    @property
    def held(self) -> int:
        """How many lines wait for what follows them."""
        return 0

    def assume(self, text: str) -> None:
        """Something had to be guessed; said once."""
        if len(self.assumed) < MAX_ASSUMED:
            self.assumed[text] = None

    def close(self) -> Iterator[Reading]:
        """What was still held back, at the end or when the input falls silent; reading may go on after it."""
        yield from ()


class Occurrences:
    """Numbers identical records, so that a second reading gives the same ids and twins stay two.

    Remembers the last 16,384 records: identical log lines share their second, so that is enough.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def id_of(self, content: bytes) -> str:
        """32 hex digits of the content, `:2` and up for the second identical one and later."""
        hashed = EMPTY.copy()
        hashed.update(content)
        digest = hashed.hexdigest()
        number = self._seen.pop(digest, 0) + 1
        self._seen[digest] = number
        if len(self._seen) > REMEMBERED_LINES:
            self._seen.popitem(last=False)
        return digest if number == 1 else f"{digest}:{number}"


def clean(value: str) -> str | None:
    """Trimmed and cut to the contract's 1,024 characters; `None` if nothing is left."""
    value = value.strip()
    return (value if len(value) <= MAX_TEXT else value[:MAX_TEXT].rstrip()) or None


@lru_cache(maxsize=16_384)
def address(text: str) -> str | None:
    """The IP address in canonical form, IPv4 out of its IPv6 mapping; `None` if it is none."""
    try:
        parsed = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)[:MAX_TEXT]


def endpoint(text: str) -> tuple[str, str] | None:
    """Address and port (`""` if there is none) of `127.0.0.6:5062` or `[2001:db8::1]:5060`."""
    host, _, port = text.rpartition(":")
    if host and port.isascii() and port.isdecimal() and (found := address(host)):
        return found, port
    found = address(text)
    return (found, "") if found else None


def sole(places: Iterable[str]) -> str | None:
    """The address, if all readings of a line agree on it."""
    found = {place[0] if place else None for place in map(endpoint, places)}
    return found.pop() if len(found) == 1 else None


F = TypeVar("F", bound=type[Format])
FORMATS: Registry[type[Format]] = Registry("formats", "detector.formats")


def register(cls: F) -> F:
    """Class decorator: this format takes part."""
    FORMATS.add(cls.name, cls)
    return cls


def formats() -> dict[str, type[Format]]:
    """All formats by name, in the order of their names."""
    return FORMATS.all()
