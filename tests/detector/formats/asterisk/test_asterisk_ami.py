"""AMI: outcomes with their addresses, calls in their phases, and the ids that the logs give."""

from datetime import UTC, datetime, tzinfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Call, Login, Notice, Registration
from detector.formats import Format, FormatOptions, formats
from tests.detector.formats.asterisk import test_asterisk_cdr, test_asterisk_log

BORN = 1_795_442_889
CALLER, TRUNK = f"{BORN}.74", f"{BORN}.75"


def reader(name: str = "asterisk-ami", zone: tzinfo = UTC) -> Format:
    return formats()[name](FormatOptions(pbx="hq", zone=zone, year=2026, keyed_hash=str))


def read(*frames: str, name: str = "asterisk-ami") -> list[AnyEvent | Rejected]:
    ami = reader(name)
    lines = "".join(frames).encode("utf-8", "surrogatepass").splitlines(keepends=True)
    return [*(record for line in lines for record in ami.read(line)), *ami.close()]  # type: ignore[list-item]


def frame(name: str, **fields: object) -> str:
    return "".join(f"{key}: {value}\r\n" for key, value in {"Event": name, **fields}.items()) + "\r\n"


def secure(name: str, account: str = "1005", service: str = "SIP", second: int = 2, **more: object) -> str:
    fields = {
        "Privilege": "security,all", "EventTV": f"2026-11-23T09:05:{second:02}.692+0000", "Severity": "Error",
        "Service": service, "EventVersion": 2, "AccountID": account, "SessionID": "0x7f02a4016850",
        "LocalAddress": "IPV4/UDP/127.0.0.1/5060", "RemoteAddress": "IPV4/UDP/127.0.0.6/5062",
    }  # fmt: skip
    return frame(name, **fields | more)


def at(second: float) -> str:
    return f"{BORN + second:.6f}"


def newchannel(channel: str = "SIP/1001-00000012", exten: str = "9011252612345678", uniqueid: str = CALLER,
               context: str = "phones") -> str:  # fmt: skip
    return frame("Newchannel", Timestamp=at(0), Channel=channel, ChannelState=0, CallerIDNum="1001", Context=context,
                 Exten=exten, Priority=1, Uniqueid=uniqueid, Linkedid=CALLER)  # fmt: skip


def begin(channel: str = "SIP/1001-00000012", dest: str = "SIP/carrier-a-00000013", second: float = 1,
          uniqueid: str = CALLER, destid: str = TRUNK, sent: str = "carrier-a/011252612345678",
          exten: str = "s", number: str = "1001") -> str:  # fmt: skip
    return frame(
        "DialBegin",
        Timestamp=at(second),
        Channel=channel,
        CallerIDNum=number,
        Exten=exten,
        Uniqueid=uniqueid,
        Linkedid=CALLER,
        DestChannel=dest,
        DestUniqueid=destid,
        DestLinkedid=CALLER,
        DialString=sent,
    )


def end(status: str = "ANSWER", second: float = 5) -> str:
    return frame("DialEnd", Timestamp=at(second), Uniqueid=CALLER, DestUniqueid=TRUNK, DialStatus=status)


def hangup(second: float = 35, cause: int = 16, uniqueid: str = TRUNK) -> str:
    return frame("Hangup", Timestamp=at(second), Uniqueid=uniqueid, Linkedid=CALLER, Cause=cause)


def cdr(**changes: str) -> str:
    row = test_asterisk_cdr.ROW | changes
    return frame(
        "Cdr", AccountCode="", Source=row["src"], Destination=row["dst"], DestinationContext=row["context"],
        CallerID=row["clid"], Channel=row["channel"], DestinationChannel=row["dstchannel"],
        LastApplication=row["app"], LastData=row["data"], StartTime=row["start"], AnswerTime=row["answer"],
        EndTime=row["end"], Duration=row["duration"], BillableSeconds=row["billsec"],
        Disposition=row["disposition"], AMAFlags=row["flags"], UniqueID=row["uniqueid"], UserField="",
    )  # fmt: skip


