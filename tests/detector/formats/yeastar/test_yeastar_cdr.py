"""Yeastar's call records as the export and as the API give them."""

import csv
import io
import json
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Call
from detector.contract.events import ROW as ROW_LEG
from detector.formats import Format, FormatOptions, formats

DATA = Path(__file__).parents[3] / "data"
HEADER = (
    "Time,Call From,Call To,Call Duration(s),Talk Duration(s),Status,Source Trunk,Destination Trunk,"
    "Communication Type,PIN Code,Call ID,UID,Source IP"
)
ROW = {
    "uid": "20260304-1",
    "call_id": "1772676302.7",
    "time": "2026-03-04 21:05:02",
    "call_from": "Ann<1001>",
    "call_to": "901125261234500",
    "duration": 30,
    "talk_duration": 21,
    "disposition": "ANSWERED",
    "src_trunk": " ",
    "dst_trunk": "carrier-a",
    "call_type": "Outbound",
    "pin_code": "4711",
    "src_addr": "203.0.113.77",
}


def reader(zone: tzinfo = UTC, date_order: Literal["mdy", "dmy"] | None = None, region: str = "") -> Format:
    return formats()["yeastar-cdr"](
        FormatOptions(
            pbx="hq",
            zone=zone,
            year=None,
            keyed_hash=lambda pin: f"hash of {len(pin)}",
            date_order=date_order,
            region=region,
        )
    )


def read(
    *lines: str | bytes, zone: tzinfo = UTC, date_order: Literal["mdy", "dmy"] | None = None
) -> list[Call | Rejected]:
    cdr = reader(zone, date_order)
    records: list[Call | Rejected] = []
    for line in lines:
        records += cdr.read(line.encode() if isinstance(line, str) else line)  # type: ignore[arg-type]
    records += cdr.close()  # type: ignore[arg-type]
    return records


def row(**changes: object) -> str:
    return json.dumps({name: value for name, value in {**ROW, **changes}.items() if value is not None})


def cells(time: str = "2026-03-04 21:05:02", **changes: str) -> str:
    values = {
        "from": "Ann<1001>", "to": "901125261234500", "duration": "30", "talk": "21", "status": "ANSWERED",
        "in": " ", "out": "carrier-a", "type": "Outbound", "pin": "4711", "call": "c1", "uid": "u1",
        "ip": "203.0.113.77", **changes,
    }  # fmt: skip
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([time, *values.values()])
    return line.getvalue()


def one(*lines: str, zone: tzinfo = UTC) -> Call:
    (call,) = read(*lines, zone=zone)
    assert isinstance(call, Call)
    return call


def calls(records: list[Call | Rejected]) -> list[str]:
    return [record.call_id for record in records if isinstance(record, Call)]


def starts(records: list[Call | Rejected]) -> list[str | None]:
    return [
        f"{record.started_at:%m-%d %H:%M}" if isinstance(record, Call) and record.started_at else None
        for record in records
    ]


