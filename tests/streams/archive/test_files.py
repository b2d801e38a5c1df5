"""The store may be full, away, or busy with somebody else: nothing half written stays, and all goes on by itself."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from streams.archive import Archive, ArchiveError, BusyError, read
from streams.archive.archive_files import Files
from streams.archive.rewriting import compact
from tests.ports import free_ports
from tests.streams.archive.conftest import ftp_server
from tests.streams.archive.traffic import call


@contextmanager
def full(left: int) -> Iterator[None]:
    """No file can have more bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_nothing_half_written_stays_and_later_all_is_written(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    batch = [(number, call(number)) for number in range(200)]
    with full(4_096), pytest.raises(ArchiveError, match="too large"):
        archive.write("a", batch)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    archive.write("a", batch)
    assert len(list(read(archive))) == 200


def test_a_server_that_was_away_is_reached_again(tmp_path: Path) -> None:
    port = free_ports(1)
    archive = Archive(f"ftp://127.0.0.1:{port}/kept")
    with pytest.raises(ArchiveError):
        archive.write("a", [(1, call(1))])
    with ftp_server(tmp_path, port):
        archive.write("a", [(1, call(1))])
    with pytest.raises(ArchiveError):
        list(read(archive))
    with ftp_server(tmp_path, port):
        archive.write("a", [(2, call(2))])
        assert [event.id for event in read(archive)] == ["c1", "c2"]


def test_a_connection_that_the_server_has_closed_is_made_anew(tmp_path: Path) -> None:
    port = free_ports(1)
    archive = Archive(f"ftp://127.0.0.1:{port}/kept")
    for number in range(2):
        with ftp_server(tmp_path, port):
            archive.write("a", [(number, call(number))])
            assert len(list(read(archive))) == number + 1


def test_threads_share_a_store_of_one_connection(archive: Archive) -> None:
    def write(log: str) -> None:
        for number in range(10):
            archive.write(log, [(number, call(number, id=f"{log}{number}"))])

    threads = [Thread(target=write, args=(log,)) for log in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(read(archive))) == 30


def test_whoever_reads_while_days_are_put_together_sees_each_event_once(archive: Archive) -> None:
    archive.write("a", [(0, call(0))])
    (folder,) = archive.days()
    done = Event()

    def rewrite() -> None:
        other = Archive(archive.files.url)
        for number in range(1, 40):
            other.write("a", [(number, call(number))])
            compact(other, folder)
        done.set()

    rewriting = Thread(target=rewrite)
    rewriting.start()
    known = 1
    while not done.is_set():
        with suppress(BusyError):
            ids = [event.id for event in read(archive)]
            assert ids == [f"c{number}" for number in range(len(ids))]
            assert len(ids) >= known
            known = len(ids)
    rewriting.join()
    assert len(list(read(archive))) == 40


def test_a_list_that_has_neither_the_old_nor_the_new_file_is_not_believed(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    for number in range(3):
        archive.write("a", [(number, call(number))])
    (folder,) = archive.days()

    class Torn(Files):
        """The first list was begun before the new file was there, and ended when an old one was gone."""

        lists = 0

        def names(self, folder: str) -> list[str]:
            self.lists += 1
            if self.lists > 1:
                return super().names(folder)
            compact(archive, archive.days()[0])
            return []

    reader = Archive(str(tmp_path))
    reader.files = Torn(str(tmp_path))
    found = [row.event.id for row in reader.rows(folder)]
    assert found == ["c0", "c1", "c2"]
