"""Several files of one PBX are read as one, in the order of time: both logs of an Asterisk, and what was rotated."""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from detector.contract.events import AnyEvent, Call, Registration, Unknown
from streams.cli.support.inputs import Inputs, Options, Unreadable
from streams.sources.braiding import braid

DATA = Path(__file__).parents[2] / "data"
SAMPLES = {
    "asterisk-log": "asterisk-both.log",
    "freeswitch-log": "freeswitch.log",
    "asterisk-cdr": "asterisk-master.csv",
    "yeastar-events": "yeastar-events.jsonl",
    "events": "stolen-extension.jsonl",
}
WRITTEN = datetime(2026, 12, 1, tzinfo=UTC).timestamp()


def read(form: str, *files: Path, year: int | None = None) -> tuple[list[AnyEvent | Unknown], list[Unreadable], Inputs]:
    options = Options(format=form, pbx="hq", zone=ZoneInfo("America/New_York"), year=year, keyed_hash=str)
    letters: list[Unreadable] = []
    inputs = Inputs(options, letters.append)
    return list(inputs.events([str(file) for file in files])), letters, inputs


def written(path: Path, lines: list[bytes], *, packed: bool = False, at: float = WRITTEN) -> Path:
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if packed else content)
    os.utime(path, (at, at))
    return path


def moment(second: int) -> datetime:
    return datetime(2026, 3, 7, tzinfo=UTC) + timedelta(seconds=second)


def test_strands_are_braided_by_time_and_each_keeps_its_own_order() -> None:
    strands: list[list[tuple[int | None, str]]] = [
        [(1, "a1"), (None, "a1+"), (5, "a5"), (2, "a2 late"), (9, "a9")],
        [(2, "b2"), (5, "b5"), (None, "b5+"), (6, "b6")],
    ]
    timed = [
        lambda strand=strand: iter([(None if at is None else moment(at), item) for at, item in strand])
        for strand in strands
    ]  # fmt: skip
    found = list(braid(timed, [moment(1), moment(2)]))
    assert found == ["a1", "a1+", "b2", "a5", "a2 late", "b5", "b5+", "b6", "a9"]


def test_of_files_that_were_rotated_few_are_open_at_once() -> None:
    running, most = set[int](), 0

    def strand(number: int) -> Iterator[tuple[datetime, int]]:
        nonlocal most
        running.add(number)
        most = max(most, len(running))
        for second in range(10):
            yield moment(number * 10 + second), number
        running.discard(number)

    strands = [lambda number=number: strand(number) for number in range(100)]
    assert len(list(braid(strands, [moment(number * 10) for number in range(100)]))) == 1_000
    assert most <= 2


def test_both_logs_of_an_asterisk_tell_what_one_file_of_both_tells(tmp_path: Path) -> None:
    """Every refusal stands in both: read one after the other they would be twice as many."""
    lines = (DATA / SAMPLES["asterisk-log"]).read_bytes().splitlines()
    both = written(tmp_path / "full", lines)
    messages = written(tmp_path / "messages", [line for line in lines if b"SECURITY[" not in line])
    security = written(tmp_path / "security", [line for line in lines if b"SECURITY[" in line])
    expected, _, whole = read("asterisk-log", both)
    for files in ((messages, security), (security, messages)):
        found, letters, inputs = read("asterisk-log", *files)
        assert sorted(event.id for event in found) == sorted(event.id for event in expected)
        assert (inputs.ignored, inputs.unread.total, letters) == (whole.ignored, 0, [])
    alone = sum(len(read("asterisk-log", file)[0]) for file in (messages, security))
    assert alone > len(expected)


