"""Where events lie: whatever a PBX is called and whatever time it claims, in its own folder and in few of them."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from streams.archive import Archive, frame, read
from streams.archive.checking import check
from streams.archive.layout import key_of
from tests.streams.archive.traffic import NOON, call

LONG = "p" * 300
DAYS = [
    ("no time of receipt", datetime(9999, 12, 31, tzinfo=UTC), None, date(9999, 12, 31)),
    ("a minute ahead", NOON + timedelta(minutes=1), NOON, date(2026, 3, 2)),
    ("a day ahead", NOON + timedelta(days=1), NOON, date(2026, 3, 2)),
    ("the end of time", datetime.max.replace(tzinfo=UTC), NOON, date(2026, 3, 2)),
    ("a year late", NOON - timedelta(days=400), NOON, date(2025, 1, 26)),
    ("later than that", NOON - timedelta(days=400, seconds=1), NOON, date(2026, 3, 2)),
    ("the beginning of time", datetime.min.replace(tzinfo=UTC), NOON, date(2026, 3, 2)),
]


@pytest.mark.parametrize(("at", "received", "day"), [row[1:] for row in DAYS], ids=[row[0] for row in DAYS])
def test_the_day_is_that_of_the_event_unless_its_clock_is_wrong(
    at: datetime, received: datetime | None, day: date, tmp_path: Path
) -> None:
    archive = Archive(str(tmp_path))
    event = call(0, at=at, received_at=received)
    archive.write("a", [(1, event)])
    (folder,) = archive.days()
    assert folder.day == day
    assert check(archive, folder).problems == ()
    since = datetime.combine(day, datetime.min.time(), UTC)
    until = since + timedelta(days=1) if day < date.max else None
    assert list(read(archive, since=since, until=until)) == [event]
    assert list(frame(archive, since=since, until=until)["id"]) == ["c0"]
    assert list(read(archive, until=since)) == []
    assert len(frame(archive, until=since)) == 0


def test_a_pbx_that_claims_every_day_there_is_makes_few_folders(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    days = [datetime(year, 1, 1, tzinfo=UTC) for year in range(1, 9_999, 7)]
    archive.write("a", [(n, call(n, at=at, received_at=NOON)) for n, at in enumerate(days)])
    assert len(archive.days()) <= 3
    assert len(list(read(archive))) == len(days)


def test_nobody_can_choose_a_name_that_lies_where_a_very_long_one_does() -> None:
    assert key_of(LONG) != key_of(f"{'p' * 100}~{sha256(LONG.encode()).hexdigest()}")
    assert key_of("a~b") == "a%7Eb"


def test_names_that_differ_lie_apart(tmp_path: Path) -> None:
    names = ["hq", "h/q", "h%2Fq", "h\nq", "..", ".", "~", LONG, LONG + "p", "pbx=hq", "\u0440bx", " hq"]
    archive = Archive(str(tmp_path))
    archive.write("a", [(n, call(n, pbx=name)) for n, name in enumerate(names)])
    for name in names:
        assert [event.pbx for event in read(archive, pbxs=[name])] == [name]