def registrations(records: list[AnyEvent | Rejected], outcome: str = "rejected") -> list[Registration]:
    return [record for record in records if isinstance(record, Registration) and record.outcome == outcome]


def test_a_wrong_password_is_a_challenge_and_one_rejection() -> None:
    records = read(secure("ChallengeSent", Challenge="320d0370"), secure("InvalidPassword", ReceivedHash="1ee6"))
    (event,) = registrations(records)
    assert (event.account, event.source_ip, event.transport, event.reason) == (
        "1005",
        "127.0.0.6",
        "udp",
        "bad_password",
    )
    assert event.at == datetime(2026, 11, 23, 9, 5, 2, 692_000, tzinfo=UTC)
    assert len(registrations(records, "challenged")) == 1


def test_the_security_log_tells_the_same_events_with_the_same_ids() -> None:
    lines = [
        test_asterisk_log.asked("1005"),
        test_asterisk_log.security("InvalidPassword"),
        test_asterisk_log.security("SuccessfulAuth", second=9, tail=',UsingPassword="1"'),
    ]
    logged = test_asterisk_log.read(*lines)
    told = read(
        secure("ChallengeSent", Challenge="320d0370"), secure("InvalidPassword"),
        secure("SuccessfulAuth", second=9, UsingPassword=1),
    )  # fmt: skip
    assert [msgspec.structs.replace(event, source="") for event in told if isinstance(event, Registration)] == [
        msgspec.structs.replace(event, source="") for event in logged if isinstance(event, Registration)
    ]


def test_master_csv_tells_the_same_call_with_the_same_id() -> None:
    (told,) = read(newchannel(), cdr())
    (written,) = test_asterisk_cdr.read(test_asterisk_cdr.line())
    assert isinstance(told, Call)
    assert isinstance(written, Call)
    assert told.id == written.id
    assert told.at == written.at


@pytest.mark.parametrize("written", ["2026-11-23 09:08:09", "2026-11-23 14:08:09"], ids=["local time", "UTC"])
def test_master_csv_of_a_pbx_far_from_utc_tells_the_same_call_with_the_same_id(written: str) -> None:
    ami, zone = reader(zone=test_asterisk_cdr.NEW_YORK), test_asterisk_cdr.NEW_YORK
    frames = (newchannel() + cdr(start="2026-11-23 09:08:09")).encode().splitlines(keepends=True)
    (told,) = (each for line in frames for each in ami.read(line))
    assert isinstance(told, Call)
    assert told.id == test_asterisk_cdr.one(test_asterisk_cdr.line(start=written), zone).id


@pytest.mark.parametrize("guesses", [1, 3])
def test_each_guess_at_an_unknown_pjsip_account_counts_once(guesses: int) -> None:
    frames = [
        secure(name, account, "PJSIP", SessionID=f"c-{guess}")
        for guess in range(guesses)
        for name, account in (
            ("InvalidAccountID", "77"), ("ChallengeSent", "<unknown>"), ("InvalidAccountID", "77"),
            ("ChallengeResponseFailed", "<unknown>"),
        )
    ]  # fmt: skip
    assert [event.account for event in registrations(read(*frames))] == ["77"] * guesses


def test_a_call_in_its_phases() -> None:
    started, answered, ended = read(newchannel(), begin(), end(), hangup())
    assert isinstance(started, Call)
    assert isinstance(answered, Call)
    assert isinstance(ended, Call)
    assert [event.phase for event in (started, answered, ended)] == ["started", "answered", "ended"]
    assert {(event.call_id, event.leg, event.extension, event.to) for event in (started, answered, ended)} == {
        (CALLER, "SIP/carrier-a-00000013", "1001", "9011252612345678")
    }
    assert (started.direction, started.trunk, started.id) == ("outbound", "carrier-a", f"call:{CALLER}:{TRUNK}:started")
    assert (ended.duration, ended.talk, ended.disposition) == (34, 30, "answered")