@pytest.mark.parametrize("form", SAMPLES)
def test_rotated_files_are_one_in_whatever_order_they_are_named(form: str, tmp_path: Path) -> None:
    lines = (DATA / SAMPLES[form]).read_bytes().splitlines()
    third = len(lines) // 3
    parts = [lines[:third], lines[third : 2 * third], lines[2 * third :]]
    files = [written(tmp_path / f"log.{2 - number}", part, packed=number == 1) for number, part in enumerate(parts)]
    expected = [event.id for event in read(form, written(tmp_path / "log", lines))[0]]
    for order in permutations(files):
        assert sorted(event.id for event in read(form, *order)[0]) == sorted(expected)
        assert [event.id for event in read(form, *order)[0]] == [event.id for event in read(form, *files)[0]]


def test_a_call_that_runs_over_the_end_of_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    lines = (DATA / SAMPLES["freeswitch-log"]).read_bytes().splitlines()
    ends = [number for number, line in enumerate(lines) if b" has been answered" in line]
    cut = ends[len(ends) // 2]
    old, new = written(tmp_path / "log.1", lines[:cut]), written(tmp_path / "log", lines[cut:])
    expected = read("freeswitch-log", DATA / SAMPLES["freeswitch-log"])[0]
    assert read("freeswitch-log", new, old)[0] == expected


LINE = "[{} 09:00:0{}] NOTICE[1] chan_sip.c: Registration from '<sip:{}@h>' failed for '203.0.113.{}:5060' - {}"


def line(day: str, second: int, account: int = 5, words: str = "Wrong password") -> bytes:
    return LINE.format(day, second, account, account, words).encode()


def test_files_of_several_years_without_a_year_in_their_lines(tmp_path: Path) -> None:
    """Each is of the year in which it was written; between them may lie more than half a year."""
    years = {2024: "Nov 23", 2025: "Jan 02", 2026: "Oct 07"}
    files = [
        written(tmp_path / str(year), [line(day, 1, year - 2020)],
                at=datetime(year, 12, 1, tzinfo=UTC).timestamp()) for year, day in years.items()
    ]  # fmt: skip
    for order in permutations(files):
        found = read("asterisk-log", *order)[0]
        assert [(event.at.year, event.account) for event in found if isinstance(event, Registration)] == [
            (2024, "4"), (2025, "5"), (2026, "6"),
        ]  # fmt: skip


def test_dead_letters_name_the_file_and_line_they_stand_in(tmp_path: Path) -> None:
    one = written(tmp_path / "one", [line("Mar 07", 1), line("Mar 07", 5).partition(b"' - ")[0], line("Mar 07", 8)])
    two = written(tmp_path / "two", [line("Mar 07", 2, 6), line("Mar 07", 4).partition(b" failed for")[0]])
    found, letters, inputs = read("asterisk-log", two, one)
    assert [(Path(letter.file).name, letter.line) for letter in letters] == [("two", 2), ("one", 2)]
    assert (len(found), inputs.rejected) == (3, 2)


def test_bytes_are_counted_once_for_progress(tmp_path: Path) -> None:
    files = [written(tmp_path / str(number), [line("Mar 07", number)]) for number in range(3)]
    options = Options(format="asterisk-log", pbx="hq", zone=ZoneInfo("UTC"), year=2026, keyed_hash=str)
    read_bytes: list[int] = []
    list(Inputs(options, print, read_bytes.append).events([str(file) for file in files]))
    assert sum(read_bytes) == sum(file.stat().st_size for file in files)


def test_records_of_several_files_come_by_time(tmp_path: Path) -> None:
    rows = [
        {"uid": str(n), "call_id": f"{1_772_676_300 + n}.1", "timestamp": 1_772_676_300 + n, "call_from": "1001",
         "call_to": "911", "duration": 0, "disposition": "ANSWERED", "dst_trunk": "a"}
        for n in range(20)
    ]  # fmt: skip
    even, odd = (
        written(tmp_path / str(start), [json.dumps(row).encode() for row in rows[start::2]]) for start in (0, 1)
    )
    calls = [event for event in read("yeastar-cdr", odd, even)[0] if isinstance(event, Call)]
    assert [call.started_at for call in calls] == sorted(call.started_at for call in calls if call.started_at)
    assert len(calls) == 20
