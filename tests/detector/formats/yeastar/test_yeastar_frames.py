"""Yeastar frames, snapshots and CDR rows become contract events, whatever is in them."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.contract.codec import Codec, Rejected
from detector.contract.events import ROW, Call, Login, Notice, Registration
from detector.formats.parties import Parties
from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_frames import YeastarFrames

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 7, 7, 11, 0, 123_000, tzinfo=UTC)
CALL = "1772867400.11"


def keyed(pin):
    return hmac.new(b"installation", pin.encode(), "sha256").hexdigest()


def frames(zone=NEW_YORK, **names):
    return YeastarFrames("hq", zone, names, keyed_hash=keyed)


def frame(kind, msg, *, as_text=True):
    return json.dumps({"type": kind, "sn": "3631A2124001", "msg": json.dumps(msg) if as_text else msg}).encode()


def one(kind, msg, received_at=NOW, **more):
    events = frames().read(frame(kind, msg, **more), received_at)
    assert len(events) == 1
    return events[0]


def extension(number, status, channel=None):
    return {"extension": {"number": number, "channel_id": channel or f"PJSIP/{number}-0000008a",
                          "member_status": status, "call_path": ""}}  # fmt: skip


def trunk(side, from_, to, status, name="carrier-a", channel="PJSIP/carrier-0000008b"):
    return {side: {"from": from_, "to": to, "trunk_name": name, "channel_id": channel,
                   "member_status": status, "call_path": ""}}  # fmt: skip


OUT = trunk("outbound", "1007", "901125261234567", "RING", channel="PJSIP/out-2")


def ended(**changes):
    return {
        "call_id": CALL, "time_start": "2026-03-07 02:10:00", "call_from": "1007",
        "call_to": "901125261234567", "call_duration": 24, "talk_duration": 21,
        "src_trunk_name": " ", "dst_trunk_name": "carrier-a",
        "pin_code": " ", "status": "ANSWERED", "type": "Outbound", "recording": " ", "uid": "abc",
    } | changes  # fmt: skip


def notice(name, content, kind=30036):
    return one(
        kind,
        {"event_name": name, "event_type": "security", "event_level": "error", "event_content": content,
         "create_time": "2026/03/07 07:11:00"},
        as_text=False,
    )  # fmt: skip


REGISTERED = {
    "extension": "1007",
    "kind": "Mobile",
    "status": "Registered",
    "registered_ip": "223.104.45.163",
}


class TestRegistration:
    def test_is_accepted_from_the_registered_address(self):
        event = one(30007, REGISTERED)
        assert isinstance(event, Registration)
        assert (event.outcome, event.extension, event.source_ip, event.device) == (
            "accepted", "1007", "223.104.45.163", "linkus_mobile",
        )  # fmt: skip
        assert event.at == event.received_at == NOW

    def test_is_expired_when_unregistered(self):
        event = one(30007, REGISTERED | {"status": "unregistered", "registered_ip": " "})
        assert (event.outcome, event.source_ip) == ("expired", None)

    def test_text_and_object_agree_and_the_next_millisecond_is_another_event(self):
        as_object = one(30007, REGISTERED, as_text=False)
        assert as_object.id == one(30007, REGISTERED).id
        assert as_object.id != one(30007, REGISTERED, NOW + timedelta(milliseconds=1)).id


class TestCallState:
    def test_an_outbound_call_starts_with_the_extensions_channel(self):
        event = one(30011, {"call_id": CALL, "members": [
            extension("1007", "ALERT"), trunk("outbound", "1007", "901125261234567", "RING")]})  # fmt: skip
        assert event == Call(
            pbx="hq", id=f"call:{CALL}:PJSIP/carrier-0000008b:started", at=NOW, received_at=NOW,
            phase="started", call_id=CALL, leg="PJSIP/carrier-0000008b", direction="outbound",
            extension="1007", from_="1007", to="901125261234567", trunk="carrier-a",
            channel="PJSIP/1007-0000008a",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("status", "phase"),
        [("ALERT", "started"), ("EARLYMEDIA", "started"), ("ANSWER", "answered"), ("answered", "answered"),
         ("HOLD", "answered")],
    )  # fmt: skip
    def test_the_trunks_status_decides_the_phase(self, status, phase):
        event = one(30011, {"call_id": CALL, "members": [trunk("outbound", "1007", "9011", status)]})
        assert event.phase == phase
        assert event.extension == "1007"

    def test_a_leg_that_hung_up_is_no_event(self):
        message = {
            "call_id": CALL,
            "members": [extension("1007", "BYE"), trunk("outbound", "1007", "9", "BYE")],
        }
        assert frames().read(frame(30011, message), NOW) == []

    def test_an_inbound_call_belongs_to_the_extension_that_answered(self):
        event = one(30011, {"call_id": CALL, "members": [
            trunk("inbound", "+12125550100", "5550123", "ANSWERED"), extension("1001", "RING"),
            extension("1002", "ANSWER")]})  # fmt: skip
        assert (event.direction, event.phase, event.extension, event.channel) == (
            "inbound", "answered", "1002", "PJSIP/1002-0000008a",
        )  # fmt: skip
        assert (event.from_, event.to, event.trunk_in, event.trunk) == (
            "+12125550100", "5550123", "carrier-a", None,
        )  # fmt: skip

    def test_an_internal_call_belongs_to_the_caller(self):
        event = one(30011, {"call_id": CALL, "members": [extension("1001", "ALERT"), extension("1002", "RING")]})
        assert (event.direction, event.extension, event.to, event.phase) == (
            "internal", "1001", "1002", "started",
        )  # fmt: skip

    def test_a_forwarded_call_is_charged_to_the_extension_that_forwards_never_to_the_callers_claim(self):
        event = one(30011, {"call_id": CALL, "members": [
            trunk("inbound", "1001", "5550123", "ALERT", channel="PJSIP/in-1"), extension("1007", "BYE"),
            trunk("outbound", "1001", "901125261234567", "RING", "carrier-b", "PJSIP/out-2")]})  # fmt: skip
        assert (event.direction, event.extension, event.on_behalf_of, event.via) == (
            "transit", None, "1007", "forward",
        )  # fmt: skip
        assert (event.trunk_in, event.trunk, event.channel) == ("carrier-a", "carrier-b", "PJSIP/out-2")

    @pytest.mark.parametrize(
        ("members", "owner"),
        [([trunk("inbound", "1005", "1007", "ALERT"), extension("1007", "BYE"), OUT], ("1007", None)),
         ([trunk("inbound", "1005", "6200", "ALERT"), extension("1003", "BYE"), extension("1004", "BYE"), OUT],
          (None, None)),
         ([trunk("inbound", "1005", "1003", "ALERT"), extension("1003", "BYE"), extension("1004", "BYE"), OUT],
          ("1003", None)),
         ([trunk("inbound", "5", "6200", "ALERT"), extension("1003", "RING"), extension("1004", "RING"), OUT],
          (None, None)),
         ([trunk("inbound", "5", "2104", "ALERT"), extension("2104", "RING"), OUT], (None, "2104")),
         ([extension("1001", "ALERT"), extension("1002", "BYE"), OUT], ("1002", "1001")),
         ([extension("1002", "ANSWER"), extension("1007", "ANSWERED"), OUT], (None, "1007")),
         ([extension("1007", "BYE"), OUT], (None, "1007")),
         ([extension("1007", "BYE"), trunk("outbound", "1007", "1", "ANSWER", channel="a"), OUT], ("1007", "1007"))],
        ids=["forwarded", "a group that nobody answered in", "a group behind an extension that forwards",
             "a group that rings, one of it outside", "an extension that rings its mobile as well", "forwarded inside",
             "named by the leg, though another stands first", "hangs up", "two numbers transferred to each other"],
    )  # fmt: skip
    def test_whose_leg_it_is_that_goes_out(self, members, owner):
        *_, event = frames().read(frame(30011, {"call_id": CALL, "members": members}), NOW)
        assert (event.on_behalf_of, event.extension) == owner

    @pytest.mark.parametrize(("from_", "owner"), [("13125550000", ("transit", None)), ("1007", ("outbound", "1007"))])
    def test_a_number_outside_is_no_extension(self, from_, owner):
        event = one(30011, {"call_id": CALL, "members": [trunk("outbound", from_, "901125261234567", "RING")]})
        assert (event.direction, event.extension) == owner

    @pytest.mark.parametrize(
        ("path", "via"),
        [(" ", "direct"), ("IVR-6200", "ivr"), ("IVR-6200,Queue-6400", "queue"), ("Ring Group-6300", "ring_group"),
         ("Conference-6500", "conference")],
    )  # fmt: skip
    def test_the_way_a_call_took(self, path, via):
        member = trunk("outbound", "1007", "901125261234567", "RING")
        member["outbound"]["call_path"] = path
        assert one(30011, {"call_id": CALL, "members": [member]}).via == via

    def test_legs_without_a_channel_are_told_apart_by_their_numbers(self):
        members = [extension("1007", "ANSWERED"), *(trunk("outbound", "1007", to, "RING", channel=" ") for to in "12")]
        events = frames().read(frame(30011, {"call_id": CALL, "members": members}), NOW)
        assert len({event.id for event in events}) == len({event.leg for event in events}) == 2

    def test_a_call_to_a_whole_house_is_read(self):
        members = [extension(str(1000 + number), "RING") for number in range(300)]
        assert one(30011, {"call_id": CALL, "members": [OUT, *members]}).to == "901125261234567"

    def test_two_outbound_legs_are_two_events(self):
        events = frames().read(frame(30011, {"call_id": CALL, "members": [
            extension("1007", "ANSWERED"), trunk("outbound", "1007", "1", "ANSWER", channel="a"),
            trunk("outbound", "1007", "2", "RING", channel="b")]}), NOW)  # fmt: skip
        assert [(event.id, event.to, event.phase) for event in events] == [
            (f"call:{CALL}:a:answered", "1", "answered"), (f"call:{CALL}:b:started", "2", "started"),
        ]  # fmt: skip

    def test_a_transfer_adds_its_way_to_the_same_event(self):
        message = {
            "call_id": CALL,
            "members": [extension("1007", "ALERT"), trunk("outbound", "1007", "9", "RING")],
        }
        state, transfer = one(30011, message), one(30013, message)
        assert (transfer.id, transfer.revision, transfer.via) == (state.id, 2, "transfer")

    def test_a_snapshot_agrees_with_the_frames_and_knows_when_the_call_began(self):
        row = {
            "call_id": CALL,
            "members": [extension("1007", "ANSWERED"), trunk("outbound", "1007", "9", "ANSWER")],
        }
        started, answered = frames().calls_snapshot([row], NOW)
        assert answered.id == one(30011, row).id
        assert started.at == started.started_at == datetime.fromtimestamp(1772867400, UTC)
        assert answered.at == NOW

    def test_a_call_that_has_been_up_for_hours_is_news_of_now(self):
        members = [extension("1007", "ANSWERED"), trunk("outbound", "1007", "9", "ANSWER")]
        later = NOW + timedelta(hours=3)
        started, _ = frames().calls_snapshot([{"call_id": CALL, "members": members}], later)
        assert (started.at, started.started_at) == (later, datetime.fromtimestamp(1772867400, UTC))

    def test_a_snapshot_does_not_believe_a_call_id_that_is_no_recent_time(self):
        row = {"call_id": "1072867400.11", "members": [extension("1", "ALERT"), extension("2", "RING")]}
        assert frames().calls_snapshot([row], NOW)[0].at == NOW


class TestCallEnd:
    def test_all_of_it(self):
        call = one(30012, ended())
        row = call.leg.removeprefix(ROW)
        assert call == Call(
            pbx="hq", id=f"cdr:{CALL}:{row}", at=datetime(2026, 3, 7, 7, 10, 24, tzinfo=UTC), received_at=NOW,
            phase="ended", call_id=CALL, leg=f"row:{row}", direction="outbound", extension="1007", from_="1007",
            to="901125261234567", trunk="carrier-a", started_at=datetime(2026, 3, 7, 7, 10, tzinfo=UTC),
            answered_at=datetime(2026, 3, 7, 7, 10, 3, tzinfo=UTC), duration=24, talk=21,
            disposition="answered",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("status", "disposition"),
        [("ANSWERD", "answered"), ("no answer", "no_answer"), ("NO ANSWER", "no_answer"), ("Busy", "busy"),
         ("VOICEMAIL", "voicemail"), ("FAILED", "failed")],
    )  # fmt: skip
    def test_statuses(self, status, disposition):
        assert one(30012, ended(status=status)).disposition == disposition

    def test_the_pin_is_kept_as_a_keyed_hash_only(self):
        event = one(30012, ended(pin_code="4711"))
        assert event.pin == keyed("4711")
        assert b"4711" not in msgspec.json.encode(event)

    def test_a_call_from_trunk_to_trunk_has_no_extension(self):
        event = one(30012, ended(src_trunk_name="carrier-b", call_from="1001"))
        assert (event.direction, event.extension, event.trunk_in) == ("transit", None, "carrier-b")

    @pytest.mark.parametrize(
        ("changes", "direction", "owner"),
        [({"type": "inbound", "dst_trunk_name": " ", "src_trunk_name": "t", "call_to": "1003"}, "inbound", "1003"),
         ({"type": "Inbound", "dst_trunk_name": " ", "src_trunk_name": "t"}, "inbound", None),
         ({"type": "INTERNAL", "dst_trunk_name": " "}, "internal", "1007"),
         ({"type": " "}, "outbound", "1007"),
         ({"type": "Inbound"}, "outbound", "1007"),
         ({"type": "Internal"}, "outbound", "1007"),
         ({"type": "Internal", "dst_trunk_name": " ", "src_trunk_name": "t", "call_to": "1003"}, "inbound", "1003"),
         ({"type": "Outbound", "dst_trunk_name": " ", "src_trunk_name": "t"}, "transit", None),
         ({"call_from": "13125550000"}, "transit", None),
         ({"call_from": "+49 30 1234567"}, "transit", None),
         ({"call_from": "anonymous"}, "transit", None),
         ({"call_from": "Anonymous@anonymous.invalid"}, "transit", None),
         ({"call_from": " "}, "outbound", None),
         ({"call_from": "1007<2104>"}, "outbound", "2104"),
         ({"call_from": "2104567"}, "outbound", "2104567")],
        ids=["to an extension", "to a number that is no extension", "inside", "no type", "forwarded, says Inbound",
             "forwarded, says Internal", "from outside, says Internal", "out again, its trunk unknown",
             "an outside caller is sent on", "with a plus", "who shows no number", "as a SIP address", "nobody",
             "a name that looks like an extension", "seven digits"],
    )  # fmt: skip
    def test_directions(self, changes, direction, owner):
        event = one(30012, ended(**changes))
        assert (event.direction, event.extension) == (direction, owner)

    @pytest.mark.parametrize(
        "changes",
        [{"call_id": " "}, {"call_id": None}, {"time_start": "yesterday"}, {"time_start": "0001-01-01 00:00:00"},
         {"call_duration": -1}, {"call_duration": 1e300}, {"call_to": "9" * 1025}, {"call_from": ["1"]}],
    )  # fmt: skip
    def test_what_breaks_the_contract_is_rejected_with_its_field(self, changes):
        zone = ZoneInfo("Asia/Tokyo")
        (rejected,) = frames(zone).read(frame(30012, ended(**changes)), NOW)
        assert isinstance(rejected, Rejected)
        assert rejected.field in {*changes, "time"}

    def test_the_hour_that_comes_twice_ends_before_we_heard_of_it(self):
        first, second = (
            datetime(2026, 11, 1, 5, 30, 30, tzinfo=UTC),
            datetime(2026, 11, 1, 6, 30, 30, tzinfo=UTC),
        )
        message = ended(time_start="2026-11-01 01:30:00")
        assert one(30012, message, first).at == first - timedelta(seconds=6)
        assert one(30012, message, second).at == second - timedelta(seconds=6)

    @pytest.mark.parametrize(
        ("after", "hour"), [(0, 5), (20 * 60, 6), (90 * 60, 6)], ids=["at once", "over the change", "long after"]
    )
    def test_a_leg_does_not_begin_before_its_call(self, after, hour):
        """05:40 UTC is 01:40 for the first time; the clock is set back at 06:00 UTC."""
        began = datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
        shown = (began + timedelta(seconds=after)).astimezone(NEW_YORK)
        row = ROW_OF_API | {
            "call_id": f"{int(began.timestamp())}.7", "time": f"{shown:%Y-%m-%d %H:%M:%S}", "timestamp": 0,
        }  # fmt: skip
        assert frames().cdr_event(row, None).started_at == began + timedelta(seconds=after)
        assert frames().cdr_event(row, None).started_at.hour == hour + (after > 3_600)

    @pytest.mark.parametrize(
        ("shown", "call_id", "day"),
        [("05/06/2026 02:10:00", "1780639800.70", (6, 5)), ("06/05/2026 02:10:00", "1780639800.70", (6, 5)),
         ("05/06/2026 02:10:00", "c1", None), ("15/06/2026 02:10:00", "c1", (6, 15)),
         ("06/15/2026 02:10:00", "c1", (6, 15)), ("06/06/2026 02:10:00", "c1", (6, 6))],
        ids=["day first", "month first", "nothing tells", "no month 15", "no month 15 either", "both are the same"],
    )  # fmt: skip
    def test_a_date_is_never_read_month_first_without_a_reason(self, shown, call_id, day):
        event = one(30012, ended(time_start=shown, call_id=call_id))
        if day is None:
            assert (event.field, event.reason) == ("time", "a date that may begin with its day or its month")
        else:
            local = event.started_at.astimezone(NEW_YORK)
            assert (local.month, local.day) == day

    def test_an_end_in_summer_time_of_a_call_begun_in_winter_time(self):
        event = one(30012, ended(time_start="2026-03-08 01:59:50"), NOW + timedelta(days=1))
        assert event.at == datetime(2026, 3, 8, 7, 0, 14, tzinfo=UTC)


ROW_OF_API = {"id": 1, "uid": "abc", "call_id": CALL, "time": "nonsense", "timestamp": 1772867400,
       "call_from": "Evil <911><1007>", "call_to": "901125261234567", "src_addr": "203.0.113.77",
       "src_trunk": "", "dst_trunk": "carrier-a", "duration": 24, "ring_duration": 3, "talk_duration": 21,
       "disposition": "ANSWERED", "call_type": "Outbound", "reason": "", "pin_code": ""}  # fmt: skip


class TestCdrRow:
    def test_is_the_same_event_with_the_callers_address(self):
        late, event = one(30012, ended()), frames().cdr_event(ROW_OF_API, NOW)
        assert event == msgspec.structs.replace(late, revision=2, source_ip="203.0.113.77")

    def test_the_number_is_behind_the_name(self):
        assert frames().cdr_event(ROW_OF_API, NOW).from_ == "1007"

    def test_forwarding_is_charged_to_who_forwards(self):
        row = ROW_OF_API | {"src_trunk": "carrier-b", "reason": "1007 forwarded to 901125261234567"}
        event = frames().cdr_event(row, NOW)
        assert (event.direction, event.extension, event.on_behalf_of, event.via) == (
            "transit", None, "1007", "forward",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("reason", "via", "sender"),
        [("1007 forwarded to 901125261234567", "forward", "1007"),
         ("Ann <b> <1007> forwarded to 901125261234567", "direct", None),
         ("Ann<1007> forwarded to 901125261234567", "forward", "1007"),
         ("1007 forwarded to 1<2104> forwarded to 9", "forward", "2104"),
         ("1007 blind transferred to 901125261234567", "transfer", "1007"),
         ("2104 attended transferred the call to 9011", "transfer", "2104"),
         ("13125550000 forwarded to 901125261234567", "direct", None),
         ("1007 hung up", "direct", None), ("", "direct", None)],
    )  # fmt: skip
    def test_whoever_sends_a_call_on_is_charged(self, reason, via, sender):
        event = frames().cdr_event(ROW_OF_API | {"reason": reason, "call_from": "13125550000"}, NOW)
        assert (event.via, event.on_behalf_of, event.direction, event.extension) == (via, sender, "transit", None)

    def test_only_what_comes_in_goes_to_voicemail(self):
        left = ROW_OF_API | {"disposition": "VOICEMAIL"}
        outbound = frames().cdr_event(left, NOW)
        inbound = frames().cdr_event(left | {"src_trunk": "t", "dst_trunk": "", "call_type": "Inbound"}, NOW)
        assert (outbound.via, inbound.via) == ("direct", "voicemail")

    @pytest.mark.parametrize(
        ("number", "extension"),
        [("30012345678", "30012345678"), ("11577", None), ("2104", "2104")],
        ids=["a long extension that is configured", "a trunk named like a number", "one that is not configured"],
    )
    def test_the_configuration_says_who_is_ours(self, number, extension):
        parties = Parties(trunks=frozenset({"11577"}), extensions=frozenset({"30012345678"}))
        reader = YeastarFrames("hq", NEW_YORK, keyed_hash=keyed, parties=parties)
        assert reader.cdr_event(ROW_OF_API | {"call_from": number}, NOW).extension == extension

    def test_a_row_without_the_id_of_its_call_is_rejected(self):
        assert frames().cdr_event(ROW_OF_API | {"call_id": ""}, NOW).field == "call_id"


class TestRows:
    @pytest.mark.parametrize(
        ("changes", "same"),
        [({}, True), ({"uid": "that of all legs"}, True), ({"uid": None}, True), ({"talk_duration": 20}, True),
         ({"time_start": "2026-03-06 21:10:00"}, True), ({"time_start": "2026-03-07 02:10:01"}, False),
         ({"call_to": "901125261234568"}, False), ({"dst_trunk_name": "carrier-b"}, False),
         ({"src_trunk_name": "carrier-a"}, False), ({"talk_duration": 0}, False), ({"call_id": "1.1"}, False)],
        ids=["the same", "another uid", "no uid", "a second less", "another time zone", "a second later",
             "another number", "another trunk", "also a trunk in", "never answered", "another call"],
    )  # fmt: skip
    def test_what_makes_two_rows_one(self, changes, same):
        message = {name: value for name, value in ended(**changes).items() if value is not None}
        assert (one(30012, message).id == one(30012, ended()).id) is same

    @pytest.mark.parametrize(
        "marks",
        [[{"uid": "a"}, {"uid": "b"}], [{"uid": "u", "new_id": "1"}, {"uid": "u", "new_id": "2"}],
         [{"uid": "a", "new_id": "1"}, {"uid": "b", "new_id": "2"}]],
        ids=["by their uids", "by the ids of their own", "by both"],
    )  # fmt: skip
    def test_twins_have_the_same_two_names_in_whatever_order_they_come(self, marks):
        names = []
        for order in (marks, marks[::-1]):
            reader = frames()
            read = [reader.cdr_event(ROW_OF_API | {"uid": ""} | each, NOW) for each in (*order, *order)]
            assert [call.id for call in read[:2]] == [call.id for call in read[2:]]
            names.append([(call.id, call.leg) for call in read[:2]])
        assert names[0] == names[1]
        assert len({name for name, _ in names[0]}) == len({leg for _, leg in names[0]}) == 2

    def test_a_frame_that_names_only_the_call_is_the_first_of_its_twins(self):
        reader = frames()
        rows = [reader.cdr_event(ROW_OF_API | {"uid": "u", "new_id": each}, NOW) for each in "12"]
        (frame_of_one,) = reader.read(frame(30012, ended(uid="u")), NOW)
        assert frame_of_one.id == rows[0].id

    def test_the_hour_that_comes_twice_is_one_row(self):
        first, second = (datetime(2026, 11, 1, hour, 30, 30, tzinfo=UTC) for hour in (5, 6))
        message = ended(time_start="2026-11-01 01:30:00")
        assert one(30012, message, first).id == one(30012, message, second).id


class TestCallFailed:
    @pytest.mark.parametrize(
        ("reason", "disposition", "word"),
        [("NO Dial Permission", "failed", "no_permission"),
         ("NO Outbound Restriction", "failed", "no_permission"),
         ("486 Busy Here", "busy", "busy"), ("User Busy", "busy", "busy"),
         ("404 Not Found", "failed", "unallocated"),
         ("Circuit/channel congestion", "failed", "congestion"), ("603 Decline", "failed", "rejected"),
         ("408 Request Timeout", "failed", "timeout"), ("Line Unreachable", "failed", "Line Unreachable")],
    )  # fmt: skip
    def test_reasons(self, reason, disposition, word):
        event = one(30015, {"call_id": CALL, "reason": reason, "members": None})
        assert (event.phase, event.disposition, event.reason) == ("ended", disposition, word)

    def test_who_dialled_what(self):
        event = one(30015, {"call_id": CALL, "reason": "NO Dial Permission", "members": [
            extension("1007", "BYE"), trunk("outbound", "1007", "901125261234567", "BYE")]})  # fmt: skip
        assert (event.direction, event.extension, event.to, event.trunk) == (
            "outbound", "1007", "901125261234567", "carrier-a",
        )  # fmt: skip
        assert event.id == f"call:{CALL}:PJSIP/carrier-0000008b:ended"


FAILED = (
    "Someone has failed to log in the PBX web interface via the Username: {user} at 2026/01/16 11:29:57.\n"
    "The login attempt is derived from the IP address: 192.168.3.71.\nPBX Name: PBX-CRM\nPBX SN: 365XXXXUUG"
)


class TestSystemEvents:
    def test_a_failed_login(self):
        event = notice("web_login_fail", FAILED.format(user="demo"))
        assert isinstance(event, Login)
        assert (event.outcome, event.surface, event.account, event.source_ip, event.trust) == (
            "rejected", "web", "demo", "192.168.3.71", "text",
        )  # fmt: skip
        assert event.at == NOW

    @pytest.mark.parametrize(
        "user",
        [
            "x derived from the IP address: 1.2.3.4",
            "x at 2026/01/16 11:29:57. derived from the IP address: 1.2.3.4.\nPBX Name: a PBX SN: b",
            "IP address: 1.2.3.4",
            "x\nIP address: 1.2.3.4\nPBX Name: y",
            "Username: admin at 2026/01/16 11:29:57.\nIP address: 1.2.3.4",
        ],
    )
    def test_a_user_name_never_gives_the_address(self, user):
        event = notice("web_login_fail", FAILED.format(user=user))
        assert event.source_ip == "192.168.3.71"
        assert event.account == user

    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("Login from IP address: 192.168.3.71 failed.\nUsername: x\nPBX Name: a", "192.168.3.71"),
            ("Login from IP address: 192.168.3.71 failed.\nUsername: x IP address: 1.2.3.4\nPBX Name: a", None),
            ("Web login failed.\nIP address: 203.0.113.99", "203.0.113.99"),
            ("Web login as root failed.\nIP address: 203.0.113.99.\nPBX Name: a", "203.0.113.99"),
            ("Web login as root IP address: 1.2.3.4 failed.\nIt came from the IP address: 203.0.113.99.", None),
            ("Web login as root IP address: 1.2.3.4 failed, from 203.0.113.99.", None),
            ("Web login as root IP address: 1.2.3.4 failed, from 203.0.113.99:5060.", None),
            ("Web login from 203.0.113.99 as root IP address: 1.2.3.4 failed.", None),
            ("Web login as root IP address: 1.2.3.4 failed, from [2001:db8::1]:443.", None),
            ("Web login as IP address: 1.2.3.4 Username: x failed, from the IP address: 203.0.113.99.", None),
            ("Web login as 203.0.113.99 failed, from the IP address: 203.0.113.99.", "203.0.113.99"),
        ],
    )  # fmt: skip
    def test_without_a_label_before_the_user_name_only_a_lone_address_is_known(self, text, address):
        event = notice("web_login_fail", text)
        assert (event.outcome, event.source_ip) == ("rejected", address)

    def test_no_address_where_only_the_user_name_holds_one(self):
        text = "Login failed. Username: IP address: 1.2.3.4 at 2026/01/16 11:29:57. Good day."
        assert notice("web_login_fail", text).source_ip is None

    def test_an_administrator_who_logged_in(self):
        event = notice(
            "web_admin_login_succ",
            "The administrator admin has logged in the PBX web interface at 2026/01/16 11:29:57.\n"
            "The login is derived from the IP address: 2001:db8::1.\nPBX Name: a\nPBX SN: b",
            30034,
        )
        assert (event.outcome, event.account, event.source_ip, event.role) == (
            "accepted", "admin", "2001:db8::1", "administrator",
        )  # fmt: skip

    def test_a_blocked_registration(self):
        event = notice(
            "extension_registration_blocked_out",
            "Extension registration blocked out: too many failed registrations.\nExtension: 1007\n"
            "Time: 2026/01/16 11:29:57\nIP address: 203.0.113.77\nFailed attempts: 5\nPBX Name: a\nPBX SN: b",
        )
        assert isinstance(event, Notice)
        assert (event.name, event.level, event.extension, event.source_ip) == (
            "extension_registration_blocked", "alert", "1007", "203.0.113.77",
        )  # fmt: skip

    @pytest.mark.parametrize(("kind", "level"), [(30034, "information"), (30035, "warning"), (30036, "alert")])
    def test_the_level_is_the_frames_type(self, kind, level):
        event = notice("sip_trunk_disconnect", "The SIP trunk carrier-a has been disconnected at noon.", kind)
        assert (event.name, event.level, event.trunk) == ("sip_trunk_registration_failed", level, "carrier-a")

    def test_an_unknown_name_is_kept_in_snake_case(self):
        assert notice("Something New-Here", "text").name == "something_new_here"

    def test_settings_name_what_the_pbx_does_not_publish(self):
        message = {"event_name": "OUT_FREQ", "event_content": "x", "create_time": ""}
        reader = frames(out_freq="outbound_call_frequency_exceeded")
        assert reader.read(frame(30036, message), NOW)[0].name == "outbound_call_frequency_exceeded"

    def test_the_same_event_over_two_transports_is_one(self):
        assert notice("a", "b").id == one(
            30036, {"create_time": "2026/03/07 07:11:00", "event_name": "a", "event_content": "b"},
            NOW + timedelta(seconds=3),
        ).id  # fmt: skip

    def test_a_text_beyond_the_limit_is_rejected(self):
        assert isinstance(notice("a", "b" * 16_385), Rejected)
        assert isinstance(notice("web_login_fail", FAILED.format(user="u" * 1_025)), Rejected)


class TestFrames:
    @pytest.mark.parametrize("kind", [30008, 30009, 30016])
    def test_what_tells_nothing_is_no_event(self, kind):
        reader = frames()
        assert reader.read(frame(kind, {}), NOW) == []
        assert not reader.unread.counts

    def test_unknown_types_are_counted_within_bounds(self):
        reader = frames()
        for kind in range(40_000, 40_100):
            assert reader.read(frame(kind, {}), NOW) == []
        assert len(reader.unread.counts) == 65
        assert reader.unread.total == 100

    @pytest.mark.parametrize(
        "raw",
        [b"", b"heartbeat response", b"[]", b'{"type":30012}', b'{"type":30012,"msg":"[1]"}',
         b'{"type":30012,"msg":"{"}', b'{"type":"x","msg":{}}', b"\xff\xfe", b"[" * 5_000, b" " * 70_000],
    )  # fmt: skip
    def test_what_is_no_frame_is_rejected(self, raw):
        (rejected,) = frames().read(raw, NOW)
        assert isinstance(rejected, Rejected)
        assert rejected.reason

    def test_an_object_reads_like_its_bytes(self):
        raw = frame(30012, ended())
        assert frames().read(json.loads(raw), NOW) == frames().read(raw, NOW)


def test_a_twelve_hour_clock_with_the_day_first():
    clock = PbxClock(NEW_YORK, "DD/MM/YYYY", "hh:mm:ss AM")
    assert clock.read("07/03/2026 12:10:00 AM") == datetime(2026, 3, 7, 5, 10, tzinfo=UTC)
    assert clock.write(datetime(2026, 3, 7, 17, 10, tzinfo=UTC)) == "07/03/2026 12:10:00 PM"
    with pytest.raises(ValueError, match="12-hour"):
        clock.read("07/03/2026 13:10:00 PM")


NAMES = st.sampled_from([
    "call_id", "members", "reason", "uid", "time_start", "call_from", "call_to", "call_duration",
    "talk_duration", "type", "status", "extension", "kind", "registered_ip", "event_name", "event_content",
    "create_time", "timestamp",
    "outbound", "inbound", "number", "channel_id", "member_status", "from", "to", "pin_code",
])  # fmt: skip
LIKELY = st.sampled_from([
    "2026-03-07 02:10:00", "9999-12-31 23:59:59", "0001/01/01 00:00:00",
    "Username: x at 2026/01/01 IP address: 1.1.1.1",
    "extension: 1", "Registered", "web_login_fail", "1772867400.11", "ANSWER", " ", "\ud800",
])  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | LIKELY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=8),
    max_leaves=12,
)
KINDS = st.integers(30_005, 30_037) | st.integers()


@settings(max_examples=400, deadline=None)
@given(kind=KINDS, message=JSON, as_text=st.booleans())
def test_any_json_is_read_or_rejected_and_fits_the_contract(kind, message, as_text):
    codec = Codec()
    found = frames().read({"type": kind, "msg": json.dumps(message) if as_text else message}, NOW)
    if isinstance(message, dict):
        found += [frames().cdr_event(message, NOW), *frames().calls_snapshot([message], NOW)]
    for event in found:
        if not isinstance(event, Rejected):
            assert codec.decode(codec.encode(event)) == [event]


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_rejected_or_nothing(raw):
    for found in frames().read(raw, NOW):
        assert isinstance(found, Rejected)


ROW_OF_STATE = {"call_id": CALL, "members": [extension("1007", "ANSWERED"), trunk("outbound", "1007", "9", "ANSWER")]}
WAYS_OF_CALLS = [
    ("state", lambda of: of.read(frame(30011, ROW_OF_STATE), NOW), [0]),
    ("transfer", lambda of: of.read(frame(30013, ROW_OF_STATE), NOW), [2]),
    ("snapshot", lambda of: of.calls_snapshot([ROW_OF_STATE], NOW), [0, 0]),
    ("end", lambda of: of.read(frame(30012, ended()), NOW), [0]),
    ("record", lambda of: [of.cdr_event(ROW_OF_API, NOW)], [2]),
]


class TestRoutes:
    @pytest.mark.parametrize(("read", "plain"), [pytest.param(*way[1:], id=way[0]) for way in WAYS_OF_CALLS])
    @pytest.mark.parametrize(
        ("names", "told"),
        [((), (None, ())), (("National",), ("National", ())), (("National", "All"), (None, ("National", "All")))],
        ids=["none", "certain", "several"],
    )
    def test_every_way_tells_the_route_in_a_higher_revision(self, names, told, read, plain) -> None:
        knowing = frames()
        asked = []
        knowing.find_routes = lambda call: asked.append((call.to, call.trunk)) or names
        found = read(knowing)
        assert [(each.route, each.possible_routes) for each in found] == [told] * len(plain)
        assert [each.revision for each in found] == [revision + bool(names) for revision in plain]
        assert [each.id for each in found] == [each.id for each in read(frames())]
        assert {number for number, _ in asked} <= {"9", "901125261234567"}
        assert {way for _, way in asked} == {"carrier-a"}

    def test_what_is_no_call_has_no_route(self) -> None:
        knowing = frames()
        knowing.find_routes = lambda call: ("National",)
        assert knowing.read(frame(30007, REGISTERED), NOW) == frames().read(frame(30007, REGISTERED), NOW)