@pytest.mark.parametrize(
    ("frames", "disposition", "reason"),
    [
        ([end("BUSY")], "busy", "busy"),
        ([end("NOANSWER")], "no_answer", "timeout"),
        ([end("CANCEL"), hangup()], "no_answer", "cancelled"),
        ([end("CONGESTION")], "failed", "congestion"),
        ([hangup(cause=1)], "failed", "unallocated"),
        ([hangup(cause=17)], "busy", "busy"),
        ([hangup(cause=0)], "no_answer", None),
    ],
)
def test_calls_nobody_answers(frames: list[str], disposition: str, reason: str | None) -> None:
    _, ended = read(newchannel(), begin(), *frames)
    assert isinstance(ended, Call)
    assert (ended.phase, ended.disposition, ended.reason, ended.talk) == ("ended", disposition, reason, 0)


def test_who_calls_is_where_it_was_asked_from() -> None:
    asked = secure("ChallengeSent", "sip:1001@h", EventTV=f"{BORN}-500000")
    elsewhere = secure("ChallengeSent", "sip:1001@h", EventTV=f"{BORN}-600000", RemoteAddress="IPV4/UDP/8.8.8.8/1")
    long_ago = secure("ChallengeSent", "sip:1001@h", EventTV=f"{BORN - 60}-500000")

    def source(*frames: str) -> str | None:
        (call,) = [event for event in read(*frames, newchannel(), begin()) if isinstance(event, Call)]
        return call.source_ip

    assert source(asked) == "127.0.0.6"
    assert source(long_ago) is None
    assert source(asked, elsewhere) is None


def test_inbound_internal_and_forwarded_calls() -> None:
    carrier = newchannel("SIP/carrier-a-1", exten="1006", context="from-trunk")
    inbound, forwarded = read(
        carrier,
        begin("SIP/carrier-a-1", "SIP/1006-2", destid="1.2"),
        newchannel("Local/9011252612345990@phones-0;2", exten="9011252612345990", uniqueid="1.4"),
        begin("SIP/1006-2", "Local/9011252612345990@phones-0;1", destid="1.3"),
        begin("Local/9011252612345990@phones-0;2", uniqueid="1.4", sent="carrier-a/011252612345990"),
    )
    assert isinstance(inbound, Call)
    assert isinstance(forwarded, Call)
    assert (inbound.direction, inbound.extension, inbound.trunk_in, inbound.to) == (
        "inbound", "1006", "carrier-a", "1006",
    )  # fmt: skip
    assert (forwarded.direction, forwarded.via, forwarded.on_behalf_of) == ("outbound", "forward", "1006")
    assert (forwarded.call_id, forwarded.to, forwarded.extension) == (CALLER, "9011252612345990", None)
    (internal,) = read(newchannel(exten="1002"), begin(dest="SIP/1002-3"))
    assert isinstance(internal, Call)
    assert (internal.direction, internal.extension, internal.to) == ("internal", "1001", "1002")


@pytest.mark.parametrize(
    ("context", "dest", "sent", "route"),
    [
        ("phones", "SIP/carrier-a-00000013", "carrier-a/011252612345678", "carrier-a"),
        ("outrt-2", "SIP/carrier-a-00000013", "carrier-a/011252612345678", "outrt-2"),
        ("phones", "DAHDI/i1/011252612345678-1", "g0/011252612345678", "DAHDI/g0"),
        ("outrt-2", "SIP/1002-00000013", "1002", None),
    ],
)
def test_a_leg_that_goes_out_has_a_route_in_all_phases_and_its_record(
    context: str, dest: str, sent: str, route: str | None
) -> None:
    data = f"{dest.partition('/')[0]}/{sent},60"
    record = cdr(context=context, dstchannel=dest, data=data)
    found = read(newchannel(context=context), begin(dest=dest, sent=sent), end(), hangup(), record)
    assert [(event.phase, event.route) for event in found if isinstance(event, Call)] == [
        ("started", route), ("answered", route), ("ended", route), ("ended", route),
    ]  # fmt: skip


