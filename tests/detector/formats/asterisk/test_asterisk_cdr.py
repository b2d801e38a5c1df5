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
        ({"dstchannel": "DAHDI/i1/2125550111-4"}, "trunk", "DAHDI/i1"),
        ({}, "route", "carrier-a"),
        ({"context": "outrt-2"}, "route", "outrt-2"),
        ({"context": "outrt-2"}, "trunk", "carrier-a"),
        ({"dstchannel": "DAHDI/i1/2125550111-4", "data": "DAHDI/g0/2125550111"}, "route", "DAHDI/g0"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/carrier-b-2"}, "route", "carrier-b"),
        ({"channel": "SIP/carrier-a-1", "dstchannel": "SIP/1002-2", "dst": "1002"}, "route", None),
        ({"dstchannel": "SIP/1002-2", "dst": "1002", "context": "outrt-2"}, "route", None),
        ({"dstchannel": "", "app": "Playback", "dst": "00252612345678"}, "route", None),
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
    text = line(channel="SIP/4711-1", dstchannel="SIP/1002-2", dst="1002", context="our-lines")
    assert one(text).direction == "internal"
    assert one(text, parties=Parties(trunk_contexts=frozenset({"our-lines"}))).direction == "inbound"


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


COLUMNS = {
    "start": "calldate", "clid": "clid", "src": "src", "dst": "dst", "context": "dcontext", "channel": "channel",
    "dstchannel": "dstchannel", "app": "lastapp", "data": "lastdata", "duration": "duration", "billsec": "billsec",
    "disposition": "disposition", "flags": "amaflags", "account": "accountcode", "uniqueid": "uniqueid",
    "userfield": "userfield", "did": "did", "recordingfile": "recordingfile", "cnum": "cnum", "cnam": "cnam",
    "outbound_cnum": "outbound_cnum", "outbound_cnam": "outbound_cnam", "dst_cnam": "dst_cnam",
    "linkedid": "linkedid", "peeraccount": "peeraccount", "sequence": "sequence",
}  # fmt: skip
TABLE = {**dict.fromkeys(COLUMNS, ""), **ROW, **LINKED, "cnum": "1001", "did": "NULL"}
SHUFFLED = sorted(COLUMNS)


def written(order: list[str], delimiter: str = ",", *, quoted: bool = True, **changes: str) -> str:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(
        [{**TABLE, **changes}[name] for name in order]
    )
    return text.getvalue()


def head(order: list[str], delimiter: str = ",") -> str:
    return delimiter.join(COLUMNS[name] for name in order)


def drawn(order: list[str], *, names: bool) -> list[str]:
    """As the client of MySQL draws it."""
    rows = [[COLUMNS[name] for name in order]] * names + [[TABLE[name] for name in order]]
    border = "+" + "+".join("-" * 10 for _ in order) + "+"
    bars = ["| " + " | ".join(row) + " |" for row in rows]
    return [border, *bars[:1], border, *bars[1:], border, "1 row in set (0.01 sec)"] if names else bars


LAYOUTS = {
    "FreePBX's table with its header": [head(list(COLUMNS)), written(list(COLUMNS))],
    "its columns in another order": [head(SHUFFLED), written(SHUFFLED)],
    "without quotes": [head(SHUFFLED, "\t"), written(SHUFFLED, "\t", quoted=False)],
    "with semicolons": [head(SHUFFLED, ";"), written(SHUFFLED, ";")],
    "with its header twice": [head(SHUFFLED), head(SHUFFLED), written(SHUFFLED)],
    "with columns of somebody else": ["mine," + head(SHUFFLED) + ",yours", "1," + written(SHUFFLED) + ',"x"'],
    "FreePBX's table without a header": [written(list(COLUMNS))],
    "the same with tabs, as mysql -B writes it": [written(list(COLUMNS), "\t", quoted=False)],
    "drawn by the client of MySQL": drawn(SHUFFLED, names=True),
    "drawn, and cut out of the middle": drawn(list(COLUMNS), names=False),
    "drawn by the client of PostgreSQL": [
        " " + " | ".join(COLUMNS[name] for name in SHUFFLED), "-" * 9 + ("+" + "-" * 9) * (len(SHUFFLED) - 1),
        " " + " | ".join(TABLE[name] for name in SHUFFLED), "(1 row)",
    ],
    "without the columns that may lack": [
        "Start,Source,Destination,Channel,Dst. Channel,Last App,Last Data,Duration,Bill Sec,Status,UniqueID,LinkedID",
        written(["start", "src", "dst", "channel", "dstchannel", "app", "data", "duration", "billsec", "disposition",
                 "uniqueid", "linkedid"]),
    ],
    "a time with a T": [head(SHUFFLED), written(SHUFFLED, start="2026-11-23T09:08:09")],
    "a time with a zone": [head(SHUFFLED), written(SHUFFLED, start="2026-11-23 09:08:09+00")],
    "NULL for what is empty": [head(SHUFFLED), written(SHUFFLED, account="NULL", userfield="\\N", peeraccount="NULL")],
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_record_is_the_same_in_whatever_layout(name: str) -> None:
    call, base = one_of(LAYOUTS[name]), one(line(**LINKED))
    assert msgspec.structs.replace(call, id=base.id) == base


def one_of(lines: list[str]) -> Call:
    (call,) = read(*lines)
    assert isinstance(call, Call), call
    return call


@pytest.mark.parametrize(
    ("duration", "billsec", "expected"),
    [("30", "28", (30, 28)), ("30.117342", "28.5", (30.117342, 28.5)), ("30", "28.000000", (30, 28))],
)
def test_durations_with_and_without_fractions(duration: str, billsec: str, expected: tuple[float, float]) -> None:
    call = one(line(duration=duration, billsec=billsec))
    assert (call.duration, call.talk) == expected


def test_without_the_seconds_that_were_billed_those_of_an_answered_call_are() -> None:
    order = [name for name in SHUFFLED if name != "billsec"]
    assert one_of([head(order), written(order)]).talk == 30
    assert one_of([head(order), written(order, disposition="NO ANSWER")]).talk == 0


def test_what_stands_before_a_table_is_told_and_does_not_spoil_it() -> None:
    records = read("mysql> select * from cdr;", *drawn(SHUFFLED, names=True))
    assert [type(record) for record in records] == [Rejected, Call]


@pytest.mark.parametrize("sent", ["SIP/carrier-a/011252612345990", "PJSIP/011252612345990@carrier-a,300,T"])
@pytest.mark.parametrize(
    ("dst", "to"),
    [
        ("s", "011252612345990"),
        ("1006", "011252612345990"),
        ("*72", "011252612345990"),
        ("9011252612345990", "9011252612345990"),
        ("011252612345990", "011252612345990"),
        ("345990", "345990"),
    ],
)
def test_the_number_is_the_one_that_goes_over_the_trunk(dst: str, to: str, sent: str) -> None:
    """A forwarded or abbreviated number is not what is paid for; an access digit, and a prefix of the trunk, may be."""
    trunk = sent.partition("/")[0] + "/carrier-a-00000013"
    assert one(line(dst=dst, data=sent, dstchannel=trunk)).to == to


HALF = "Local/011252612345990@from-internal-0000000a;"


@pytest.mark.parametrize("linked", [{}, LINKED], ids=["without linkedid", "with linkedid"])
@pytest.mark.parametrize(
    "rows",
    [
        [
            {"channel": "SIP/carrier-a-1", "dstchannel": "SIP/1006-2", "dst": "1006", "disposition": "NO ANSWER"},
            {"channel": "SIP/carrier-a-1", "dstchannel": HALF + "1", "dst": "1006"},
        ],
        [{"channel": "SIP/carrier-a-1", "dstchannel": HALF + "1", "dst": "1006"}],
    ],
    ids=["after it has rung", "always"],
)
def test_forwarded_in_and_out_over_one_trunk(rows: list[dict[str, str]], linked: dict[str, str]) -> None:
    """The halves of a Local channel join what has no linkedid: the second leg has a uniqueid of its own."""
    inbound = {"context": "from-trunk", "src": "12125550100", "data": "", **linked}
    out = {"channel": HALF + "2", "dstchannel": "SIP/carrier-a-9", "dst": "011252612345990",
           "uniqueid": "1795442890.30", "data": "SIP/carrier-a/011252612345990", **linked}  # fmt: skip
    *_, leg = read(*(line(**{**inbound, **row}) for row in rows), line(**out))
    assert isinstance(leg, Call)
    assert (leg.via, leg.on_behalf_of, leg.trunk, leg.to) == ("forward", "1006", "carrier-a", "011252612345990")
    assert leg.leg == "SIP/carrier-a-9"


def test_dialled_through_over_one_trunk_is_another_leg_of_it() -> None:
    call = one(line(channel="SIP/carrier-a-1", dstchannel="SIP/carrier-a-9", context="from-trunk", dst="s"))
    assert (call.direction, call.trunk, call.trunk_in, call.leg) == (
        "transit", "carrier-a", "carrier-a", "SIP/carrier-a-9",
    )  # fmt: skip


def test_who_had_to_be_guessed_is_said_once_with_the_setting_that_ends_it() -> None:
    cdr = reader()
    for _ in range(3):
        list(cdr.read(line(channel="SIP/gw-1", context="office").encode()))
    list(cdr.close())
    assert list(cdr.assumed) == [
        "'gw' is taken for an extension: name it under `extensions` or `trunks` of the PBX to end the guess"
    ]


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
    assert one(line(dst='9","SIP/1002-1', data="")).to == '9","SIP/1002-1'


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


def queued(*, linked: bool) -> list[str]:
    """A call into queue 600 rings 1001 and 1002, whose telephone is forwarded abroad."""
    ring = {"src": "13125550000", "dst": "600", "context": "ext-queues", "channel": "PJSIP/carrier-a-00000001",
            "app": "Queue", "data": "600,t,,,", "disposition": "NO ANSWER", "billsec": "0"}  # fmt: skip
    rows: list[dict[str, str]] = [
        *({**ring, "dstchannel": f"Local/{agent}@from-queue-0000000{agent[-1]};1"} for agent in ("1001", "1002")),
        {"src": "13125550000", "dst": "1001", "context": "from-queue", "channel": "Local/1001@from-queue-00000001;2",
         "dstchannel": "PJSIP/1001-00000009", "data": "PJSIP/1001,15", "disposition": "NO ANSWER", "billsec": "0"},
        {"src": "13125550000", "dst": "01188213200100", "context": "from-internal",
         "channel": "Local/1002@from-queue-00000002;2", "dstchannel": "PJSIP/carrier-a-0000000a",
         "data": "PJSIP/01188213200100@carrier-a,300"},
    ]  # fmt: skip
    return [line(**row, **({**LINKED, "uniqueid": f"1795442889.2{n}"} if linked else {})) for n, row in enumerate(rows)]


@pytest.mark.parametrize("linked", [True, False])
def test_of_many_agents_who_ring_the_one_who_forwards_is_charged(linked: bool) -> None:
    out = read(*queued(linked=linked))[-1]
    assert isinstance(out, Call)
    assert (out.direction, out.via, out.on_behalf_of) == ("outbound", "forward", "1002")


def test_halves_of_a_local_channel_in_old_versions() -> None:
    near = line(src="13125550000", dst="2104", context="from-trunk", channel="SIP/carrier-a-1", uniqueid="",
                dstchannel="Local/01188213200100@from-internal-3a4b,1", data="")  # fmt: skip
    other = near.replace("2104", "2105").replace("3a4b", "5c6d")
    away = line(src="13125550000", dst="01188213200100", channel="Local/01188213200100@from-internal-3a4b,2",
                uniqueid="", data="SIP/carrier-a/01188213200100")  # fmt: skip
    out = read(near, other, away)[-1]
    assert isinstance(out, Call)
    assert out.on_behalf_of == "2104"


def test_a_channel_that_a_program_has_called_goes_out() -> None:
    call = one(line(src="", dst="01188213200100", context="default", channel="PJSIP/carrier-a-00000021",
                    dstchannel="", app="AppDial2", data="(Outgoing Line)"))  # fmt: skip
    assert (call.direction, call.trunk, call.trunk_in, call.via) == ("outbound", "carrier-a", None, "api")
    assert (call.extension, call.to) == (None, "01188213200100")


@pytest.mark.parametrize(("dst", "extension"), [("s", None), ("12125550100", None), ("600", "600")])
def test_a_number_of_ours_is_no_extension(dst: str, extension: str | None) -> None:
    call = one(line(src="13125550000", dst=dst, context="from-trunk", channel="SIP/carrier-a-00000001",
                    dstchannel="", app="Playback", data="welcome"))  # fmt: skip
    assert (call.direction, call.extension) == ("inbound", extension)


HEAD = "calldate;src;dst;dcontext;channel;dstchannel;lastapp;lastdata;duration;billsec;disposition;uniqueid"


@pytest.mark.parametrize(
    ("start", "duration", "billsec", "lasts"),
    [
        ("2026-11-23 09:08:09", "00:01:00", "00:00:50", (60, 50)),
        ("2026-11-23 09:08:09", "60,117342", "50,1", (60.117342, 50.1)),
        ("2026-11-23 09:08:09", "35s (0h 0m 35s)", "30s", (35, 30)),
        ("2026-11-23T09:08:09", "60", "50", (60, 50)),
        ("1795424889", "60", "50", (60, 50)),
        ("11/23/2026 9:08", "60", "50", (60, 50)),
        ("23/11/2026 09:08:09", "60", "50", (60, 50)),
        ("23.11.26 9:08 AM", "60", "50", (60, 50)),
    ],
)
def test_times_and_durations_as_tables_and_spreadsheets_have_them(
    start: str, duration: str, billsec: str, lasts: tuple[float, float]
) -> None:
    row = (start, "1001", "0112526123456", "from-internal", "SIP/1001-1", "SIP/carrier-a-2", "Dial", "", duration,
           billsec, "ANSWERED", "1795424889.25")  # fmt: skip
    cdr = reader()
    records = [record for text in ("sep=;", HEAD, ";".join(row)) for record in cdr.read(text.encode())]
    (call,) = records
    assert isinstance(call, Call)
    assert (call.duration, call.talk) == lasts
    assert call.started_at == datetime(2026, 11, 23, 9, 8, 9, tzinfo=UTC)
    assert cdr.ignored == 2
