"""100,000 lines that something has mangled: each is an event, a dead letter, waits, or is counted; nothing raises."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from detector.contract.codec import Rejected
from detector.formats import Format, FormatOptions, formats
from detector.formats.asterisk.asterisk_log import OURS as ASTERISK_MARKS
from detector.formats.freeswitch.freeswitch_log import OURS as FREESWITCH_MARKS
from tests.detector.formats import test_carriers
from tests.detector.formats.asterisk import test_asterisk_cdr, test_asterisk_messages
from tests.detector.formats.freeswitch import test_freeswitch_log
from tests.detector.formats.yeastar import test_yeastar_cdr, test_yeastar_events

DATA = Path(__file__).parents[2] / "data"
LINES, CHUNKS = 14_400, 4
"""Of each of the seven formats, in so many parts."""
NOISE = b"\"'\\<>[]{}|,;: \t\r\x00\x1b#%/-@.0Az\xc3\xa9\xff"


def data(name: str) -> list[bytes]:
    return (DATA / name).read_bytes().splitlines()


def encoded(lines: list[str]) -> list[bytes]:
    return [line.encode() for line in lines]


def asterisk_lines() -> list[bytes]:
    said = [line for line, _ in test_asterisk_messages.REGISTRATIONS.values()]
    said += [line for line, _ in (test_asterisk_messages.CALLS | test_asterisk_messages.NOTICES).values()]
    carried = [make(line) for make in test_carriers.PLAIN.values() for line in (test_carriers.OWN, said[0])]
    return [*data("asterisk-both.log"), *encoded([*said, *carried])]


def freeswitch_lines() -> list[bytes]:
    tests = test_freeswitch_log
    said = [tests.auth(), tests.nobody(), *tests.call(), *tests.through((5, f"sofia/gateway/carrier-a/{tests.SENT}"))]
    return [*data("freeswitch.log"), *encoded(said)]


SAMPLES = {
    "asterisk-log": "asterisk-both.log", "asterisk-ami": "asterisk-ami.txt", "asterisk-cdr": "asterisk-master.csv",
    "yeastar-cdr": "yeastar-cdr.csv", "yeastar-events": "yeastar-events.jsonl", "freeswitch-log": "freeswitch.log",
    "events": "stolen-extension.jsonl",
}  # fmt: skip
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
    "events": lambda: data("stolen-extension.jsonl"),
}  # fmt: skip


def mangle(line: bytes, other: bytes, chance: Random) -> bytes:
    """What a full disk, a bad cable, a shipper or a newer version makes of a line."""
    at, to = sorted((chance.randint(0, len(line)), chance.randint(0, len(line))))
    noise = bytes(chance.choice(NOISE) for _ in range(chance.randint(1, 4)))
    return chance.choice([
        line,
        line[:at],
        line[at:],
        line[:at] + noise + line[at:],
        line[:at] + line[to:],
        line[:at] + noise + line[to : to + 400],
        line[:at] + other[at:],
        line.replace(*chance.choice([(b" ", b""), (b'"', b"'"), (b":", b""), (b"=", b": "), (b"a", b"A")])),
        re.sub(rb"\d", b"7", line),
        line + other,
    ])  # fmt: skip


def mangled(name: str, chunk: int) -> list[bytes]:
    chance = Random(f"{name} {chunk}")  # noqa: S311 - to be repeated, nothing secret
    source = SOURCES[name]()
    lines: list[bytes] = []
    while len(lines) < LINES // CHUNKS:
        begins = chance.randrange(len(source))
        lines += [
            mangle(line, chance.choice(source), chance) if chance.random() < 0.5 else line
            for line in source[begins : begins + chance.randint(1, 30)]
        ]
    return lines[: LINES // CHUNKS]


def reader(name: str, year: int | None = 2026) -> Format:
    return formats()[name](FormatOptions(pbx="hq", zone=ZoneInfo("America/New_York"), year=year, keyed_hash=str))


def counted(log: Format) -> tuple[int, int]:
    return log.ignored + log.unread.total + log.merged, log.held


BY_LINE = ["asterisk-cdr", "yeastar-cdr", "yeastar-events", "freeswitch-log", "asterisk-log", "events"]
ONLY_BRACKETS = re.compile(rb"(?:\xef\xbb\xbf)?[\[\]{}\s,]*")
"""The beginning or end of a list that stands over many lines, or a list of nothing."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", BY_LINE)
def test_each_line_is_told_held_or_counted(name: str, chunk: int) -> None:
    log = reader(name)
    for line in mangled(name, chunk):
        before = counted(log)
        found = list(log.read(line))
        assert found or counted(log) != before or ONLY_BRACKETS.fullmatch(line), line
    closed = list(log.close())
    assert log.held == 0
    assert all(record is not None for record in closed)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_counts_of_asterisks_log_add_up(chunk: int) -> None:
    lines = mangled("asterisk-log", chunk)
    log = reader("asterisk-log")
    told = [record for line in lines for record in log.read(line)]
    told += log.close()
    repeats = log.unread.counts["a repeated line of what bears no count"]
    assert len(told) + log.ignored + log.unread.total - repeats + log.merged == len(lines)