def test_the_context_that_dials_comes_before_that_in_which_the_caller_began() -> None:
    dialled = begin().replace("Exten: s", "Context: outrt-2\r\nExten: s")
    (event,) = read(newchannel(context="outbound-phones"), dialled)
    assert isinstance(event, Call)
    assert event.route == "outrt-2"


def transfer(**fields: str) -> str:
    given = {"Result": "Success", "TransfererChannel": "SIP/1006-2", "TransfererContext": "phones",
             "TransfereeChannel": "SIP/carrier-a-1", "TransfereeUniqueid": CALLER, "Context": "phones",
             "Extension": "9011252612345990"}  # fmt: skip
    return frame("BlindTransfer", Timestamp=at(20), **given | fields)


OUT_AGAIN = {"channel": "SIP/carrier-a-1", "dest": "SIP/carrier-a-9", "second": 21, "destid": "1.9",
             "sent": "carrier-a/011252612345990", "number": "12125550100"}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "via", "owner", "to"),
    [
        ({}, "transfer", "1006", "9011252612345990"),
        ({"Result": "Not Permitted"}, "direct", None, "011252612345990"),
        ({"TransfereeUniqueid": "1.77"}, "direct", None, "011252612345990"),
        (
            {"TransfererChannel": "SIP/carrier-b-2", "TransfererContext": "from-trunk"},
            "direct",
            None,
            "011252612345990",
        ),
    ],
    ids=["sent on", "not permitted", "another call", "by somebody outside"],
)
def test_whoever_transfers_a_call_outside_is_charged_with_it(
    fields: dict[str, str], via: str, owner: str | None, to: str
) -> None:
    """In and out over one trunk: the second leg is another channel of it."""
    carrier = newchannel("SIP/carrier-a-1", exten="12125550199", context="from-trunk")
    inbound, out = read(
        carrier, begin("SIP/carrier-a-1", "SIP/1006-2", destid="1.2", sent="1006", number="12125550100"),
        transfer(**fields), begin(**OUT_AGAIN),  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(inbound, Call)
    assert isinstance(out, Call)
    assert (out.direction, out.via, out.on_behalf_of, out.to) == ("transit", via, owner, to)
    assert (out.call_id, out.trunk, out.trunk_in) == (inbound.call_id, "carrier-a", "carrier-a")
    assert out.leg != inbound.leg


def test_a_call_that_is_dialled_through_goes_where_it_is_sent() -> None:
    carrier = newchannel("SIP/carrier-a-1", exten="12125550199", context="from-trunk")
    (out,) = read(carrier, begin(**OUT_AGAIN))  # type: ignore[arg-type]
    assert isinstance(out, Call)
    assert (out.direction, out.to, out.leg) == ("transit", "011252612345990", "SIP/carrier-a-9")


def test_of_many_agents_who_ring_the_one_who_forwards_is_charged() -> None:
    halves = {"1001": "Local/1001@from-queue-1", "1002": "Local/1002@from-queue-2"}
    rings = [begin("SIP/carrier-b-1", f"{half};1", destid=f"1.{name}", sent=f"{name}@from-queue", exten="600")
             for name, half in halves.items()]  # fmt: skip
    phone = begin("Local/1001@from-queue-1;2", "SIP/1001-7", uniqueid="1.7", destid="1.8", sent="1001", exten="1001")
    away = begin("Local/1002@from-queue-2;2", uniqueid="1.9", sent="carrier-a/01188213200100", exten="1002")
    *_, out = read(newchannel("SIP/carrier-b-1", exten="600", context="from-trunk"), *rings, phone, away)
    assert isinstance(out, Call)
    assert (out.via, out.on_behalf_of, out.to) == ("forward", "1002", "01188213200100")


def test_an_extension_that_always_forwards_is_charged_without_having_rung() -> None:
    carrier = newchannel("SIP/carrier-a-1", exten="12125550199", context="from-trunk")
    half, dialled = "Local/9011252612345990@from-internal-0;", "9011252612345990@from-internal"
    (out,) = read(
        carrier, begin("SIP/carrier-a-1", f"{half}1", destid="1.3", sent=dialled, exten="1006"),
        newchannel(f"{half}2", exten="9011252612345990", uniqueid="1.4"),
        begin(f"{half}2", "SIP/carrier-a-9", uniqueid="1.4", destid="1.9", sent="carrier-a/011252612345990"),
    )  # fmt: skip
    assert isinstance(out, Call)
    assert (out.via, out.on_behalf_of) == ("forward", "1006")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (secure("AnomalyDetected"), "a security event AnomalyDetected that is not known"),
        (frame("PeerStatus", Timestamp=at(0), Peer="SIP/1001", PeerStatus="Levitating"), "a PeerStatus of an unknown"),
        (frame("Registry", Timestamp=at(0), Domain="carrier", Status="Puzzled"), "a Registry of an unknown state"),
        (frame("Dial", SubEvent="Begin", Channel="SIP/1001-1"), "calls of Asterisk 11 and before are not read"),
        ("Ev\xe9nt: Hangup\r\nUniqueid: 1.1\r\n\r\n", "a frame that is neither an event nor an answer"),
        ("Evnt: Hangup\r\nUniqueid: 1.1\r\n\r\n", "a frame that is neither an event nor an answer"),
        (secure("InvalidPassword").replace("Severity: Error", "Severity = Error"), "a line within a frame"),
    ],
)
def test_what_should_have_been_understood_is_told(text: str, reason: str) -> None:
    ami = reader()
    for line in text.encode().splitlines(keepends=True):
        list(ami.read(line))
    assert [told[: len(reason)] for told in ami.unread.counts] == [reason]
    assert ami.unread.total == 1