@pytest.mark.parametrize("lines", [(HEADER, cells(uid="20260304-1", call="1772676302.7")), (row(),)])
def test_one_call_is_the_same_from_both(lines: tuple[str, ...]) -> None:
    call = one(*lines)
    assert call.id == f"cdr:1772676302.7:{(call.leg or '').removeprefix(ROW_LEG)}"
    assert (call.call_id, call.phase) == ("1772676302.7", "ended")
    assert (call.direction, call.extension, call.from_, call.to) == (
        "outbound", "1001", "1001", "901125261234500",
    )  # fmt: skip
    assert (call.trunk, call.trunk_in, call.source_ip) == ("carrier-a", None, "203.0.113.77")
    assert (call.duration, call.talk, call.disposition, call.pin) == (30, 21, "answered", "hash of 4")
    assert call.started_at == datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)
    assert call.answered_at == datetime(2026, 3, 4, 21, 5, 11, tzinfo=UTC)
    assert call.at == datetime(2026, 3, 4, 21, 5, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "zone", "expected"),
    [
        ("2026-03-04 21:05:02", "UTC", datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)),
        ("2026/03/04 09:05:02 PM", "UTC", datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)),
        ("2026/03/04 12:05:02 AM", "UTC", datetime(2026, 3, 4, 0, 5, 2, tzinfo=UTC)),
        ("03/14/2026 21:05:02", "UTC", datetime(2026, 3, 14, 21, 5, 2, tzinfo=UTC)),
        ("14/03/2026 21:05:02", "UTC", datetime(2026, 3, 14, 21, 5, 2, tzinfo=UTC)),
        ("2026/03/04 PM 09:05:02", "UTC", datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)),
        ("2026-03-04 9:05:02 p.m.", "UTC", datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)),
        ("2026/03/04 下午09:05:02", "UTC", datetime(2026, 3, 4, 21, 5, 2, tzinfo=UTC)),
        ("14.03.2026 21:05", "UTC", datetime(2026, 3, 14, 21, 5, tzinfo=UTC)),
        ("2026-03-04T21:05:02+08:00", "UTC", datetime(2026, 3, 4, 13, 5, 2, tzinfo=UTC)),
        ("2026-03-04T21:05:02.250Z", "America/New_York", datetime(2026, 3, 4, 21, 5, 2, 250_000, tzinfo=UTC)),
        ("2026-03-04 21:05:02", "America/New_York", datetime(2026, 3, 5, 2, 5, 2, tzinfo=UTC)),
    ],
)
def test_display_formats(time: str, zone: str, expected: datetime) -> None:
    assert one(HEADER, cells(time), zone=ZoneInfo(zone)).started_at == expected


@pytest.mark.parametrize(("call_id", "hour"), [("1793511000.1", 5), ("1793514600.1", 6), ("c1", 5)])
def test_the_hour_that_comes_twice_is_that_of_the_call(call_id: str, hour: int) -> None:
    call = one(row(time="2026-11-01 01:30:00", call_id=call_id), zone=ZoneInfo("America/New_York"))
    assert call.started_at is not None
    assert call.started_at.hour == hour


def test_the_timestamp_is_preferred() -> None:
    call = one(row(timestamp=1772676302, time="nonsense"))
    assert call.started_at == datetime(2026, 3, 5, 2, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["03/04/2026 01:00:00", "03/15/2026 01:00:00"], ["03-04 01:00", "03-15 01:00"]),
        (["03/04/2026 01:00:00", "15/04/2026 01:00:00"], ["04-03 01:00", "04-15 01:00"]),
        (["01/02/2026 01:00:00", "01/12/2026 01:00:00"], ["01-02 01:00", "01-12 01:00"]),
        (["02/01/2026 01:00:00", "12/01/2026 01:00:00"], ["01-02 01:00", "01-12 01:00"]),
        (["03/04/2026 01:00:00"], ["04-03 01:00"]),
        (["03/15/2026 01:00:00", "15/03/2026 01:00:00"], ["03-15 01:00", None]),
    ],
    ids=["a day above 12", "a day above 12 in front", "closer month first", "closer day first",
         "nothing to go by", "the file contradicts itself"],
)  # fmt: skip
def test_the_files_own_rows_settle_the_order(times: list[str], expected: list[str | None]) -> None:
    assert starts(read(HEADER, *(cells(time) for time in times))) == expected


