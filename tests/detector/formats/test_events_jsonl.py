"""The contract's own format, and what holds for the registry of formats."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Tick, Unknown
from detector.formats import Format, FormatOptions, formats
from detector.formats.format import Occurrences, address

TICK = b'{"kind":"tick","pbx":"hq","id":"t1","at":"2026-03-07T02:10:00-05:00"}'


def reader() -> Format:
    return formats()["events"](FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=lambda pin: pin[::-1]))


def read(line: bytes) -> list[object]:
    return list(reader().read(line))


def test_an_object_is_one_event() -> None:
    (event,) = read(TICK + b"\r\n")
    assert isinstance(event, Tick)


def test_an_array_is_all_its_events_in_order() -> None:
    events = read(b"[" + TICK + b"," + TICK.replace(b"t1", b"t2") + b"]")
    assert [event.id for event in events if isinstance(event, Tick)] == ["t1", "t2"]


def test_a_byte_order_mark_and_empty_lines_are_nothing() -> None:
    formatted = reader()
    assert len(list(formatted.read(b"\xef\xbb\xbf" + TICK))) == 1
    assert list(formatted.read(b" \r\n")) == []
    assert formatted.ignored == 1


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"{", ""),
        (b"17", ""),
        (b'{"kind":"tick"}', ""),
        (TICK.replace(b"tick", b"control")[:-1] + b',"name":"verdict"}', "kind"),
        (TICK.replace(b'"t1"', b'"' + b"x" * 1_025 + b'"'), "id"),
    ],
)
def test_what_nobody_can_use_is_rejected(line: bytes, field: str) -> None:
    (rejected,) = read(line)
    assert isinstance(rejected, Rejected)
    assert rejected.field == field


def test_an_unknown_kind_is_kept() -> None:
    (event,) = read(TICK.replace(b"tick", b"fax"))
    assert isinstance(event, Unknown)


@given(st.binary(max_size=200))
def test_no_bytes_raise(line: bytes) -> None:
    for record in read(line):
        assert isinstance(record, AnyEvent | Unknown | Rejected)


def test_every_format_is_found_under_its_name() -> None:
    found = formats()
    assert {"events", "asterisk-log", "yeastar-cdr"} <= set(found)
    assert list(found) == sorted(found)
    assert all(found[name].name == name for name in found)


def test_identical_records_get_numbered_ids_and_the_same_ones_again() -> None:
    first, second = Occurrences(), Occurrences()
    ids = [first.id_of(content) for content in (b"a", b"b", b"a")]
    assert len(set(ids)) == 3
    assert ids == [second.id_of(content) for content in (b"a", b"b", b"a")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.6", "127.0.0.6"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.999", None),
        ("", None),
    ],
)
def test_addresses_are_canonical(text: str, expected: str | None) -> None:
    assert address(text) == expected