def test_answers_and_events_of_others_are_none_of_our_business() -> None:
    ami = reader()
    others = (
        "Response: Success\r\nActionID: 7\r\nMessage: ok\r\n\r\n" + frame("VarSet", Variable="x") + frame("FullyBooted")
    )
    for line in others.encode().splitlines(keepends=True):
        assert list(ami.read(line)) == []
    assert (ami.unread.total, ami.ignored) == (0, 3)


def turned_away(said: str, channel: str = "PJSIP/1007-00000000", context: str = "phones", **more: str) -> list[str]:
    began = newchannel(channel=channel, context=context)
    given = {"Channel": channel, "Context": "ringfence", "Uniqueid": CALLER, "Linkedid": CALLER, "UserEvent": said}
    return [began, frame("UserEvent", Timestamp=at(1), **given, **more), hangup(1, 21, uniqueid=CALLER)]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(turned_away("RingfenceDenied", Why="extension/1007", Number="9011252"), ("outbound", "1007", None, "rejected")),
     (turned_away("RingfenceDenied", Why="route/world", Number="9011252"), ("outbound", "1007", None, "rejected")),
     (turned_away("RingfenceNowhere", Number="9011252"), ("outbound", "1007", None, "unallocated")),
     (turned_away("RingfenceDenied", "PJSIP/carrier-00000000", "from-trunk", Why="extension/1007", Number="9011252"),
      ("transit", None, "1007", "rejected"))],
    ids=["an extension", "a route", "no route", "forwarded by an extension"],
)  # fmt: skip
def test_what_our_guard_turns_away_is_a_call_that_failed(frames: list[str], expected: tuple[object, ...]) -> None:
    [call] = [each for each in read(*frames) if isinstance(each, Call)]
    assert (call.direction, call.extension, call.on_behalf_of, call.reason) == expected
    assert (call.phase, call.to, call.disposition, call.call_id) == ("ended", "9011252", "failed", CALLER)


