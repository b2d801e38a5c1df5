"""What was written comes back the same, in order and once; DuckDB and pandas read the files as they lie."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Unknown
from streams.archive import Archive, frame, read
from streams.archive.layout import parts
from tests.streams.archive.traffic import NOON, call, every_kind, hostile, registration

CODEC = Codec(trusted=True)


def lines(events: list[AnyEvent | Unknown]) -> list[bytes]:
    return sorted(CODEC.encode(event) for event in events)


@pytest.mark.parametrize("events", [every_kind(), hostile()], ids=["every kind", "hostile values"])
def test_every_event_comes_back_byte_for_byte(archive: Archive, events: list[AnyEvent | Unknown]) -> None:
    archive.write("a", list(enumerate(events, 1)))
    assert lines(list(read(archive))) == lines(events)
    assert len(frame(archive)) == len(events)


def test_events_of_a_pbx_come_in_the_order_in_which_they_happened(archive: Archive) -> None:
    archive.write("a", [(1, call(9)), (2, call(1)), (3, call(5, pbx="branch"))])
    archive.write("a", [(4, call(3)), (5, call(2, at=NOON - timedelta(days=1)))])
    assert [event.id for event in read(archive)] == ["c5", "c2", "c1", "c3", "c9"]
    assert [event.id for event in read(archive, pbxs=["hq"])] == ["c2", "c1", "c3", "c9"]


def test_a_range_includes_its_beginning_and_not_its_end(archive: Archive) -> None:
    archive.write("a", [(number, call(number)) for number in range(1, 9)])
    since, until = NOON + timedelta(seconds=3), NOON + timedelta(seconds=6)
    assert [event.id for event in read(archive, since=since, until=until)] == ["c3", "c4", "c5"]
    assert list(frame(archive, since=since, until=until)["id"]) == ["c3", "c4", "c5"]


def test_the_day_is_that_of_utc(archive: Archive) -> None:
    archive.write("a", [(1, call(0, at=datetime.fromisoformat("2026-03-03T01:00:00+02:00")))])
    assert [folder.day for folder in archive.days()] == [date(2026, 3, 2)]


def test_what_was_written_twice_is_read_once_and_revisions_are_kept(archive: Archive) -> None:
    archive.write("a", [(1, call(1)), (2, call(2))])
    archive.write("a", [(1, call(1)), (2, call(2)), (3, call(1)), (4, call(1, revision=1, source_ip="192.0.2.1"))])
    assert [(event.id, event.revision) for event in read(archive)] == [("c1", 0), ("c1", 1), ("c2", 0)]
    assert len(frame(archive)) == 3


def test_what_comes_later_does_not_take_the_place_of_what_came_first_whatever_time_it_claims(archive: Archive) -> None:
    archive.write("a", [(1, call(5, to="+25261234567")), (2, call(5, at=NOON - timedelta(hours=1), to="+4930"))])
    assert [getattr(event, "to", None) for event in read(archive)] == ["+25261234567"]
    assert list(frame(archive)["to"]) == ["+25261234567"]


def test_the_same_offsets_make_the_same_files(archive: Archive) -> None:
    for _ in range(2):
        archive.write("a", [(1, call(1)), (2, registration(2))])
    assert len(parts(archive.files, archive.days()[0])) == 1


def test_nothing_is_an_empty_frame_with_all_columns(archive: Archive) -> None:
    assert list(read(archive)) == []
    assert {"pbx", "at", "kind", "to"} <= set(frame(archive).columns)


def test_a_frame_has_typed_columns_and_can_be_narrowed(archive: Archive) -> None:
    archive.write("a", list(enumerate(every_kind(), 1)))
    calls = frame(archive, kinds=["call"])
    assert list(calls["kind"]) == ["call"]
    assert calls.loc[0, "talk"] == 61.5
    assert calls.loc[0, "at"].to_pydatetime() == NOON + timedelta(seconds=1)
    assert calls.loc[0, "pbx"] == "hq"


def test_duckdb_reads_the_folder_as_it_lies(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    archive.write("a", [(1, call(1, pbx="0012")), (2, call(2, pbx="a b/c")), (3, call(3, at=NOON + timedelta(days=1)))])
    query = """SELECT pbx, day, id, "to", talk, "at" FROM read_parquet(?, hive_partitioning=true,
               hive_types={'pbx': VARCHAR, 'day': DATE}) ORDER BY id"""
    found = duckdb.execute(query, [f"{tmp_path}/*/*/*.parquet"]).fetchall()
    assert [row[:5] for row in found] == [
        ("0012", date(2026, 3, 2), "c1", "+4930123456", 61.5),
        ("a b/c", date(2026, 3, 2), "c2", "+4930123456", 61.5),
        ("hq", date(2026, 3, 3), "c3", "+4930123456", 61.5),
    ]
    assert found[0][5].astimezone(UTC) == NOON + timedelta(seconds=1)


def test_no_name_leads_out_of_the_archive(tmp_path: Path) -> None:
    Archive(str(tmp_path / "inner")).write("a", list(enumerate(hostile(), 1)))
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    files = [path for path in (tmp_path / "inner").rglob("*") if path.is_file()]
    assert all(len(path.relative_to(tmp_path / "inner").parts) == 3 for path in files)
