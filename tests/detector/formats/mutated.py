"""Lines of every format as something has mangled them: a full disk, a bad cable, a shipper, a newer version."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from detector.formats import Format, FormatOptions, formats
from tests.detector.formats import test_carriers
from tests.detector.formats.asterisk import test_asterisk_cdr, test_asterisk_messages
from tests.detector.formats.freeswitch import test_freeswitch_log
from tests.detector.formats.yeastar import test_yeastar_cdr, test_yeastar_events
from tests.hep import file_lines, samples

DATA = Path(__file__).parents[2] / "data"
LINES = int(os.environ.get("RINGFENCE_MUTATED_LINES", "3000"))
"""Of each format; a reader of its own has at most `CHUNK` of them."""
CHUNK = 1_000
NOISE = b"\"'\\<>[]{}|,;: \t\r\x00\x1b#%/-@.0Az\xc3\xa9\xff"
VERY_LONG = 70_000
REPLACED = [(b" ", b""), (b'"', b"'"), (b":", b""), (b"=", b": "), (b"a", b"A"), (b"-", b"/"), (b",", b";")]
ENCODINGS = ("utf-16", "utf-16-le", "utf-32-be", "utf-7", "cp037", "latin-1")
CARRIERS = list(test_carriers.PLAIN.values())


def data(name: str) -> list[bytes]:
    """The lines of a sample."""
    return (DATA / name).read_bytes().splitlines()


def encoded(lines: list[str]) -> list[bytes]:
    """Lines of tests as they stand in a file."""
    return [line.encode() for line in lines]


def asterisk_lines() -> list[bytes]:
    """The sample, and everything that tests know."""
    said = [line for line, _ in test_asterisk_messages.REGISTRATIONS.values()]
    said += [line for line, _ in (test_asterisk_messages.CALLS | test_asterisk_messages.NOTICES).values()]
    carried = [make(line) for make in CARRIERS for line in (test_carriers.OWN, said[0])]
    return [*data("asterisk-both.log"), *encoded([*said, *carried])]


def freeswitch_lines() -> list[bytes]:
    """The sample, and what tests make."""
    tests = test_freeswitch_log
    said = [tests.auth(), tests.nobody(), *tests.call(), *tests.through((5, f"sofia/gateway/carrier-a/{tests.SENT}"))]
    return [*data("freeswitch.log"), *encoded(said)]


SOURCES: dict[str, Callable[[], list[bytes]]] = {
    "asterisk-log": asterisk_lines,
    "asterisk-ami": lambda: data("asterisk-ami.txt"),
    "asterisk-cdr": lambda: [
        *data("asterisk-master.csv"),
        *encoded([line for lines in test_asterisk_cdr.LAYOUTS.values() for line in lines]),
    ],
    "yeastar-cdr": lambda: [
        *data("yeastar-cdr.csv"), *data("yeastar-cdr.json"),
        *encoded([test_yeastar_cdr.HEADER, test_yeastar_cdr.cells(), test_yeastar_cdr.row()]),
    ],
    "yeastar-events": lambda: [
        *data("yeastar-events.jsonl"),
        *encoded([line for lines in test_yeastar_events.WRITTEN.values() for line in lines]),
    ],
    "freeswitch-log": freeswitch_lines,
    "hep": lambda: file_lines(samples()),
    "events": lambda: data("stolen-extension.jsonl"),
}  # fmt: skip


def cut(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """The middle is missing, the end, or the head."""
    return chance.choice([line[:at], line[at:], line[:at] + line[to:]])


def flip(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """A bit has toppled."""
    flipped = bytearray(line)
    if at < len(flipped):
        flipped[at] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def insert(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """Something is in between, or instead."""
    noise = bytes(chance.choice(NOISE) for _ in range(chance.randint(1, 4)))
    return line[:at] + noise + line[chance.choice([at, to]) :]


def swap(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """Two parts have changed places."""
    middle = (at + to) // 2
    return line[:at] + line[middle:to] + line[at:middle] + line[to:]


def splice(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """Two lines have become one."""
    return chance.choice([line + other, line[:at] + other[at:], line[:at] + other])


def rewrite(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """Other case, other quotes, other digits."""
    return chance.choice([
        line.upper(), line.lower(), line.swapcase(), re.sub(rb"\d", b"7", line), line.replace(*chance.choice(REPLACED)),
        line[:at] + line[at:to].upper() + line[to:],
    ])  # fmt: skip


def carry(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """Syslog, the journal, a container runtime or a shipper has it, once or twice."""
    text = line.decode("utf-8", "replace")
    for _ in range(chance.randint(1, 2)):
        text = chance.choice(CARRIERS)(text)
    return text.encode()


def encode(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """It was written in another encoding; a file is cut at its line ends all the same."""
    text = line.decode("utf-8", "replace")
    return text.encode(chance.choice(ENCODINGS), "replace").replace(b"\n", b"")


def colour(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """In colours, as bytes or as syslog writes them, or with NUL."""
    sign = chance.choice([b"\x1b[1;31m", b"#033[0m", b"\x00", b"\x1b[2J"])
    return line[:at] + sign + line[at:to] + sign + line[to:]


def lengthen(line: bytes, at: int, to: int, other: bytes, chance: Random) -> bytes:
    """It is far longer than any line should be, or nearly."""
    return line[:at] + line[at:to] * (VERY_LONG // max(1, to - at)) + line[to:]


MUTATIONS = (cut, cut, flip, insert, insert, swap, splice, splice, rewrite, carry, carry, encode, colour, colour)
RARE = 0.002
"""What takes long to make and to read."""


def mutate(line: bytes, other: bytes, chance: Random) -> bytes:
    """One or two things happen to a line."""
    for _ in range(chance.choice([1, 1, 2])):
        at, to = sorted((chance.randint(0, len(line)), chance.randint(0, len(line))))
        way = lengthen if chance.random() < RARE else chance.choice(MUTATIONS)
        line = way(line, at, to, other, chance)
    return line


def mutated(name: str, chunk: int) -> list[bytes]:
    """Runs of lines of a format, half of them mangled; the same for the same chunk."""
    chance = Random(f"{name} {chunk}")  # noqa: S311 - to be repeated, nothing secret
    source = SOURCES[name]()
    lines: list[bytes] = []
    while len(lines) < min(CHUNK, LINES):
        begins = chance.randrange(len(source))
        lines += [
            mutate(line, chance.choice(source), chance) if chance.random() < 0.5 else line
            for line in source[begins : begins + chance.randint(1, 30)]
        ]
    return lines[: min(CHUNK, LINES)]


def chunks(name: str) -> Iterator[list[bytes]]:
    """All lines of a format, in parts."""
    yield from (mutated(name, chunk) for chunk in range(-(-LINES // CHUNK)))


def reader(name: str, year: int | None = 2026) -> Format:
    """One that has read nothing yet."""
    return formats()[name](FormatOptions(pbx="hq", zone=ZoneInfo("America/New_York"), year=year, keyed_hash=str))
