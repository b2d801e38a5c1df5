"""What the spool has confirmed is there after a crash, in order, and it never grows beyond its limit."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.kafka.write.spool import HEAD, SEGMENT, Entry, Spool, SpoolError, SpoolFullError, decoded, encoded

MIB = 1024 * 1024


def opened(folder: Path, limit: int = 64 * MIB, partitions: int = 4) -> Spool:
    return Spool(folder, partitions, limit)


def entry(number: int, size: int = 0) -> Entry:
    return Entry(f"pbx-{number}".encode(), f"{number}".encode() + b"x" * size, bool(number % 2))


def emptied(spool: Spool, lane: str) -> list[Entry]:
    found: list[Entry] = []
    while entries := spool.first(lane):
        found += entries
        spool.drop(lane)
    return found


def reopened(spool: Spool, folder: Path) -> Spool:
    spool.close()
    return opened(folder)


def test_records_come_back_in_their_order_by_lane_after_a_restart(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("3", [entry(1), entry(2)])
    spool.append("hold-3", [entry(9)])
    spool = reopened(spool, tmp_path)
    spool.append("3", [entry(3)])
    assert spool.lanes() == ["3", "hold-3"]
    assert emptied(spool, "3") == [entry(1), entry(2), entry(3)]
    assert emptied(spool, "hold-3") == [entry(9)]
    assert (spool.size, spool.lanes(), spool.first("3")) == (0, [], [])
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_what_comes_while_the_oldest_is_read_goes_behind_it(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append("0", [entry(1)])
    assert spool.first("0") == [entry(1)]
    spool.append("0", [entry(2)])
    assert spool.first("0") == [entry(1)]
    spool.drop("0")
    assert spool.first("0") == [entry(2)]


def test_disk_is_freed_segment_by_segment(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for number in range(10):
        spool.append("0", [entry(number, MIB)])
    before = spool.size
    first = spool.first("0")
    assert 4 <= len(first) <= 5
    spool.drop("0")
    assert before - spool.size > SEGMENT
    assert [one.value[:1] for one in first + emptied(spool, "0")] == [b"%d" % n for n in range(10)]


def test_a_full_spool_keeps_nothing_more_and_takes_again_once_there_is_room(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit=3 * MIB)
    spool.append("0", [entry(1, MIB), entry(2, MIB)])
    with pytest.raises(SpoolFullError, match="full"):
        spool.append("1", [entry(3, MIB)])
    assert spool.lanes() == ["0"]
    spool.append("1", [entry(4)])
    spool.append("1", [entry(5, MIB)], moved=True)
    spool = reopened(spool, tmp_path)
    emptied(spool, "0")
    spool.append("1", [entry(3, MIB)])
    assert [one.key for one in emptied(spool, "1")] == [b"pbx-4", b"pbx-5", b"pbx-3"]


@pytest.mark.parametrize("cut", [1, HEAD.size - 1, HEAD.size, HEAD.size + 3, len(encoded(entry(2))) - 1])
def test_a_torn_end_loses_nothing_before_it(tmp_path: Path, cut: int) -> None:
    spool = opened(tmp_path)
    spool.append("0", [entry(1)])
    (path,) = tmp_path.glob("*.spool")
    with path.open("ab") as file:
        file.write(encoded(entry(2))[:cut])
    spool = reopened(spool, tmp_path)
    spool.append("0", [entry(3)])
    assert emptied(spool, "0") == [entry(1), entry(3)]
    assert [path.suffix for path in tmp_path.iterdir() if path.name != "lock"] == [".damaged"]


def test_a_changed_byte_is_noticed_and_the_file_kept_for_people(tmp_path: Path) -> None:
    whole = encoded(entry(1)) + encoded(entry(2))
    for at in range(len(encoded(entry(1))), len(whole)):
        damaged = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]
        assert decoded(damaged) == ([entry(1)], len(encoded(entry(1))))
    spool = opened(tmp_path)
    (tmp_path / "0-000000000007.spool").write_bytes(b"\0" * 100)
    spool = reopened(spool, tmp_path)
    spool.append("0", [entry(3)])
    assert emptied(spool, "0") == [entry(3)]
    assert (tmp_path / "0-000000000007.damaged").read_bytes() == b"\0" * 100


def test_zeros_after_a_loss_of_power_and_an_empty_file_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "0-000000000001.spool").write_bytes(encoded(entry(1)) + b"\0" * 4_096)
    (tmp_path / "0-000000000002.spool").write_bytes(b"")
    spool = opened(tmp_path)
    assert emptied(spool, "0") == [entry(1)]


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


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append("0", [entry(1)])
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "spool").iterdir()} == {"0o600"}
    assert oct((tmp_path / "spool").stat().st_mode & 0o777) == "0o700"


def test_a_disk_that_is_full_in_the_middle_leaves_no_half_record(tmp_path: Path) -> None:
    """The limit of this process on file sizes stands for a full disk."""
    program = "import sys; from tests.kafka.test_spool import full_disk; full_disk(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True, cwd=Path(__file__).parents[2])
    spool = opened(tmp_path)
    assert emptied(spool, "0") == [entry(1)]
    assert list(tmp_path.glob("*.damaged")) == []


def full_disk(folder: str) -> None:
    spool = opened(Path(folder))
    spool.append("0", [entry(1)])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
    with pytest.raises(OSError, match="File too large"):
        spool.append("0", [entry(2, 8_192)])