def test_user_events_of_others_are_none_of_our_business() -> None:
    ami = reader()
    lines = frame("UserEvent", Timestamp=at(1), UserEvent="Theirs", Number="1").encode().splitlines(keepends=True)
    assert [each for line in lines for each in ami.read(line)] == []
    assert not ami.unread.take().counts


def shown(channel: str, uniqueid: str, seconds: object = 7, state: str = "6", context: str = "outbound-world",
          dials: str = "SIP/carrier-a/011252612345678,30", number: str = "1001") -> str:  # fmt: skip
    return frame(
        "Status", Channel=channel, ChannelState=state, CallerIDNum=number, Context=context, Uniqueid=uniqueid,
        Linkedid=CALLER, DNID="9011252612345678" if uniqueid == CALLER else "", Seconds=seconds,
        Application="Dial" if uniqueid == CALLER else "AppDial", Data=dials if uniqueid == CALLER else "",
    )  # fmt: skip


PONG = frame("", Ping="Pong", Timestamp=at(60)).replace("Event: \r\n", "Response: Success\r\n")
COMPLETE = frame("StatusComplete", EventList="Complete")
OURS, THEIRS = shown("SIP/1001-00000012", CALLER), shown("SIP/carrier-a-00000013", TRUNK)
LIVE = [newchannel(), begin(), end()]


@pytest.mark.parametrize(
    ("frames", "phases"),
    [
        ([PONG, OURS, THEIRS, COMPLETE], ["started", "answered"]),
        ([PONG, OURS, shown("SIP/carrier-a-00000013", TRUNK, state="5"), COMPLETE], ["started"]),
        ([*LIVE, PONG, OURS, THEIRS, COMPLETE], ["started", "answered"]),
        ([PONG, OURS, THEIRS, COMPLETE, *LIVE[1:], hangup()], ["started", "answered", "ended"]),
        ([*LIVE, PONG, COMPLETE], ["started", "answered", "ended"]),
        ([*LIVE[:2], PONG, OURS, THEIRS, COMPLETE], ["started", "answered"]),
        ([PONG, THEIRS, COMPLETE], []),
        ([OURS, THEIRS, COMPLETE], []),
        ([PONG, OURS, THEIRS], []),
        ([PONG, OURS, COMPLETE], []),
    ],
    ids=["a call that is up", "one that rings", "one that is known", "one that ends later", "one that is gone",
         "one that was answered meanwhile", "a leg without a caller", "at no time", "an answer that breaks off",
         "a call that has reached nobody"],
)  # fmt: skip
def test_what_was_missed_comes_once_by_the_ids_it_would_have_had(frames: list[str], phases: list[str]) -> None:
    calls = [each for each in read(*frames) if isinstance(each, Call)]
    assert [call.phase for call in calls] == phases
    assert [call.id for call in calls] == [f"call:{CALLER}:{TRUNK}:{phase}" for phase in phases]
    assert {(call.extension, call.trunk, call.to, call.route) for call in calls} <= {
        ("1001", "carrier-a", "9011252612345678", "carrier-a"),
        ("1001", "carrier-a", "9011252612345678", "outbound-world"),
    }


@pytest.mark.parametrize(("seconds", "ago"), [(7, 7), ("x", 0), ("-1", 0), ("9" * 40, 0), ("²", 0)])
def test_a_call_began_as_long_ago_as_is_shown(seconds: object, ago: int) -> None:
    call = next(
        each for each in read(PONG, OURS, shown("SIP/carrier-a-00000013", TRUNK, seconds), COMPLETE)
        if isinstance(each, Call)
    )  # fmt: skip
    assert call.at == datetime.fromtimestamp(BORN + 60 - ago, UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"Endpoint": "1001", "ViaAddr": "203.0.113.9", "UserAgent": "eyeBeam"}, ("1001", "203.0.113.9", "eyeBeam")),
     ({"Endpoint": "1001", "ViaAddr": "203.0.113.9"}, ("1001", "203.0.113.9", None)),
     ({"Endpoint": "carrier-a", "ViaAddr": ""}, None), ({"ViaAddr": "203.0.113.9"}, None)],
    ids=["a telephone", "one that does not say what it is", "a carrier that never registers", "nobody's"],
)  # fmt: skip
def test_who_is_registered(fields: dict[str, str], expected: tuple[str | None, ...] | None) -> None:
    found = registrations(read(PONG, frame("ContactList", **fields)), "accepted")
    assert [(one.account, one.source_ip, one.user_agent) for one in found] == ([expected] if expected else [])


