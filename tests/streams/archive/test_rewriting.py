"""Days are put together, forgotten and erased; a crash at any step loses nothing, and writers are never in the way."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.archive import Archive, ArchiveError, BusyError, DamagedError, frame, read
from streams.archive.archive_files import Files
from streams.archive.checking import check
from streams.archive.erasure import ErasureSubject, erase
from streams.archive.layout import Folder, parts
from streams.archive.parquet_rows import decoded, unpacked
from streams.archive.rewriting import FORGOTTEN, LOCK, alone, compact, expire, expired, settled, take
from tests.streams.archive.traffic import NOON, call, registration


class Crash(BaseException):
    """The process ends here."""


class Crashing(Files):
    """A store whose process dies before the `at`th change of it; `half` leaves the unfinished file of a write."""

    def __init__(self, url: str, at: int) -> None:
        super().__init__(url)
        self.left = at

    def _step(self) -> None:
        self.left -= 1
        if not self.left:
            raise Crash

    def write(self, path: str, content: bytes) -> None:
        folder, _, name = path.rpartition("/")
        if self.left == 1:
            super().write(f"{folder}/.{name}.tmp", content[: len(content) // 2])
        self._step()
        super().write(path, content)

    def remove(self, path: str) -> None:
        self._step()
        super().remove(path)


def filled(archive: Archive, days: int = 1) -> list[str]:
    """Three parts a day, some rows twice."""
    for day in range(days):
        at = NOON + timedelta(days=day)
        archive.write("a", [(number, call(number, at=at)) for number in range(1, 5)])
        archive.write("a", [(number, call(number, at=at)) for number in range(3, 9)])
        archive.write("b", [(number, registration(number, at=at)) for number in range(1, 4)])
    return ids(archive)


def ids(archive: Archive) -> list[str]:
    return [event.id for event in read(archive)]


def only(archive: Archive) -> Folder:
    (folder,) = archive.days()
    return folder


def test_compaction_leaves_one_file_with_the_same_events(archive: Archive) -> None:
    before = filled(archive)
    done = compact(archive, only(archive))
    assert done is not None
    assert (done.files, done.rows, done.rows_left) == (3, 13, 11)
    assert len(parts(archive.files, only(archive))) == 1
    assert ids(archive) == before
    assert check(archive, only(archive)).twice == 0
    assert compact(archive, only(archive)) is None


def test_a_day_too_large_for_memory_is_put_together_in_several_files(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        archive.write("a", [(number, call(number))])
    folder = only(archive)
    one = archive.files.read(parts(archive.files, folder)[0])
    monkeypatch.setattr("streams.archive.rewriting.TOGETHER", 4 * unpacked(one, parts(archive.files, folder)[0]))
    done = compact(archive, folder)
    assert done is not None
    assert len(parts(archive.files, folder)) == 3
    assert ids(archive) == [f"c{number}" for number in range(9)]
    assert compact(archive, folder) is None


def test_days_are_put_together_as_reading_would(archive: Archive) -> None:
    late = NOON + timedelta(days=900)
    archive.write("b", [(1, call(1, to="later")), (2, call(2))])
    archive.write("a", [
        (1, call(1, to="first")), (1, call(7)), (1, call(3)), (2, call(1, revision=1)),
        (3, call(5, received_at=NOON)), (4, call(4, at=late, received_at=NOON)),
    ])  # fmt: skip
    before = list(read(archive))
    folder = only(archive)
    assert compact(archive, folder) is not None
    assert [row.event for row in decoded(*contents(archive, folder))] == before
    assert [event.pbx for event in before] == ["hq"] * len(before)
    assert list(frame(archive, pbxs=["hq"])["id"]) == [event.id for event in before]


def contents(archive: Archive, folder: Folder) -> tuple[bytes, str]:
    (path,) = parts(archive.files, folder)
    return archive.files.read(path), path


@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("work", ["write", "compact", "erase"])
def test_a_crash_before_any_step_loses_nothing_and_the_next_try_finishes(
    archive: Archive, step: int, work: str
) -> None:
    before = filled(archive)
    works: dict[str, Callable[[Archive], object]] = {
        "write": lambda to: to.write("c", [(n, call(n + 20, at=NOON + timedelta(days=n))) for n in range(4)]),
        "compact": lambda to: compact(to, archive.days()[0]),
        "erase": lambda to: erase(to, archive.days()[0], [ErasureSubject("address", "203.0.113.7")], mask=False),
    }
    dying = Archive(archive.files.url)
    dying.files = Crashing(archive.files.url, step)
    try:
        works[work](dying)
        crashed = False
    except Crash:
        crashed = True
    assert crashed == (step <= 4)
    kept = set(ids(archive))
    assert {one for one in before if one.startswith("c")} <= kept
    if work != "erase":
        assert set(before) <= kept
    works[work](archive)
    wanted = {"write": {*before, "c20", "c21", "c22", "c23"}, "compact": set(before),
              "erase": {one for one in before if one.startswith("c")}}[work]  # fmt: skip
    assert sorted(ids(archive)) == sorted(wanted)
    assert not [one for day in archive.days() for one in check(archive, day).problems]


def test_a_part_that_is_written_during_compaction_stays(archive: Archive) -> None:
    before = filled(archive)

    class Meanwhile(Files):
        def write(self, path: str, content: bytes) -> None:
            archive.write("a", [(20, call(20))])
            super().write(path, content)

    other = Archive(archive.files.url)
    other.files = Meanwhile(archive.files.url)
    compact(other, only(archive))
    assert sorted(ids(archive)) == sorted([*before, "c20"])


def test_what_a_crash_left_unfinished_goes_once_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(str(tmp_path))
    filled(archive)
    left = tmp_path / only(archive).path / ".part-a-1.parquet.tmp"
    left.write_bytes(b"half")
    assert check(archive, only(archive)).unfinished == 1
    compact(archive, only(archive))
    assert left.exists()
    old = (datetime.now(UTC) - 2 * FORGOTTEN).timestamp()
    os.utime(left, (old, old))
    compact(archive, only(archive))
    assert not left.exists()


def test_two_processes_do_not_rewrite_at_once_and_a_forgotten_lock_is_taken_over(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    with alone(files) as renew, pytest.raises(BusyError, match=LOCK), alone(Files(str(tmp_path))):
        renew()
    take(files, b"one that crashed")
    old = (datetime.now(UTC) - 2 * FORGOTTEN).timestamp()
    os.utime(tmp_path / LOCK, (old, old))
    with alone(files) as renew:
        renew()
        (tmp_path / LOCK).write_bytes(b"somebody else")
        with pytest.raises(BusyError):
            renew()
    assert (tmp_path / LOCK).read_bytes() == b"somebody else"


@pytest.mark.parametrize(
    ("days", "gone"), [(0, False), (30, False), (30.49, False), (30.5, True), (400, True)],
)  # fmt: skip
def test_a_day_goes_when_all_of_it_is_too_old(days: float, tmp_path: Path, *, gone: bool) -> None:
    folder = Folder("hq", NOON.date())
    assert expired(Files(str(tmp_path)), folder, timedelta(days=30), NOON + timedelta(days=days)) is gone


def test_days_that_a_wrong_clock_invents_are_put_together_and_go_when_their_files_are_old(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    now = datetime.now(UTC)
    for number in range(2):
        archive.write("a", [(number, call(number, at=now + timedelta(days=4_000)))])
    (folder,) = settled(archive.days(), now.date())
    assert compact(archive, folder) is not None
    assert not expired(archive.files, folder, timedelta(days=30), now)
    old = (now - timedelta(days=32)).timestamp()
    os.utime(tmp_path / parts(archive.files, folder)[0], (old, old))
    assert expired(archive.files, folder, timedelta(days=30), now)


def test_expiry_removes_a_day_and_nothing_else(archive: Archive) -> None:
    filled(archive, days=2)
    assert expire(archive, archive.days()[0]) == 3
    assert [folder.day for folder in archive.days()] == [(NOON + timedelta(days=1)).date()]
    assert settled(archive.days(), archive.days()[0].day) == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "noise"])
def test_check_finds_damage_and_nothing_is_rewritten_over_it(tmp_path: Path, damage: str) -> None:
    archive = Archive(str(tmp_path))
    filled(archive)
    folder = only(archive)
    path = tmp_path / parts(archive.files, folder)[0]
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-40]
    elif damage == "flipped":
        content[len(content) // 3] ^= 0x40
    elif damage == "noise":
        content = bytearray(bytes(range(256)) * 4)
    path.write_bytes(content)
    found = check(archive, folder)
    assert len(found.problems) == 1
    assert path.name in found.problems[0]
    with pytest.raises(DamagedError):
        compact(archive, folder)
    assert len(parts(archive.files, folder)) == 3


def test_check_finds_what_lies_in_the_wrong_place(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    filled(archive)
    (tmp_path / "pbx=hq").rename(tmp_path / "pbx=other")
    found = check(archive, only(archive))
    assert len(found.problems) == 3
    assert "another PBX or day" in found.problems[0]


def test_every_byte_of_a_file_is_guarded(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    archive.write("a", [(1, call(1)), (2, call(2))])
    path = tmp_path / parts(archive.files, only(archive))[0]
    good = path.read_bytes()
    for position in range(0, len(good), 37):
        path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        with pytest.raises(DamagedError):
            list(read(archive))


def test_a_store_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match=r"Not a directory|File exists"):
        Archive(str(tmp_path / "file")).write("a", [(1, call(1))])
    with pytest.raises(ArchiveError, match="nosuch"):
        Archive("nosuch://bucket")