FIFTH_OF_JUNE, SIXTH_OF_MAY = "06-05 02:10", "05-06 02:10"
EPOCH = int(datetime(2026, 6, 5, 2, 10, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("region", ["US", "GB", ""])
@pytest.mark.parametrize(
    ("time", "ids", "expected"),
    [
        ("05/06/2026 02:10:00", {"call": f"{EPOCH}.70"}, FIFTH_OF_JUNE),
        ("06/05/2026 02:10:00", {"call": f"{EPOCH}.70"}, FIFTH_OF_JUNE),
        ("05/06/2026 02:10:00 AM", {"call": f"{EPOCH}.70", "uid": ""}, FIFTH_OF_JUNE),
        ("05/06/2026 02:10:00", {"uid": "20260605021000AB00"}, FIFTH_OF_JUNE),
        ("06/05/2026 02:10:00", {"uid": "20260605021000AB00"}, FIFTH_OF_JUNE),
        ("05-06-2026 02:10:00", {"call": f"{EPOCH + 79_200}.70"}, FIFTH_OF_JUNE),
        ("05.06.2026 02:10:00", {"call": "1072867400.70", "uid": "20260605021000AB00"}, FIFTH_OF_JUNE),
        ("05.06.2026 02:10:00", {"call": "c1", "uid": f"{EPOCH}.70"}, FIFTH_OF_JUNE),
    ],
    ids=["the second of the Call ID, day first", "the second of the Call ID, month first", "twelve hours",
         "the day of the UID, day first", "the day of the UID, month first", "a Call ID of another zone",
         "a Call ID that is no time", "the second of the UID"],
)  # fmt: skip
def test_a_rows_own_ids_say_which_day_it_is(time: str, ids: dict[str, str], expected: str, region: str) -> None:
    cdr = reader(region=region)
    found = [record for line in (HEADER, cells(time, **ids)) for record in cdr.read(line.encode())]
    assert starts([*found, *cdr.close()]) == [expected]  # type: ignore[list-item]
    assert not cdr.assumed


def test_one_row_that_tells_settles_those_before_it() -> None:
    found = read(HEADER, cells("05/06/2026 02:10:00"), cells("05/06/2026 02:10:00", call=f"{EPOCH}.70"))
    assert starts(found) == [FIFTH_OF_JUNE] * 2


@pytest.mark.parametrize(
    ("region", "expected", "order"),
    [("US", SIXTH_OF_MAY, "month"), ("CA", SIXTH_OF_MAY, "month"), ("GB", FIFTH_OF_JUNE, "day"),
     ("", FIFTH_OF_JUNE, "day")],
)  # fmt: skip
def test_what_nothing_tells_is_a_guess_by_the_region_and_said_to_be_one(region: str, expected: str, order: str) -> None:
    cdr = reader(region=region)
    found = [record for line in (HEADER, cells("05/06/2026 02:10:00")) for record in cdr.read(line.encode())]
    assert starts([*found, *cdr.close()]) == [expected]  # type: ignore[list-item]
    (guess,) = cdr.assumed
    assert f"read {order} first" in guess
    assert "`region` of the PBX ends the guess" in guess


def test_a_given_order_holds_back_nothing() -> None:
    cdr = reader(date_order="dmy")
    assert list(cdr.read(HEADER.encode())) == []
    (call,) = cdr.read(cells("03/04/2026 01:00:00").encode())
    assert isinstance(call, Call)
    assert starts([call]) == ["04-03 01:00"]


def test_undecided_rows_are_bounded() -> None:
    cdr = reader()
    list(cdr.read(HEADER.encode()))
    rows = [cells("03/04/2026 01:00:00", uid=str(number)).encode() for number in range(1_001)]
    got = [len(list(cdr.read(line))) for line in rows]
    assert got == [0] * 999 + [1_000, 1]


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"call_type": "INTERNAL", "dst_trunk": " "}, "direction", "internal"),
        ({"call_type": "inbound", "dst_trunk": " ", "src_trunk": "t"}, "extension", None),
        ({"call_type": None}, "direction", "outbound"),
        ({"src_trunk": "t"}, "direction", "transit"),
        ({"disposition": "NO ANSWER"}, "disposition", "no_answer"),
        ({"disposition": "ANSWERD"}, "disposition", "answered"),
        ({"disposition": "VoiceMail"}, "disposition", "voicemail"),
        ({"disposition": "FAILED"}, "disposition", "failed"),
        ({"reason": "NO Outbound Restriction"}, "reason", "no_permission"),
        ({"call_from": "Evil<911><1001>"}, "from_", "1001"),
        ({"call_from_number": "1002"}, "from_", "1002"),
        ({"pin_code": " "}, "pin", None),
        ({"src_addr": " "}, "source_ip", None),
        ({"duration": "0:01:30"}, "duration", 90),
        ({"duration": "01:30"}, "duration", 90),
        ({"disposition": "NO ANSWERED"}, "disposition", "no_answer"),
        ({"duration": None, "call_duration": 7}, "duration", 7),
        ({"call_id": None}, "call_id", "20260304-1"),
    ],
)
def test_fields(changes: dict[str, object], field: str, expected: object) -> None:
    assert getattr(one(row(**changes)), field) == expected