EVENTS = rb"Newchannel|DialBegin|DialEnd|Hangup|Cdr|BlindTransfer|PeerStatus|ContactStatus|Registry"
WANTED = re.compile(rb"^EventTV: |^Event: (?:" + EVENTS + rb")\s*$", re.MULTILINE)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_each_frame_of_the_manager_interface_is_told_held_or_counted(chunk: int) -> None:
    log = reader("asterisk-ami")
    frame: list[bytes] = []
    before, told = counted(log), 0
    for line in mangled("asterisk-ami", chunk):
        told += len(list(log.read(line)))
        frame.append(line)
        if not line.rstrip(b"\r\n"):
            assert told or counted(log) != before or not WANTED.search(b"\n".join(frame)), frame
            frame, told, before = [], 0, counted(log)
    list(log.close())
    assert log.held == 0


OURS = re.compile(
    rb"\[[\w :.,+-]{5,40}\] ?(?:NOTICE|WARNING|ERROR|SECURITY) ?\[\d+\](?:\[C-[0-9a-f]+\])?:? "
    rb"(?:chan_sip\.c|chan_iax2\.c|manager\.c|res_security_log\.c|res_pjsip[\w./-]*\.c)(?::\d+)?(?:(?: in)? \w+)?: "
)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_line_of_the_modules_that_refuse_is_ignored(chunk: int) -> None:
    """Whatever became of its words, as long as its head says whose it is and a mark of ours is left."""
    log = reader("asterisk-log")
    for line in mangled("asterisk-log", chunk):
        before = log.ignored
        list(log.read(line))
        if OURS.match(line) and any(mark in line for mark in ASTERISK_MARKS):
            assert log.ignored == before or known_and_quiet(line), line


def known_and_quiet(line: bytes) -> bool:
    """A successful login and the like, the second line of one attempt, or of a carrier that refuses us."""
    return any(
        mark in line for mark in (b'SecurityEvent="SuccessfulAuth"', b"failed to authenticate as '", b" on INVITE")
    )


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_refusal_of_freeswitch_is_ignored(chunk: int) -> None:
    head = re.compile(
        rb"(?:[0-9a-f-]{36} )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \d\d\.\d\d% \[[A-Z]+\] sofia_reg\.c:\d+ "
    )
    log = reader("freeswitch-log")
    second = re.compile(rb"SIP auth failure \([A-Z]+\) on sofia profile '")  # of a user nobody has
    for line in mangled("freeswitch-log", chunk):
        before = log.ignored
        list(log.read(line))
        match = head.match(line)
        if match and line[match.end() :].startswith((b"SIP auth ", b"Can't find user [")) and not log.held:
            assert any(mark in line for mark in FREESWITCH_MARKS)
            assert log.ignored == before or second.match(line, match.end()), line


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_not_mangled_is_read_to_the_last_line(name: str) -> None:
    log = reader(name)
    found = [record for line in data(SAMPLES[name]) for record in log.read(line)] + list(log.close())
    assert found
    assert not [record for record in found if isinstance(record, Rejected)]
    assert not log.unread.counts


@pytest.mark.parametrize("name", SOURCES)
def test_two_readings_count_the_same(name: str) -> None:
    counts = []
    for _ in range(2):
        log = reader(name)
        told = [record for line in mangled(name, 0) for record in log.read(line)] + list(log.close())
        counts.append(json.dumps([len(told), log.ignored, log.merged, log.unread.counts]))
    assert counts[0] == counts[1]
