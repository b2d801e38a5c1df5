"""Each line that something has mangled is an event, a dead letter, waits, or is counted, once; nothing raises.

`RINGFENCE_MUTATED_LINES` says how many of each format, 3,000 where it says nothing.
"""

import json
import re
from collections.abc import Sequence

import pytest

from detector.contract.codec import Rejected
from detector.formats import Format
from detector.formats.asterisk.asterisk_log import OURS as ASTERISK_MARKS
from detector.formats.freeswitch.freeswitch_log import OURS as FREESWITCH_MARKS
from tests.detector.formats.mutated import DATA, SOURCES, chunks, mutated, reader
from tests.hep import lines_of

SAMPLES = {
    "asterisk-log": "asterisk-both.log", "asterisk-ami": "asterisk-ami.txt", "asterisk-cdr": "asterisk-master.csv",
    "yeastar-cdr": "yeastar-cdr.csv", "yeastar-events": "yeastar-events.jsonl", "freeswitch-log": "freeswitch.log",
    "events": "stolen-extension.jsonl", "hep": "sip.hep",
}  # fmt: skip
BY_LINE = ["asterisk-cdr", "yeastar-cdr", "yeastar-events", "freeswitch-log", "asterisk-log", "events"]
PARTLY = re.compile(r"a repeated line of what bears no count|a frame of type \d+ with members of a call .*")
"""What is said of a line that was read otherwise."""
ONLY_BRACKETS = re.compile(rb"(?:\xef\xbb\xbf)?[\[\]{}\s,]*")
"""The beginning or end of a list that stands over many lines, or a list of nothing."""
INDENTED = (b" ", b"\t", b"}", b"]")


def counted(log: Format) -> int:
    """How many lines were counted."""
    return log.ignored + log.unread.total + log.merged


def partly(log: Format) -> int:
    """How many of those were read otherwise."""
    return sum(count for reason, count in log.unread.counts.items() if PARTLY.fullmatch(reason))


@pytest.mark.parametrize("name", BY_LINE)
def test_each_line_is_told_held_or_counted_and_no_line_twice(name: str) -> None:
    for lines in chunks(name):
        log = reader(name)
        for line in lines:
            waiting, before, half = log.held, counted(log), partly(log)
            found = list(log.read(line))
            new = counted(log) - before
            moved = waiting and log.held and b'"' in line  # it ends a record, whose row waits now
            assert found or new or log.held != waiting or moved or ONLY_BRACKETS.fullmatch(line), line
            if not waiting and line.lstrip(b"\xef\xbb\xbf")[:1] != b"[":
                assert new + log.held + bool(found) <= 1 + partly(log) - half, line
        closed = list(log.close())
        assert log.held == 0
        assert all(record is not None for record in closed)


@pytest.mark.parametrize("name", ["yeastar-cdr", "yeastar-events"])
def test_json_that_breaks_off_is_told_and_so_is_the_line_after_it(name: str) -> None:
    for lines in chunks(name):
        log = reader(name)
        opened = b""
        for line in lines:
            waiting, before = log.held, counted(log)
            found = list(log.read(line))
            if waiting and opened and log.held <= 1 and line[:1] not in INDENTED and line.strip():
                told = len(found) + counted(log) - before + log.held
                assert told >= 2 or ONLY_BRACKETS.fullmatch(line) or b'"msg"' not in opened, (opened, line)
            opened = opened + line if 0 < waiting < log.held else line if log.held else b""
        list(log.close())


def test_the_counts_of_asterisks_log_add_up() -> None:
    for lines in chunks("asterisk-log"):
        log = reader("asterisk-log")
        told = [record for line in lines for record in log.read(line)]
        told += log.close()
        assert len(told) + counted(log) - partly(log) == len(lines)


EVENTS = rb"Newchannel|DialBegin|DialEnd|Hangup|Cdr|BlindTransfer|PeerStatus|ContactStatus|Registry"
WANTED = re.compile(rb"^EventTV: |^Event: (?:" + EVENTS + rb")\s*$", re.MULTILINE)
BANNER = b"Asterisk Call Manager/"


def test_each_frame_of_the_manager_interface_is_told_held_or_counted() -> None:
    for lines in chunks("asterisk-ami"):
        log = reader("asterisk-ami")
        frame: list[bytes] = []
        before, waiting, told = counted(log), log.held, 0
        for line in lines:
            told += len(list(log.read(line)))
            if line.rstrip(b"\r\n"):
                frame += [] if line.startswith(BANNER) else [line]
                continue
            assert told or counted(log) != before or log.held != waiting or not frame, frame
            frame, told, before, waiting = [], 0, counted(log), log.held
        list(log.close())
        assert log.held == 0


FIELD = re.compile(rb"[A-Za-z][\w.()-]{0,63}:(?: .*)?", re.DOTALL)
WHO = (b"Uniqueid: ", b"DestUniqueid: ", b"TransfereeUniqueid: ", b"UniqueID: ", b"Peer", b"Contact", b"AOR", b"Domain",
       b"AccountID")  # fmt: skip