@pytest.mark.parametrize(
    "header",
    [
        HEADER.upper(),
        "\ufeff" + HEADER + "\r\n",
        HEADER.replace("Call Duration(s)", "duration").replace("Communication Type", "call_type"),
        '"' + HEADER.replace(",", '","') + '"',
        HEADER.replace("Status", "Status/Disposition").replace("Source IP", "src_addr"),
    ],
)
def test_headers_in_other_clothes(header: str) -> None:
    call = one(header, cells())
    assert (call.duration, call.direction, call.disposition) == (30, "outbound", "answered")
    assert call.source_ip == "203.0.113.77"


def test_the_export_of_an_s_series_is_read_as_it_misspells_it() -> None:
    header = (
        "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrcunkname,status,type,pincode"
    )
    call = one(header, "1571897930.0,2026-03-15 02:18:50,1023,011252612345601,190,184,,carrier-a,ANSWERED,Outbound,")
    assert (call.call_id, call.duration, call.talk, call.trunk) == ("1571897930.0", 190, 184, "carrier-a")


@pytest.mark.parametrize(
    ("value", "expected"), [("1772676302.7", "1772676302.7"), ("17", "u1"), ("abc", "u1"), ("1772676302", "u1")]
)
def test_a_column_named_id_is_that_of_the_call_where_it_looks_so(value: str, expected: str) -> None:
    call = one("ID,Time,Call From,Call To,UID", f"{value},2026-03-04 21:05:02,1001,901125261234500,u1")
    assert call.call_id == expected


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str) -> None:
    assert one(HEADER.replace(",", delimiter), cells().replace(",", delimiter)).to == "901125261234500"


def test_a_record_may_span_lines() -> None:
    record = cells(**{"from": 'Two "x"\r\nLines, Ltd<1003>'})
    first, second = record.encode().split(b"\n", 1)
    assert one(HEADER, (first + b"\n").decode(), second.decode()).from_ == "1003"


def test_a_stray_quote_costs_one_record() -> None:
    stray = cells(call="bad").replace("Ann<1001>", '"Ann<1001>')
    records = read(HEADER, cells(call="a"), stray, *(cells(call=str(n)) for n in range(40)))
    assert sum(isinstance(record, Rejected) for record in records) == 1
    assert calls(records) == ["a", *map(str, range(40))]


def test_a_quote_open_at_the_end() -> None:
    records = read(HEADER, cells(), '2026-03-04 21:05:02,"Ann')
    assert [type(record) for record in records] == [Call, Rejected]


def test_headers_in_the_middle_and_empty_lines_are_nothing() -> None:
    cdr = reader()
    for line in (HEADER, cells(), "", HEADER):
        list(cdr.read(line.encode()))
    assert cdr.ignored == 3


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([cells()], ""),
        ([HEADER, "2026-03-04 21:05:02,1001"], ""),
        ([HEADER, cells("yesterday")], "time"),
        ([HEADER, cells("2026-02-30 10:00:00")], "time"),
        ([HEADER, cells(duration="-5")], "duration"),
        ([HEADER, cells(**{"from": "x" * 1_025})], "call_from"),
        ([HEADER, "x" * (MAX_EVENT_BYTES + 1)], ""),
        (["{"], ""),
        (['{"errcode":10004,"errmsg":"EXPIRED"}'], "errcode"),
        (['{"errcode":0,"data":[7]}'], "data"),
        ([row(call_from=["x"])], "call_from"),
        ([row(timestamp=1e300)], "timestamp"),
    ],
)
def test_what_nobody_can_use_is_rejected(lines: list[str], field: str) -> None:
    (rejected,) = read(*lines)
    assert isinstance(rejected, Rejected)
    assert rejected.field == field


