"""What names a subject goes, or loses the name; what only looks like it stays."""

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Config, Control, Notice
from streams.archive import Archive, read
from streams.archive.erasure import ErasureSubject, erase
from tests.streams.archive.traffic import NOON, call, registration

ADDRESS, NUMBER, EXTENSION = (
    ErasureSubject("address", "203.0.113.7"), ErasureSubject("number", "+252 61 234567"),
    ErasureSubject("extension", "1001"),
)  # fmt: skip
NAMED: list[tuple[ErasureSubject, AnyEvent]] = [
    (ADDRESS, registration(1)),
    (ADDRESS, registration(1, source_ip="::ffff:203.0.113.7")),
    (ADDRESS, Notice(pbx="hq", id="n", at=NOON, name="ip_blocked", text="blocked 203.0.113.7:5060, again")),
    (ADDRESS, Config(pbx="hq", id="g", at=NOON, object_="security", changes={"deny": (None, ["203.0.113.7"])})),
    (ErasureSubject("address", "2001:db8::1"), registration(1, source_ip="2001:0DB8:0:0::1")),
    (NUMBER, call(1, to="90025261234567")),
    (NUMBER, call(1, from_="+25261234567", direction="inbound")),
    (NUMBER, Notice(pbx="hq", id="n", at=NOON, name="x", text="call to 25261234567 cut")),
    (ErasureSubject("number", "911"), call(1, to="911")),
    (EXTENSION, call(1)),
    (EXTENSION, call(1, extension="1005", from_="1005", on_behalf_of="1001")),
    (EXTENSION, call(1, extension="1005", from_="1005", channel="PJSIP/1001-0000a")),
    (EXTENSION, registration(1, count=3, accounts=("1000", "1001"))),
]
OTHERS: list[tuple[ErasureSubject, AnyEvent]] = [
    (ADDRESS, registration(1, source_ip="203.0.113.70")),
    (ADDRESS, registration(1, source_ip="not an address")),
    (ADDRESS, Notice(pbx="hq", id="n", at=NOON, name="x", text="1203.0.113.7 203a0b113c7 203.0.113.77")),
    (NUMBER, call(1, to="25261234568")),
    (NUMBER, call(1, to=None, from_=None)),
    (ErasureSubject("number", "911"), call(1, to="0049911")),
    (EXTENSION, call(1, extension="10011", from_="10011", to="21001")),
    (EXTENSION, call(1, id="1001", call_id="1001", extension="1005", from_="1005", duration=1001.0)),
    (EXTENSION, Control(pbx="hq", id="s", at=NOON, name="settings", settings={"extension": "1001"}, note="1001")),
]


def kept(archive: Archive, event: AnyEvent, subject: ErasureSubject, *, mask: bool) -> tuple[int, list[Any]]:
    archive.write("a", [(1, event), (2, call(77, extension="2000", from_="2000", to="2001"))])
    (folder,) = archive.days()
    hit = erase(archive, folder, [subject], mask=mask)
    return hit, [one for one in read(archive) if one.id != "c77"]


@pytest.mark.parametrize(("subject", "event"), NAMED)
def test_what_names_the_subject_goes(archive: Archive, subject: ErasureSubject, event: AnyEvent) -> None:
    assert kept(archive, event, subject, mask=False) == (1, [])


@pytest.mark.parametrize(("subject", "event"), NAMED)
def test_masked_it_loses_only_the_name(archive: Archive, subject: ErasureSubject, event: AnyEvent) -> None:
    hit, (left,) = kept(archive, event, subject, mask=True)
    raw = Codec(trusted=True).encode(left)
    assert hit == 1
    assert b"erased" in raw
    assert (left.id, left.at, type(left)) == (event.id, event.at, type(event))
    assert erase(archive, archive.days()[0], [subject], mask=True) == 0


@pytest.mark.parametrize(("subject", "event"), OTHERS)
def test_what_only_looks_like_it_stays(archive: Archive, subject: ErasureSubject, event: AnyEvent) -> None:
    assert kept(archive, event, subject, mask=False) == (0, [event])


def test_nothing_of_the_subject_is_left_in_any_file(archive: Archive) -> None:
    """Columns included, and parts that stood there twice."""
    for last in (4, 6):
        archive.write("a", [(number, registration(number)) for number in range(1, last)])
    (folder,) = archive.days()
    assert erase(archive, folder, [ADDRESS], mask=True) == 5
    for content in archive.contents(folder).values():
        assert "203.0.113.7" not in str(pq.read_table(pa.BufferReader(content)).to_pylist())


def test_a_number_without_digits_is_refused(archive: Archive) -> None:
    archive.write("a", [(1, call(1))])
    with pytest.raises(ValueError, match="digits"):
        erase(archive, archive.days()[0], [ErasureSubject("number", "+")], mask=False)
