"""What of a file of call records is read after a gap."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detector.formats.format import FormatOptions
from streams.asterisk import missed_calls as module
from streams.asterisk.missed_calls import missed_calls

OPTIONS = FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str)
BEGAN = datetime(2026, 11, 23, 8, tzinfo=UTC)


def record(minute: int) -> str:
    """A call that ended in this minute."""
    start = BEGAN + timedelta(minutes=minute)
    uniqueid = f"{int(start.timestamp())}.{minute}"
    return (
        f'"","1001","92125550111","phones","","PJSIP/1001-{minute:08x}","PJSIP/carrier-{minute:08x}","Dial",'
        f'"PJSIP/2125550111@carrier","{start:%Y-%m-%d %H:%M:%S}","","{start:%Y-%m-%d %H:%M:%S}",0,0,"ANSWERED",'
        f'"DOCUMENTATION","{uniqueid}",""\n'
    )


@pytest.mark.parametrize(
    ("text", "since", "minutes", "first", "broken"),
    [
        ("".join(map(record, range(2_000))), 1_990, range(1_990, 2_000), None, 0),
        ("".join(map(record, range(2_000))), 0, range(2_000), 0, 0),
        ("".join(map(record, range(5, 10))), 0, range(5, 10), 5, 0),
        (record(1) + record(2)[:-9], 0, [1], 1, 0),
        (record(1) + "rubbish\n" + record(2), 0, [1, 2], 1, 1),
        ("", 0, [], None, 0),
    ],
    ids=["the end of a long file", "all of it", "a file that begins later", "a record that is being written",
         "a broken record", "an empty file"],
)  # fmt: skip
def test_what_ended_since(
    tmp_path: Path, text: str, since: int, minutes: "range | list[int]", first: int | None, broken: int
) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(text)
    now = BEGAN + timedelta(days=2)
    found = missed_calls(path, OPTIONS, BEGAN + timedelta(minutes=since), now)
    assert [one.at for one in found.calls] == [BEGAN + timedelta(minutes=minute) for minute in minutes]
    assert {one.received_at for one in found.calls} <= {now}
    assert found.broken == broken
    if first is not None:
        assert found.first == BEGAN + timedelta(minutes=first)


def test_no_more_is_read_than_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text("".join(map(record, range(4_000))))
    assert path.stat().st_size > 3 * module.FIRST_LOOK
    now = BEGAN + timedelta(minutes=4_000)
    found = missed_calls(path, OPTIONS, BEGAN + timedelta(minutes=3_999), now)
    assert found.first is not None
    assert found.first > BEGAN + timedelta(minutes=2_000)
    assert len(found.calls) == 1
