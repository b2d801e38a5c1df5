"""What the spool has confirmed is there after a crash, in order, and it never grows beyond its limit."""

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.kafka.write.spool import CHUNK, CHUNK_BYTES, FILE, SHRINK_BYTES, Entry, Spool
from streams.store.store_errors import SpoolError, UnavailableError

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]


def opened(folder: Path, limit: int = 64 * MIB, partitions: int = 4) -> Spool:
    return Spool(folder, partitions, limit)


def entry(number: int, size: int = 0) -> Entry:
    return Entry(f"pbx-{number}".encode(), f"{number}".encode() + b"x" * size, bool(number % 2))


def emptied(spool: Spool, lane: str) -> list[Entry]:
    found: list[Entry] = []
    while chunk := spool.first(lane):
        found += chunk.entries
        spool.drop(chunk)
    return found


def reopened(spool: Spool, folder: Path) -> Spool:
    spool.close()
    return opened(folder)


def test_records_come_back_in_their_order_by_lane_after_a_restart(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("3", [entry(1), entry(2)])
    spool.append("hold-3", [entry(9)])
    before = spool.size
    spool = reopened(spool, tmp_path)
    assert spool.size == before
    spool.append("3", [entry(3)])
    assert spool.lanes() == ["3", "hold-3"]
    assert emptied(spool, "3") == [entry(1), entry(2), entry(3)]
    assert emptied(spool, "hold-3") == [entry(9)]
    assert (spool.size, spool.lanes(), spool.first("3")) == (0, [], None)


def test_what_comes_while_the_oldest_is_read_goes_behind_it(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("0", [entry(1)])
    oldest = spool.first("0")
    assert oldest is not None
    spool.append("0", [entry(2)])
    spool.drop(oldest)
    assert emptied(spool, "0") == [entry(2)]


@pytest.mark.parametrize(
    ("entries", "at_once"),
    [([entry(n, MIB) for n in range(10)], 4), ([entry(n) for n in range(CHUNK + 5)], CHUNK),
     ([entry(0, 2 * CHUNK_BYTES), entry(1)], 1)],
    ids=["large ones", "many small ones", "one larger than a chunk"],
)  # fmt: skip
def test_what_is_read_at_once_is_bounded(tmp_path: Path, entries: list[Entry], at_once: int) -> None:
    spool = opened(tmp_path)
    spool.append("0", entries)
    oldest = spool.first("0")
    assert oldest is not None
    assert len(oldest.entries) == at_once
    assert emptied(spool, "0") == entries


def test_a_lane_is_cleared_and_no_other(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("hold-0", [entry(number, MIB) for number in range(6)])
    spool.append("0", [entry(7)])
    spool.clear("hold-0")
    spool.clear("hold-1")
    assert (spool.lanes(), spool.size) == (["0"], entry(7).size)


def test_what_is_made_of_a_chunk_takes_its_place_even_beyond_the_limit(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit=MIB)
    spool.append("hold-0", [entry(1), entry(2)])
    spool.append("hold-0", [entry(3)])
    held = spool.first("hold-0")
    assert held is not None
    spool.replace(held, "0", [entry(4, 2 * MIB)])
    assert spool.lanes() == ["0"]
    assert spool.size == entry(4, 2 * MIB).size
    with pytest.raises(UnavailableError, match="full"):
        spool.append("0", [entry(5)])


def test_a_full_spool_keeps_nothing_more_and_takes_again_once_there_is_room(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit=3 * MIB)
    spool.append("0", [entry(1, MIB), entry(2, MIB)])
    with pytest.raises(UnavailableError, match="full"):
        spool.append("1", [entry(4), entry(3, MIB)])
    assert spool.lanes() == ["0"]
    spool.append("1", [entry(4)])
    spool = reopened(spool, tmp_path)
    emptied(spool, "0")
    spool.append("1", [entry(3, MIB)])
    assert [one.key for one in emptied(spool, "1")] == [b"pbx-4", b"pbx-3"]


def test_disk_is_given_back_once_nothing_waits(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("0", [entry(number, MIB) for number in range(32)])
    spool.append("1", [entry(1)])
    emptied(spool, "0")
    assert bytes_in(tmp_path) > SHRINK_BYTES
    emptied(spool, "1")
    assert bytes_in(tmp_path) < MIB
    spool.append("0", [entry(1)])
    assert emptied(reopened(spool, tmp_path), "0") == [entry(1)]


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("zeros", [False, True], ids=["cut off", "zeros where the rest should be"])
def test_a_write_torn_anywhere_is_all_there_or_not_at_all_and_loses_nothing_before_it(
    tmp_path: Path, *, zeros: bool
) -> None:
    """SQLite appends to its write-ahead log: cut it wherever the power may have gone."""
    living = tmp_path / "living"
    spool = opened(living)
    spool.append("0", [entry(1)])
    before = log_of(living).stat().st_size
    spool.append("0", [entry(2, 6_000), entry(3)])
    after = log_of(living).stat().st_size
    for cut in [*range(before, after, 1_027), after - 1, after]:
        torn = tmp_path / f"torn-{cut}"
        shutil.copytree(living, torn)
        with log_of(torn).open("r+b") as file:
            file.truncate(cut)
            file.seek(cut)
            file.write(bytes(after - cut) if zeros else b"")
        found = opened(torn)
        found.append("0", [entry(4)])
        kept = emptied(found, "0")
        assert kept == ([entry(1), entry(2, 6_000), entry(3), entry(4)] if cut == after else [entry(1), entry(4)])
        found.close()


def log_of(folder: Path) -> Path:
    return folder / f"{FILE}-wal"


@pytest.mark.parametrize("at", [0, 4_096])
def test_a_damaged_file_is_set_aside_for_people_and_work_goes_on(tmp_path: Path, at: int) -> None:
    spool = opened(tmp_path)
    spool.append("0", [entry(number, 20_000) for number in range(10)])
    spool.close()
    damaged = bytearray((tmp_path / FILE).read_bytes())
    damaged[at : at + 4_096] = b"\xff" * 4_096
    (tmp_path / FILE).write_bytes(damaged)
    spool = opened(tmp_path)
    spool.append("0", [entry(11)])
    assert emptied(spool, "0") == [entry(11)]
    (aside,) = tmp_path.glob("*.damaged")
    assert aside.read_bytes() == damaged


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    with pytest.raises(SpoolError, match="in use"):
        opened(tmp_path)
    spool.close()
    opened(tmp_path).close()


def test_records_for_another_number_of_partitions_have_to_go_first(tmp_path: Path) -> None:
    spool = opened(tmp_path, partitions=48)
    spool.append("47", [entry(1)])
    spool.close()
    with pytest.raises(SpoolError, match="48 partitions, not 96"):
        opened(tmp_path, partitions=96)
    spool = opened(tmp_path, partitions=48)
    emptied(spool, "47")
    spool.close()
    opened(tmp_path, partitions=96).close()


def test_records_of_an_older_version_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "0-000000000001.spool").write_bytes(b"")
    opened(tmp_path).close()
    (tmp_path / "47-000000000002.spool").write_bytes(b"RFs1")
    with pytest.raises(SpoolError, match="older version"):
        opened(tmp_path)
    (tmp_path / "47-000000000002.spool").unlink()
    opened(tmp_path).close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append("0", [entry(1)])
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "spool").iterdir()} == {"0o600"}
    assert oct((tmp_path / "spool").stat().st_mode & 0o777) == "0o700"


def test_a_disk_that_is_full_in_the_middle_leaves_no_half_record(tmp_path: Path) -> None:
    """The limit of this process on file sizes stands for a full disk."""
    program = "import sys; from tests.kafka.test_spool import full_disk; full_disk(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True, cwd=ROOT)
    assert emptied(opened(tmp_path), "0") == [entry(1), entry(3)]


def full_disk(folder: str) -> None:
    spool = opened(Path(folder))
    spool.append("0", [entry(1)])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = log_of(Path(folder)).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2 * 4_096, resource.RLIM_INFINITY))
    with pytest.raises(UnavailableError):
        spool.append("0", [entry(2, 20_000)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    spool.append("0", [entry(3)])