def test_a_ring_group_is_one_call() -> None:
    records = read(newchannel(exten="600"), *(begin(dest=f"SIP/100{n}-{n}", destid=f"1.{n}") for n in range(2, 5)))
    assert {event.call_id for event in records if isinstance(event, Call)} == {CALLER}
    assert len({event.id for event in records if isinstance(event, Call)}) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (frame("PeerStatus", Timestamp=at(0), ChannelType="SIP", Peer="SIP/1001", PeerStatus="Unregistered",
               Cause="Expired"), ("expired", "1001", "extension")),
        (frame("ContactStatus", Timestamp=at(0), URI="sip:1001@10.0.0.1", ContactStatus="Removed", AOR="1001",
               EndpointName="1001"), ("removed", "1001", "extension")),
        (frame("PeerStatus", Timestamp=at(0), Peer="SIP/carrier-a", PeerStatus="Unregistered"),
         ("expired", "carrier-a", "trunk")),
    ],
)  # fmt: skip
def test_registrations_that_go_away(text: str, expected: tuple[str, str, str]) -> None:
    (event,) = read(text)
    assert isinstance(event, Registration)
    assert (event.outcome, event.account, event.party) == expected
    assert event.source_ip is None  # what the phone wrote as its contact is no source


def test_a_refused_trunk_and_a_manager_login() -> None:
    refused, login = read(
        frame("Registry", Timestamp=at(0), ChannelType="SIP", Username="pbx2", Domain="sip.example",
              Status="No Authentication"),
        secure("InvalidPassword", "ops", "AMI", RemoteAddress="IPV4/TCP/203.0.113.9/41000"),
    )  # fmt: skip
    assert isinstance(refused, Notice)
    assert (refused.name, refused.trunk) == ("sip_trunk_registration_failed", "sip.example")
    assert isinstance(login, Login)
    assert (login.surface, login.account, login.source_ip) == ("ami", "ops", "203.0.113.9")


@pytest.mark.parametrize(
    "text",
    [
        "Asterisk Call Manager/7.0.1\r\n" + frame("FullyBooted", Privilege="system,all", Status="Fully Booted"),
        "Action: Login\r\nUsername: x\r\nSecret: swordfish\r\n\r\n",
        "Response: Success\r\nMessage: Authentication accepted\r\n\r\n",
        frame("RTCPSent", Timestamp=at(0)),
        frame("PeerStatus", Timestamp=at(0), Peer="SIP/1001", PeerStatus="Registered", Address="10.0.0.1:5060"),
        frame("ContactStatus", Timestamp=at(0), AOR="1001", ContactStatus="Reachable"),
    ],
)
def test_other_frames_are_ignored(text: str) -> None:
    ami = reader()
    assert [record for line in text.encode().splitlines(keepends=True) for record in ami.read(line)] == []
    assert ami.ignored == 1


@pytest.mark.parametrize(
    "text",
    [
        secure("InvalidPassword").rstrip() + "\r\n",  # no end: its last value may be cut
        secure("InvalidPassword", "x\r\nEvent: SuccessfulAuth"),
        secure("InvalidPassword", RemoteAddress="IPV4/UDP/999.0.0.1/5062"),
        secure("InvalidPassword", RemoteAddress="127.0.0.6"),
        frame("Hangup", Uniqueid="1.1"),
        "".join(f"Variable: {n}\r\n" for n in range(600)) + "\r\n",
        cdr(duration="-1").replace("Event: Cdr", "Event: Cdr\r\nTimestamp: 1795442889.1"),
    ],
)
def test_what_nobody_can_use_is_rejected_once_and_reading_goes_on(text: str) -> None:
    ami = reader()
    records = [record for line in text.encode().splitlines(keepends=True) for record in ami.read(line)]
    records += ami.close()
    assert [type(record) for record in records] == [Rejected]
    after = [
        record for line in secure("InvalidPassword").encode().splitlines(keepends=True) for record in ami.read(line)
    ]
    assert [type(record) for record in [*after, *ami.close()]] == [Registration]


