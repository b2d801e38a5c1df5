"""Master.csv: who called whom by which trunk, whatever callers call themselves."""

import csv
import io
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Codec, Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Call
from detector.formats import Format, FormatOptions, formats
from detector.formats.parties import Parties

DATA = Path(__file__).parents[3] / "data"
NEW_YORK = ZoneInfo("America/New_York")
ROW = {
    "account": "", "src": "1001", "dst": "92125550111", "context": "phones", "clid": '"Ann Reed" <1001>',
    "channel": "SIP/1001-00000012", "dstchannel": "SIP/carrier-a-00000013", "app": "Dial",
    "data": "SIP/carrier-a/12125550111,12", "start": "2026-11-23 09:08:09", "answer": "2026-11-23 09:08:11",
    "end": "2026-11-23 09:08:39", "duration": "30", "billsec": "28", "disposition": "ANSWERED",
    "flags": "DOCUMENTATION", "uniqueid": "1795442889.25", "userfield": "",
}  # fmt: skip
LINKED = {"peeraccount": "", "linkedid": "1795442889.20", "sequence": "7"}
BARE = {"duration", "billsec"}


def reader(zone: tzinfo = UTC, parties: Parties | None = None) -> Format:
    return formats()["asterisk-cdr"](
        FormatOptions(pbx="hq", zone=zone, year=None, keyed_hash=str, parties=parties or Parties())
    )


def read(*lines: str | bytes, zone: tzinfo = UTC, parties: Parties | None = None) -> list[AnyEvent | Rejected]:
    cdr = reader(zone, parties)
    found = [record for line in lines for record in cdr.read(line.encode() if isinstance(line, str) else line)]
    return [*found, *cdr.close()]  # type: ignore[list-item]


def line(**changes: str) -> str:
    """As cdr_csv writes it: an answer that never came is empty without quotes."""
    return ",".join(
        value if name in BARE or (name == "answer" and not value) else '"' + value.replace('"', '""') + '"'
        for name, value in {**ROW, **changes}.items()
    )


def one(text: str, zone: tzinfo = UTC, parties: Parties | None = None) -> Call:
    (call,) = read(text, zone=zone, parties=parties)
    assert isinstance(call, Call), call
    return call


def test_an_outbound_call() -> None:
    call = one(line())
    assert (call.direction, call.extension, call.from_, call.to) == ("outbound", "1001", "1001", "92125550111")
    assert (call.trunk, call.trunk_in, call.via) == ("carrier-a", None, "direct")
    assert call.leg == "SIP/carrier-a-00000013"
    assert (call.call_id, call.disposition, call.duration, call.talk) == ("1795442889.25", "answered", 30, 28)
    assert (call.started_at, call.answered_at, call.at) == (
        datetime(2026, 11, 23, 9, 8, 9, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 8, 11, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 8, 39, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"channel": "PJSIP/carrier-a-0000000f", "dstchannel": "PJSIP/1002-00000010", "src": "+12125550100",
          "dst": "1002", "context": "from-trunk"}, "direction", "inbound"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/1002-2", "dst": "1002"}, "extension", "1002"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/1002-2", "dst": "1002"}, "trunk_in", "carrier-a"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/carrier-b-2"}, "direction", "transit"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/carrier-b-2"}, "extension", None),
        ({"channel": "SIP/127.0.0.1-0000002d", "src": "1001"}, "extension", None),  # a guest names its own domain
        ({"channel": "SIP/127.0.0.1-0000002d", "src": "1001"}, "direction", "transit"),
        ({"dstchannel": "SIP/1002-2", "dst": "1002"}, "direction", "internal"),
        ({"src": "2125550000"}, "extension", "1001"),  # the caller id is a choice, the channel is not
        ({"dstchannel": "DAHDI/i1/2125550111-4"}, "trunk", "DAHDI/i1/2125550111"),
        ({"dstchannel": "", "app": "VoiceMail", "dst": "*97"}, "disposition", "voicemail"),
        ({"dstchannel": "", "app": "Playback", "dst": "00252612345678"}, "direction", "outbound"),
        ({"app": "DISA"}, "via", "disa"),
        ({"dst": "s"}, "to", "12125550111"),
        ({"dst": "s", "data": "PJSIP/0025261@carrier-a,30"}, "to", "0025261"),
        ({"disposition": "NO ANSWER", "answer": "", "billsec": "0"}, "disposition", "no_answer"),
        ({"disposition": "NO ANSWER", "answer": "", "billsec": "0"}, "answered_at", None),
        ({"disposition": "CONGESTION", "answer": "", "billsec": "0"}, "disposition", "failed"),
        ({"src": ""}, "from_", None),
        ({**LINKED}, "call_id", "1795442889.20"),
        ({"channel": "Local/9011252612345990@phones-00000000;2"}, "via", "forward"),
        ({"channel": "Local/9011252612345990@phones-00000000;2"}, "extension", None),
    ],
)  # fmt: skip
def test_fields(changes: dict[str, str], field: str, expected: object) -> None:
    assert getattr(one(line(**changes)), field) == expected