@pytest.mark.parametrize("lines", [[HEADER, cells("yesterday")], [HEADER, cells()[:-20]], [cells()], [row(time="x")]])
def test_no_pin_in_what_is_rejected(lines: list[str]) -> None:
    for record in read(*lines):
        assert "4711" not in repr(record)


def test_without_an_id_of_the_call_the_row_is_its_id_and_twins_stay_two() -> None:
    nameless = {"uid": None, "call_id": None}
    lines = [row(**nameless), row(**nameless), row(**nameless, duration=31)]
    ids = [record.id for record in read(*lines) if isinstance(record, Call)]
    assert len(set(ids)) == 3
    assert ids == [record.id for record in read(*lines) if isinstance(record, Call)]
    assert ids[0] == one(row(**nameless, pin_code="0815")).id


def test_a_row_that_stands_there_twice_is_one() -> None:
    first, second = read(row(uid=None), row(uid=None))
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert first.id == second.id


def test_rows_that_only_their_uids_tell_apart_are_two() -> None:
    first, second, again = read(row(), row(uid="another"), row(uid="another"))
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert (first.id, first.leg) != (second.id, second.leg)
    assert again == second


def test_an_answer_is_all_its_rows() -> None:
    answer = f'{{"errcode":0,"errmsg":"SUCCESS","data":[{row()},{row(call_id="2")}]}}'
    assert calls(read(answer)) == ["1772676302.7", "2"]
    assert read('{"errcode":0,"data":[]}') == []


@pytest.mark.parametrize(
    ("first", "last"), [("[", "]"), ('{"errcode":0,"data":[', "]}"), ("", ""), ('{"errcode":0,"data":[', "")]
)
def test_a_list_may_have_a_row_a_line(first: str, last: str) -> None:
    assert calls(read(first, f"{row()},", row(call_id="2"), last)) == ["1772676302.7", "2"]


def test_the_sample_export() -> None:
    records = read(
        *(DATA / "yeastar-cdr.csv").read_bytes().splitlines(keepends=True), zone=ZoneInfo("America/New_York")
    )
    found = [record for record in records if isinstance(record, Call)]
    assert len(found) == len(records) == 19
    attack = [call for call in found if call.source_ip == "203.0.113.77"]
    assert len(attack) == 6
    assert {call.extension for call in attack} == {"1007"}
    assert attack[0].started_at == datetime(2026, 3, 14, 6, 11, tzinfo=UTC)
    assert [call.pin for call in attack] == ["hash of 4"] + [None] * 5
    assert (found[-1].from_, found[-1].disposition, found[-1].reason) == ("1003", "busy", "busy")


def test_the_sample_answer() -> None:
    records = read(*(DATA / "yeastar-cdr.json").read_bytes().splitlines())
    assert [record.extension for record in records if isinstance(record, Call)] == ["1007"] * 5


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    read(*lines)
    read(HEADER, *lines)


@given(st.lists(st.lists(st.one_of(st.text(max_size=20), st.sampled_from(['"', "03/04/2026 1:00:00"])), max_size=15)))
def test_any_export_stays_within_the_contract(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    lines = text.getvalue().encode("utf-8", "replace").splitlines(keepends=True)
    for record in read(HEADER, cells(), *lines):
        assert isinstance(record, Rejected) or msgspec.convert(msgspec.to_builtins(record), AnyEvent) == record


VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=30), st.just("2026-03-04 1:00:00"))


@given(st.dictionaries(st.sampled_from([*ROW, "timestamp", "reason"]), VALUES))
def test_any_answer_stays_within_the_contract(changes: dict[str, object]) -> None:
    for record in read(msgspec.json.encode({"errcode": 0, "data": [{**ROW, **changes}]})):
        assert isinstance(record, Rejected) or msgspec.convert(msgspec.to_builtins(record), AnyEvent) == record