def test_no_digest_and_no_secret_is_told() -> None:
    text = secure("ChallengeResponseFailed", "", "AMI", ExpectedResponse="c0ffee", Response="c0ffee")
    broken = text.replace("127.0.0.6", "nowhere")
    assert "c0ffee" not in repr(read(text, broken, "Secret: c0ffee\r\n"))


def test_events_without_a_time_of_their_own_take_the_last_one() -> None:
    started, ended = read(
        newchannel().replace(f"Timestamp: {at(0)}\r\n", ""),
        begin().replace(f"Timestamp: {at(1)}\r\n", ""),
        secure("ChallengeSent", EventTV=f"{BORN + 9}-0").replace("ChallengeSent", "LoadAverageLimit"),
        hangup().replace(f"Timestamp: {at(35)}\r\n", ""),
    )
    assert isinstance(started, Call)
    assert isinstance(ended, Call)
    assert (started.at, ended.at) == (datetime.fromtimestamp(BORN, UTC), datetime.fromtimestamp(BORN + 9, UTC))


@pytest.mark.parametrize(
    "account", ["x\x00y", "Event: Hangup", "é\u2028", "%0d%0aEvent: x", "a" * 5_000, '"', "\ud800"]
)
def test_no_name_makes_a_second_event_or_another_address(account: str) -> None:
    (event,) = read(secure("InvalidPassword", account))
    assert isinstance(event, Registration)
    assert event.source_ip == "127.0.0.6"
    assert event.account is not None
    assert len(event.account) <= 1_024


def test_what_never_ends_is_bounded() -> None:
    ami = reader()
    for number in range(5_000):
        text = newchannel(uniqueid=f"9.{number}") + begin(uniqueid=f"9.{number}", destid=f"8.{number}")
        for line in text.encode().splitlines(keepends=True):
            list(ami.read(line))
    assert len(ami._channels._legs) == 4_096  # type: ignore[attr-defined]


PIECES = "".join([secure("InvalidPassword"), newchannel(), begin(), end(), hangup(), cdr()]).encode().splitlines(True)


@given(st.lists(st.binary(max_size=100) | st.sampled_from(PIECES), max_size=80))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    ami = reader()
    for line in lines:
        list(ami.read(line))
    list(ami.close())


FIELDS = [
    "Channel",
    "DestChannel",
    "Uniqueid",
    "DestUniqueid",
    "Linkedid",
    "Exten",
    "CallerIDNum",
    "DialString",
    "Peer",
    "AOR",
    "AccountID",
    "RemoteAddress",
    "EventTV",
    "Service",
    "Timestamp",
    "Source",
    "StartTime",
    "UserEvent",
    "Number",
    "Why",
    "Seconds",
    "ChannelState",
    "Endpoint",
    "ViaAddr",
    "CallId",
]
NAMES = [
    "Newchannel", "DialBegin", "DialEnd", "Hangup", "Cdr", "PeerStatus", "Registry", "InvalidPassword", "UserEvent",
    "Status", "StatusComplete", "ContactList",
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30)))))
def test_any_frame_stays_within_the_contract(frames: list[tuple[str, dict[str, str]]]) -> None:
    for record in read(newchannel(), begin(), *(frame(name, **fields) for name, fields in frames)):
        if not isinstance(record, Rejected):
            assert Codec().decode(msgspec.json.encode(record)) == [record]