@pytest.mark.parametrize(
    ("parties", "direction"),
    [
        (Parties(), "outbound"),
        (Parties(extensions=frozenset({"alice"})), "outbound"),
        (Parties(extensions=frozenset({"alice"}), trunks=frozenset({"alice"})), "transit"),
        (Parties(extensions=frozenset({"alice"}), trunk_contexts=frozenset({"phones"})), "outbound"),
    ],
)
def test_the_configuration_knows_who_is_ours(parties: Parties, direction: str) -> None:
    assert one(line(channel="SIP/alice-00000012"), parties=parties).direction == direction


def test_a_context_of_trunks_outweighs_the_length_of_a_name() -> None:
    text = line(channel="SIP/4711-1", dstchannel="SIP/1002-2", dst="1002", context="our-carrier")
    assert one(text).direction == "internal"
    assert one(text, parties=Parties(trunk_contexts=frozenset({"our-carrier"}))).direction == "inbound"


def test_forwarding_is_charged_to_who_forwards() -> None:
    records = read(
        line(channel="SIP/carrier-a-1", dstchannel="SIP/1006-2", dst="1006", **LINKED),
        line(channel="Local/9011252612345990@phones-00000000;2", dst="9011252612345990", **LINKED),
    )
    assert [(call.via, call.on_behalf_of) for call in records if isinstance(call, Call)] == [
        ("direct", None), ("forward", "1006"),
    ]  # fmt: skip


def test_rows_of_one_call_are_one_call_and_their_ids_differ() -> None:
    rows = [line(dstchannel=f"SIP/{number}-0000001{number[-1]}") for number in ("1002", "1003", "1004")]
    calls = read(*rows)
    assert {call.call_id for call in calls if isinstance(call, Call)} == {"1795442889.25"}
    assert len({call.id for call in calls if isinstance(call, Call)}) == 3
    assert read(*rows) == calls


@pytest.mark.parametrize(
    ("start", "uniqueid", "hour"),
    [
        ("2026-11-23 09:08:09", "1795442889.25", 14),  # 14:08:09 UTC: local time
        ("2026-11-23 14:08:09", "1795442889.25", 14),  # usegmtime
        ("2026-11-23 09:08:09", "pbx1-1795442889.25", 14),
        ("2026-11-23 09:08:09", "", 14),
        ("2026-11-01 01:30:00", "1793511000.1", 5),  # the hour that comes twice: first
        ("2026-11-01 01:30:00", "1793514600.1", 6),  # and second
        ("2026-11-01 01:30:00", "", 5),
        ("2026-11-23 09:08:09", "1600000000.1", 14),  # a channel hours old decides nothing
    ],
)
def test_times(start: str, uniqueid: str, hour: int) -> None:
    call = one(line(start=start, uniqueid=uniqueid), zone=NEW_YORK)
    assert call.started_at is not None
    assert call.started_at.hour == hour


def test_cdr_custom_has_other_places() -> None:
    order = ["clid", "src", "dst", "context", "channel", "dstchannel", "app", "data", "start", "answer", "end",
             "duration", "billsec", "disposition", "flags", "account", "uniqueid", "userfield"]  # fmt: skip
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow([ROW[name] for name in order])
    assert one(written.getvalue()) == one(line())


FORGED = line(src="1002", channel="SIP/1002-00000099", uniqueid="1795424999.9")


@pytest.mark.parametrize(
    "name",
    ['"x","y","z" <1>', '","', f'"a\n{FORGED}\n" <1>', "a\x00b", "%0a%22", "é\u2028", '"""', "x" * 2_000, FORGED],
)
def test_a_callers_name_moves_no_column_and_makes_no_second_call(name: str) -> None:
    records = read(*line(clid=name).encode("utf-8", "surrogatepass").split(b"\n"))
    assert len(records) == 1
    assert records == [one(line())]


def test_a_number_with_quotes_is_one_number() -> None:
    assert one(line(dst='9","SIP/1002-1')).to == '9","SIP/1002-1'


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('"","1001"', ""),
        (line(start="yesterday"), "start"),
        (line(start="2026-13-45 09:08:09"), "start"),
        (line(start="0001-01-01 00:00:00"), "start"),
        (line(duration="-1"), "duration"),
        (line(duration="99999999"), "duration"),
        (line(billsec="1e9"), "billsec"),
        ('"broken off', ""),
        ("x" * (MAX_EVENT_BYTES + 1), ""),
    ],
)
def test_what_nobody_can_use_is_rejected(text: str, field: str) -> None:
    (rejected,) = read(text, zone=NEW_YORK if "0001" not in text else ZoneInfo("Asia/Tokyo"))
    assert isinstance(rejected, Rejected)
    assert rejected.field == field


def test_windows_line_ends_empty_lines_and_a_byte_order_mark() -> None:
    cdr = reader()
    found = [list(cdr.read(text)) for text in (b"\xef\xbb\xbf" + line().encode() + b"\r\n", b"\r\n", line().encode())]
    assert found == [[one(line())], [], [one(line())]]
    assert cdr.ignored == 1


TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=40)


@given(st.lists(st.binary(max_size=200)))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    read(*lines)


@given(st.dictionaries(st.sampled_from([*ROW, *LINKED]), TEXT | st.sampled_from(list(ROW.values()))))
def test_any_record_stays_within_the_contract(changes: dict[str, str]) -> None:
    text = line(**{**LINKED, **changes}).encode("utf-8", "surrogatepass")
    for record in read(*text.split(b"\n")):
        if not isinstance(record, Rejected):
            assert Codec().decode(msgspec.json.encode(record)) == [record]
