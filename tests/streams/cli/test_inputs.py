"""What is read from files: gzip, long lines, several files, and whom to blame."""

import gzip
import json
import os
import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from detector.contract.events import MAX_EVENT_BYTES
from streams.cli.support.inputs import Cemetery, Inputs, Options, Unreadable

TICK = '{{"kind":"tick","id":"t{}","pbx":"hq","at":"2026-03-07T02:10:00Z"}}\n'
LOG = (
    "[{} 09:00:01] NOTICE[1] chan_sip.c: Registration from '<sip:5@h>' failed for '203.0.113.7:5060' - Wrong password\n"
)


class Reading:
    """Everything that was read from some files."""

    def __init__(self, *files: Path, form: str = "events", year: int | None = None) -> None:
        options = Options(format=form, pbx="hq", zone=ZoneInfo("UTC"), year=year, keyed_hash=lambda _: "")
        self.letters: list[Unreadable] = []
        self.read = 0
        self.inputs = Inputs(options, self.letters.append, self.advanced)
        self.events = list(self.inputs.events([str(file) for file in files]))
        self.ids = [event.id for event in self.events]

    def advanced(self, read: int) -> None:
        self.read += read


def ticks(first: int, last: int) -> bytes:
    return "".join(TICK.format(number) for number in range(first, last)).encode()


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed"
    plain.write_bytes(ticks(0, 3))
    packed.write_bytes(gzip.compress(ticks(3, 6)))
    reading = Reading(plain, packed)
    assert reading.ids == [f"t{number}" for number in range(6)]
    assert reading.read == len(ticks(0, 6))
    assert reading.letters == []


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_gzip_file_costs_what_follows_and_no_other_file(damage: str, tmp_path: Path) -> None:
    noise = random.Random(4).randbytes(200_000).hex().encode()  # noqa: S311 - the same damage each time
    packed = bytearray(gzip.compress(noise + b"\n" + ticks(0, 9), mtime=0))
    if damage == "cut":
        del packed[-9_000:]
    else:
        packed[-9_000:-8_000] = bytes(1_000)
    broken, sound = tmp_path / "broken.gz", tmp_path / "sound"
    broken.write_bytes(packed)
    sound.write_bytes(ticks(10, 12))
    reading = Reading(broken, sound)
    assert [event.id for event in reading.events if event.id in {"t10", "t11"}] == ["t10", "t11"]
    assert [event.at for event in reading.events] == sorted(event.at for event in reading.events)
    assert "damaged gzip file" in reading.letters[-1].reason
    assert reading.letters[-1].file == str(broken)


def test_a_line_beyond_all_bounds_is_one_letter_and_the_next_line_is_read(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_bytes(b"x" * (3 * MAX_EVENT_BYTES) + b"\n" + LOG.format("Mar 07").encode())
    reading = Reading(file, form="asterisk-log", year=2026)
    assert [letter.line for letter in reading.letters] == [1]
    assert len(reading.letters[0].excerpt) < 4_096
    assert [event.at for event in reading.events] == [datetime(2026, 3, 7, 9, 0, 1, tzinfo=UTC)]


def test_lines_are_counted_in_each_file_and_blank_ones_too(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"\n\n{\n" + ticks(0, 1))
    two.write_bytes(b"[]\r\n\r\nnull\n")
    reading = Reading(one, two)
    assert [(Path(letter.file).name, letter.line) for letter in reading.letters] == [("one", 3), ("two", 3)]
    assert reading.inputs.rejected == 2
    assert reading.ids == ["t0"]


@pytest.mark.parametrize(
    ("day", "written", "year"),
    [
        ("Nov 23", datetime(2026, 11, 23, 10, tzinfo=UTC), 2026),
        ("Nov 23", datetime(2026, 11, 22, 20, tzinfo=UTC), 2026),  # a clock or zone a few hours off
        ("Dec 30", datetime(2026, 1, 2, tzinfo=UTC), 2025),
        ("Jan 02", datetime(2026, 1, 2, tzinfo=UTC), 2026),
    ],
)
def test_a_line_without_a_year_is_of_the_last_one_before_the_file_was_written(
    day: str, written: datetime, year: int, tmp_path: Path
) -> None:
    file = tmp_path / "messages"
    file.write_text(LOG.format(day))
    os.utime(file, (written.timestamp(), written.timestamp()))
    (event,) = Reading(file, form="asterisk-log").events
    assert event.at.year == year


def test_a_year_that_is_given_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_text(LOG.format("Nov 23"))
    (event,) = Reading(file, form="asterisk-log", year=2019).events
    assert event.at.year == 2019


def test_a_pipe_is_read_once_so_its_year_must_be_given(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    for year, events in ((None, 0), (2026, 1)):
        os.mkfifo(pipe)
        writing = threading.Thread(target=pipe.write_text, args=(LOG.format("Nov 23"),))
        writing.start()
        reading = Reading(pipe, form="asterisk-log", year=year)
        writing.join()
        pipe.unlink()
        assert len(reading.events) == events
        assert ["year" in letter.reason for letter in reading.letters] == [True] * (1 - events)


def test_dead_letters_are_lines_of_json_and_no_file_is_made_without_one(tmp_path: Path) -> None:
    cemetery = Cemetery(tmp_path / "dead")
    cemetery.close()
    assert not (tmp_path / "dead").exists()
    letters = [Unreadable(file="f", line=n, reason="a\nb", field="", excerpt="\u2028") for n in (1, 2)]
    for letter in letters:
        cemetery.bury(letter)
    cemetery.close()
    lines = (tmp_path / "dead").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line)["line"] for line in lines[:-1]] == [1, 2]
    assert cemetery.first == letters[0]


def test_an_error_names_the_file_it_is_about(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as failure:
        Reading(tmp_path / "nothing")
    assert str(failure.value.filename) == str(tmp_path / "nothing")
    full = Cemetery(Path("/dev/full"))
    full.bury(Unreadable(file="f", line=1, reason="", field="", excerpt=""))
    with pytest.raises(OSError, match="No space left") as full_disk:
        full.close()
    assert full_disk.value.filename == "/dev/full"