def damaged(frame: Sequence[bytes]) -> bool:
    """Whether a line of it is none, or none says whom it is about."""
    return not all(map(FIELD.fullmatch, frame)) or not any(line.startswith(WHO) for line in frame)


def test_no_damaged_frame_of_what_is_read_is_ignored() -> None:
    for lines in chunks("asterisk-ami"):
        log = reader("asterisk-ami")
        frame: list[bytes] = []
        before = log.ignored
        for line in lines:
            list(log.read(line))
            if line.rstrip(b"\r\n"):
                frame.append(line)
                continue
            wanted = WANTED.search(b"\n".join(frame))
            assert log.ignored == before or not wanted or not damaged(frame), frame
            frame, before = [], log.ignored
        list(log.close())


HEAD = (
    rb"\[[\w :.,+-]{5,40}\] ?(?:NOTICE|WARNING|ERROR|SECURITY) ?\[\d+\](?:\[C-[0-9a-f]+\])?:? "
    rb"(?:chan_sip\.c|chan_iax2\.c|manager\.c|res_security_log\.c|res_pjsip[\w./-]*\.c)(?::\d+)?(?:(?: in)? \w+)?: "
)
OURS, NOT_QUOTED = re.compile(HEAD), re.compile(rb'(?<![\s(,]")' + HEAD)
ENDINGS = re.compile(rb"\x1b\[[\d;]*[A-Za-z]|#033\[[\d;]*[A-Za-z]|\x00")


def test_no_line_of_the_modules_that_refuse_is_ignored() -> None:
    """Whatever became of its words, and whatever stands before it, as long as its head and a mark of ours are left."""
    for lines in chunks("asterisk-log"):
        log = reader("asterisk-log")
        for line in lines:
            before = log.ignored
            list(log.read(line))
            plain = ENDINGS.sub(b"", line)
            head = (OURS if line.startswith(b"{") else NOT_QUOTED).search(plain)
            said = plain[head.end() :] if head else b""
            if line.startswith(b"{"):  # the rest of JSON is not the line's
                said = said.partition(b'", "')[0]
            if any(mark.encode() in said for mark in ASTERISK_MARKS):
                assert log.ignored == before or known_and_quiet(plain), line


def known_and_quiet(line: bytes) -> bool:
    """A successful login and the like, the second line of one attempt, or of a carrier that refuses us."""
    marks = (b'SecurityEvent="SuccessfulAuth"', b'SecurityEvent="ChallengeSent"', b"failed to authenticate as '",
             b" on INVITE")  # fmt: skip
    return any(mark in line for mark in marks)


def test_no_refusal_of_freeswitch_is_ignored() -> None:
    head = re.compile(
        rb"(?:[0-9a-f-]{36} )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \d\d\.\d\d% \[[A-Z]+\] sofia_reg\.c:\d+ "
    )
    second = re.compile(rb"SIP auth failure \([A-Z]+\) on sofia profile '")  # of a user nobody has
    for lines in chunks("freeswitch-log"):
        log = reader("freeswitch-log")
        for line in lines:
            before = log.ignored
            list(log.read(line))
            plain = ENDINGS.sub(b"", line)
            match = head.search(plain)
            if match and plain[match.end() :].startswith((b"SIP auth ", b"Can't find user [")) and not log.held:
                assert any(mark.encode() in plain for mark in FREESWITCH_MARKS)
                assert log.ignored == before or second.match(plain, match.end()), line


DATED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*,.*,|\d\d?/\d\d?/\d{4} \d\d?:\d\d:\d\d.*,.*,", re.DOTALL)


@pytest.mark.parametrize("name", ["asterisk-cdr", "yeastar-cdr"])
def test_no_record_of_a_call_is_ignored(name: str) -> None:
    """A line with a time and cells after it is no title, no border and not empty."""
    for lines in chunks(name):
        log = reader(name)
        for line in lines:
            before = log.ignored
            list(log.read(line))
            assert log.ignored == before or not DATED.search(line), line


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_not_mangled_is_read_to_the_last_line(name: str) -> None:
    log = reader(name)
    found = [record for line in lines_of((DATA / SAMPLES[name]).read_bytes()) for record in log.read(line)] + list(
        log.close()
    )
    assert found
    assert not [record for record in found if isinstance(record, Rejected)]
    assert not log.unread.counts


@pytest.mark.parametrize("name", SOURCES)
def test_two_readings_count_the_same(name: str) -> None:
    counts = []
    for _ in range(2):
        log = reader(name)
        told = [record for line in mutated(name, 0) for record in log.read(line)] + list(log.close())
        counts.append(json.dumps([len(told), log.ignored, log.merged, log.unread.counts]))
    assert counts[0] == counts[1]
