"""FreeSWITCH's log: outcomes, not challenges; calls by their uuid; names that imitate lines."""

import json
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Codec, Rejected
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Call, Notice, Registration
from detector.formats import Format, FormatOptions, formats
from detector.formats.parties import Parties

AT = "2026-05-07 07:26:00.148936"
ONE, TWO = "8398b0ce-8012-4f1e-b466-92022bf4471c", "72190d59-b63e-4b34-8296-9e247d6e6fef"
PHONE = "sofia/internal/1000@pbx.example"
GATEWAY = "sofia/external/01125261234567"


def reader(zone: tzinfo = UTC, parties: Parties | None = None) -> Format:
    return formats()["freeswitch-log"](
        FormatOptions(pbx="hq", zone=zone, year=None, keyed_hash=str, parties=parties or Parties())
    )


def read(*lines: str | bytes, zone: tzinfo = UTC, parties: Parties | None = None) -> list[AnyEvent | Rejected]:
    log = reader(zone, parties)
    found = [record for line in lines for record in log.read(line.encode() if isinstance(line, str) else line)]
    return [*found, *log.close()]  # type: ignore[list-item]


def said(text: str, file: str = "sofia_reg.c:1842", level: str = "WARNING", at: str = AT) -> str:
    return f"{at} 97.00% [{level}] {file} {text}"


def auth(what: str = "failure", user: str = "1001", ip: str = "203.0.113.7", method: str = "REGISTER") -> str:
    return said(f"SIP auth {what} ({method}) on sofia profile 'internal' for [{user}@pbx.example] from ip {ip}")


def nobody(user: str = "110", ip: str = "203.0.113.7", at: str = AT) -> str:
    return said(f"Can't find user [{user}@172.31.38.106] from {ip}", "sofia_reg.c:3210", at=at)


def told(uuid: str, second: int, text: str, file: str = "switch_channel.c:1142", level: str = "NOTICE") -> str:
    return f"{uuid} 2026-05-07 09:30:{second:02}.748602 95.50% [{level}] {file} {text}"


def call(to: str = "01125261234567", shown: str = "Ann", context: str = "default", cause: str = "NORMAL_CLEARING",
         number: str = "1000", answered: bool = True) -> list[str]:  # fmt: skip
    return [
        told(ONE, 1, f"New Channel {PHONE} [{ONE}]"),
        told(ONE, 1, f"{PHONE} receiving invite from 203.0.113.7:27588 version: 1.10.12-release 64bit call-id: x",
             "sofia.c:10460", "INFO"),
        told(ONE, 2, f"Processing {shown} <{number}>->{to} in context {context}", "mod_dialplan_xml.c:639", "INFO"),
        f"{ONE} EXECUTE [depth=0] {PHONE} bridge([leg_timeout=30]sofia/gateway/carrier-a/{to})",
        told(TWO, 2, f"New Channel {GATEWAY} [{TWO}]"),
        *([told(TWO, 5, f"Channel [{GATEWAY}] has been answered", "sofia.c:8427"),
           told(ONE, 5, f"Channel [{PHONE}] has been answered", "sofia.c:8427")] if answered else []),
        told(TWO, 35, f"Hangup {GATEWAY} [CS_EXCHANGE_MEDIA] [{cause}]", "switch_ivr_bridge.c:1027"),
        told(ONE, 35, f"Hangup {PHONE} [CS_EXECUTE] [{cause}]", "sofia.c:1065"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (auth(), ("rejected", "1001", "203.0.113.7", "REGISTER", "bad_password")),
        (auth(user="00972543480510", method="INVITE"), ("rejected", None, "203.0.113.7", "INVITE", "bad_password")),
        (auth("challenge"), ("challenged", "1001", "203.0.113.7", "REGISTER", None)),
        (auth(ip="2001:db8::7"), ("rejected", "1001", "2001:db8::7", "REGISTER", "bad_password")),
        (auth(ip="::ffff:203.0.113.7"), ("rejected", "1001", "203.0.113.7", "REGISTER", "bad_password")),
        (nobody(), ("rejected", "110", "203.0.113.7", "REGISTER", "unknown_account")),
        (nobody("9011972592345678"), ("rejected", "9011972592345678", "203.0.113.7", "REGISTER", "unknown_account")),
    ],
)
def test_refusals(line: str, expected: tuple[object, ...]) -> None:
    (event,) = read(line)
    assert isinstance(event, Registration)
    assert (event.outcome, event.account, event.source_ip, event.method, event.reason) == expected
    assert (event.trust, event.at) == ("text", datetime(2026, 5, 7, 7, 26, 0, 148936, tzinfo=UTC))


@pytest.mark.parametrize(
    "line",
    [
        auth() + "\r\n",
        auth().replace(" 97.00%", ""),
        auth().replace(" ", "T", 1),
        auth().replace("97.00%", "[3480]"),
        auth().replace("1842 ", "1842 sofia_reg_parse_auth() "),
        "\x1b[33m" + auth() + "\x1b[0m",
        f"{ONE} {auth()}",
        "May  7 07:26:00 pbx freeswitch[99]: " + auth(),
        "2026-05-07T07:26:00.1+00:00 pbx freeswitch[99]: " + auth(),
        "<133>1 2026-05-07T07:26:00.1+00:00 pbx freeswitch 99 - - " + auth(),
        '<133>1 2026-05-07T07:26:00.1Z pbx freeswitch 99 - [timeQuality tzKnown="1"][meta sequenceId="3"] ' + auth(),
        json.dumps({"MESSAGE": auth(), "SYSLOG_IDENTIFIER": "freeswitch", "__REALTIME_TIMESTAMP": "1778138760148936"}),
    ],
)
def test_the_same_line_in_other_clothes(line: str) -> None:
    (event,) = read(line)
    (same,) = read(auth())
    assert isinstance(event, Registration)
    assert isinstance(same, Registration)
    assert msgspec.structs.replace(event, id=same.id) == same


def test_a_user_nobody_has_is_one_attempt_in_two_lines() -> None:
    explained = ["You must define a domain called 'x' in your directory", "and you must configure your device"]
    events = read(*(line for _ in range(3) for line in (nobody(), *explained, auth(user="110"))))
    assert [event.reason for event in events if isinstance(event, Registration)] == ["unknown_account"] * 3
    assert len(read(nobody(), auth(user="110", ip="203.0.113.8"))) == 2
    assert len(read(nobody(at="2026-05-07 07:25:00.1"), auth(user="110"))) == 2


def test_ids_are_the_same_in_a_second_reading_and_twins_stay_two() -> None:
    events = read(auth(), auth())
    assert events == read(auth(), auth())
    assert len({event.id for event in events if isinstance(event, Registration)}) == 2


def test_an_outbound_call_from_its_start_to_its_end() -> None:
    started, known, answered, ended = read(*call())
    for event in (started, known, answered, ended):
        assert isinstance(event, Call)
        assert (event.call_id, event.direction, event.extension, event.to) == (
            ONE,
            "outbound",
            "1000",
            "01125261234567",
        )
        assert event.source_ip == "203.0.113.7"
    assert isinstance(ended, Call)
    assert isinstance(known, Call)
    assert isinstance(answered, Call)
    assert (known.id, known.revision, known.trunk) == (f"call:{ONE}:started", 1, "carrier-a")
    assert (answered.phase, answered.id) == ("answered", f"call:{ONE}:answered")
    assert (ended.phase, ended.duration, ended.talk, ended.disposition) == ("ended", 33, 30, "answered")


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"to": "1002"}, "direction", "outbound"),  # it was sent to a gateway, whatever its length
        ({"context": "public"}, "direction", "transit"),
        ({"cause": "USER_BUSY", "answered": False}, "disposition", "busy"),
        ({"cause": "NO_ANSWER", "answered": False}, "disposition", "no_answer"),
        ({"cause": "CALL_REJECTED", "answered": False}, "reason", "rejected"),
        ({"cause": "SOMETHING_NEW", "answered": False}, "reason", "something_new"),
        ({"shown": "x <1>"}, "from_", "1000"),
        ({"shown": "in context default"}, "to", "01125261234567"),
    ],
)
def test_fields_of_a_call(changes: dict[str, object], field: str, expected: object) -> None:
    assert getattr(read(*call(**changes))[-1], field) == expected  # type: ignore[arg-type]


def test_calls_without_a_gateway() -> None:
    def direction(to: str, context: str, parties: Parties | None = None) -> object:
        lines = [line for line in call(to, context=context) if "bridge(" not in line]
        (started, *_) = read(*lines, parties=parties)
        assert isinstance(started, Call)
        return started.direction, started.extension

    assert direction("1002", "default") == ("internal", "1000")
    assert direction("+12125550100", "public") == ("inbound", None)  # a number of ours is no extension
    assert direction("2104", "public") == ("inbound", "2104")
    assert direction("01125261234567", "default") == ("outbound", "1000")
    assert direction("01125261234567", "ours", Parties(trunk_contexts=frozenset({"ours"})))[0] == "inbound"  # type: ignore[index]


def test_two_calls_of_one_phone_are_told_apart_by_their_uuid() -> None:
    second = "9f92aacc-3218-492a-bfd6-f847b0bb44e8"
    lines = call()
    other = [line.replace(ONE, second).replace(TWO, ONE[::-1].replace("-", "0")[:8]) for line in lines]
    mixed = [line for pair in zip(lines, other, strict=True) for line in pair]
    ended = [event for event in read(*mixed) if isinstance(event, Call) and event.phase == "ended"]
    assert {event.call_id for event in ended} == {ONE, second}


def test_the_other_leg_does_not_end_the_call_whose_uuid_its_line_bears() -> None:
    other = told(ONE, 20, f"Hangup {GATEWAY} [CS_EXCHANGE_MEDIA] [NORMAL_CLEARING]", "switch_ivr_bridge.c:1027")
    assert read(*call()[:-2], other, call()[-1]) == read(*call())


def test_an_acl() -> None:
    (event,) = read(said('IP 203.0.113.7 Rejected by acl "domains"', "sofia.c:10554"))
    assert isinstance(event, Notice)
    assert (event.name, event.source_ip) == ("acl_rejected", "203.0.113.7")


HEADS = {
    "with how idle the CPU is": "{at} 97.00% [WARNING] sofia_reg.c:1842 ",
    "of before 1.10": "{at} [WARNING] sofia_reg.c:1842 ",
    "with the number of the process": "{at} [3480] [WARNING] sofia_reg.c:1842 ",
    "with the uuid of a channel": ONE + " {at} 97.00% [WARNING] sofia_reg.c:1842 ",
    "with the function": "{at} 97.00% [WARNING] sofia_reg.c:1842 sofia_reg_parse_auth() ",
    "without the year, with the module": "{short} [WARN] [SOFIA] [sofia_reg.c:1842] ",
    "with the folder of the source": "{at} [WARNING] mod_sofia/sofia_reg.c:1842 ",
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("year", [2026, None])
def test_heads_of_other_builds(name: str, year: int | None) -> None:
    log = formats()["freeswitch-log"](FormatOptions(pbx="hq", zone=UTC, year=year, keyed_hash=str))
    text = auth().partition("1842 ")[2]
    found = [*log.read((HEADS[name].format(at=AT, short=AT[5:]) + text).encode()), *log.close()]
    if "{short}" in HEADS[name] and year is None:
        assert [type(record) for record in found] == [Rejected]
    else:
        (event,) = found
        assert isinstance(event, Registration)
        assert event.at == datetime(2026, 5, 7, 7, 26, 0, 148936, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "file", "kind", "reason"),
    [
        ('IP 203.0.113.7 Rejected by register acl "office"', "sofia_reg.c:1", Registration, "acl"),
        ("IP 203.0.113.7 Rejected by register acl office", "sofia_reg.c:1", Registration, "acl"),
        ('IP 203.0.113.7 Rejected by acl "domains"', "sofia.c:1", Notice, "acl_rejected"),
        ('IP 203.0.113.7 Rejected by acl "loopback.auto"', "mod_event_socket.c:1", Notice, "acl_rejected"),
        ('IP 203.0.113.7 Rejected by acl "browsers"', "mod_verto.c:1", Notice, "acl_rejected"),
        ('IP 203.0.113.7 Rejected by acl "domains". Falling back to Digest auth.', "sofia.c:1", None, None),
    ],
)
def test_acls(text: str, file: str, kind: type | None, reason: str | None) -> None:
    log = reader()
    found = [*log.read(said(text, file).encode()), *log.close()]
    assert [type(record) for record in found] == ([kind] if kind else [])
    for record in found:
        assert isinstance(record, Registration | Notice)
        assert record.source_ip == "203.0.113.7"
        assert (record.reason if isinstance(record, Registration) else record.name) == reason
    assert log.unread.total == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("carrier-a Failed Registration with status Forbidden [403]. failure #1", "Forbidden"),
        ("carrier-a Failed Registration [503]. failure #6", "503"),
        ("carrier-a Failed Registration [503], setting retry to 30 seconds.", "503"),
        ("carrier-a Registration Failed with status Forbidden [403]. failure #3", "Forbidden"),
    ],
)
def test_a_gateway_that_is_refused_is_a_trunk_without_registration(text: str, why: str) -> None:
    (event,) = read(said(text, "sofia_reg.c:2661", "ERR"))
    assert isinstance(event, Notice)
    assert (event.name, event.trunk, event.text) == ("sip_trunk_registration_failed", "carrier-a", why)


CARRIER = "sofia/external/13125550000@198.51.100.10"
SENT = "01188213200100"


def through(*bridges: tuple[int, str], owner: str = "2104", answered: int = 4) -> list[str]:
    """A call of the carrier to a DID that goes on to an extension, whose forwarding bridges it outside."""
    return [
        told(ONE, 1, f"New Channel {CARRIER} [{ONE}]"),
        told(ONE, 1, f"{CARRIER} receiving invite from 198.51.100.10:5060 version: 1.10.12 call-id: x", "sofia.c:1"),
        told(ONE, 2, "Processing 13125550000 <13125550000>->12125550100 in context public", "mod_dialplan_xml.c:639"),
        told(ONE, 2, f"Processing 13125550000 <13125550000>->{owner} in context default", "mod_dialplan_xml.c:639"),
        told(ONE, answered, f"Channel [{CARRIER}] has been answered", "sofia.c:1"),
        *(line for second, to in bridges for line in (
            told(ONE, second, f"{CARRIER} bridging", "x.c:1"), f"{ONE} EXECUTE [depth=1] {CARRIER} bridge({to})",
        )),
        told(ONE, 50, f"Hangup {CARRIER} [CS_EXECUTE] [NORMAL_CLEARING]", "sofia.c:1"),
    ]  # fmt: skip


def outward(lines: list[str]) -> list[Call]:
    return [event for event in read(*lines) if isinstance(event, Call) and event.direction == "transit"]


@pytest.mark.parametrize(
    ("to", "trunk", "number"),
    [
        (f"sofia/gateway/carrier-a/{SENT}", "carrier-a", SENT),
        (f"[leg_timeout=30]sofia/gateway/carrier-a/{SENT}", "carrier-a", SENT),
        (f"{{ignore_early_media=true}}sofia/gateway/a1b2::carrier-a/{SENT}", "carrier-a", SENT),
        (f"sofia/gateway/carrier-a/{SENT}|sofia/gateway/carrier-b/{SENT}", "carrier-a", SENT),
        (f"sofia/external/{SENT}@198.51.100.10", "external", SENT),
        (f"sofia/external/sip:{SENT}@carrier.example:5060", "external", SENT),
    ],
)
def test_a_call_that_is_sent_on_has_a_second_leg_to_the_number_that_is_dialled(
    to: str, trunk: str, number: str
) -> None:
    started, ended = (event for event in outward(through((5, to))) if event.phase in {"started", "ended"})
    assert (started.trunk, started.to, started.on_behalf_of, started.via) == (trunk, number, "2104", "forward")
    assert started.call_id == ended.call_id == ONE
    assert (started.leg, ended.leg) == ("bridge:1", "bridge:1")


def test_the_route_is_the_gateway_or_a_context_of_its_own() -> None:
    def routes(lines: list[str]) -> list[str | None]:
        return [event.route for event in read(*lines) if isinstance(event, Call)]

    assert routes(call()) == [None, "carrier-a", "carrier-a", "carrier-a"]
    assert routes(call(context="outbound-abroad")) == [None, *["outbound-abroad"] * 3]
    assert {event.route for event in outward(through((5, f"sofia/gateway/carrier-b/{SENT}")))} == {"carrier-b"}


@pytest.mark.parametrize(
    "to", ["user/2105@pbx.example", "sofia/internal/2105@10.0.0.5", "sofia/external/2105@10.0.0.5"]
)
def test_a_call_that_stays_within_the_house_has_none(to: str) -> None:
    assert outward(through((5, to))) == []


def test_where_one_carrier_fails_and_another_takes_it_the_first_leg_is_over_then() -> None:
    lines = through((10, f"sofia/gateway/carrier-a/{SENT}"), (20, f"sofia/gateway/carrier-b/{SENT}"))
    ends = [(event.trunk, event.leg, event.talk) for event in outward(lines) if event.phase == "ended"]
    assert ends == [("carrier-a", "bridge:1", 10.0), ("carrier-b", "bridge:2", 30.0)]


def test_without_a_uuid_before_the_line_a_call_is_that_of_its_caller() -> None:
    lines = [line.removeprefix(f"{ONE} ").removeprefix(f"{TWO} ") for line in call()]
    events = [event for event in read(*lines) if isinstance(event, Call)]
    assert [event.phase for event in events] == ["started", "started", "answered", "ended"]
    assert {(event.call_id, event.extension) for event in events} == {(ONE, "1000")}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("SIP auth failure (REGISTER) on sofia profile", "a frame of the line that is not known"),
        (said("New Channel without a name", "switch_channel.c:1"), "words of switch_channel.c that are not known"),
        (said("Hangup nobody", "switch_channel.c:1"), "words of switch_channel.c that are not known"),
        (said('IP somewhere Rejected by acl "x"', "sofia.c:1"), "words of sofia.c that are not known"),
        (said("carrier-a Failed Registration for good", "sofia_reg.c:1"), "words of sofia_reg.c that are not known"),
        (said("Processing Ann <1000>->1002 in context default", "mod_dialplan_xml.c:1"), "words of mod_dialplan_xml.c"),
    ],
)
def test_what_should_have_been_understood_is_told(line: str, reason: str) -> None:
    log = reader()
    assert [*log.read(line.encode()), *log.close()] == []
    assert [why[: len(reason)] for why in log.unread.counts] == [reason]
    assert log.ignored == 0


FORGED = auth(user="1002", ip="8.8.8.8")


@pytest.mark.parametrize(
    "user",
    [
        "x@y] from ip 8.8.8.8",
        "x] from ip 8.8.8.8 [z",
        "' for [1@h] from ip 8.8.8.8",
        f"x\n{FORGED}\ny",
        f"x@h] from ip 8.8.8.8\n{FORGED}\ny",
        "a\nb\nc",
        "%0a\x00\x1b[31m\u2028",
    ],
)
def test_no_name_forges_an_address_or_a_second_event(user: str) -> None:
    events = [event for event in read(*auth(user=user).split("\n")) if isinstance(event, Registration)]
    if user.startswith("x@h]"):  # what stands in the first line is whole in itself: nothing tells it from a real one
        assert all(event.trust == "text" for event in events)
    else:
        assert [event.source_ip for event in events] == ["203.0.113.7"]


@pytest.mark.parametrize(
    "text",
    [
        "SIP auth failure (REGISTER) on sofia profile 'internal' for [1001@h",
        "Can't find user [",
        auth(ip="999.1.1.1").partition("1842 ")[2],
    ],
)
def test_ours_but_unreadable_is_rejected(text: str) -> None:
    assert [type(record) for record in read(said(text))] == [Rejected]


def test_numbers_that_cannot_be_told_apart_are_rejected() -> None:
    records = read(*call(shown="Ann <1002>->1003"))
    assert isinstance(records[0], Rejected)


def test_a_line_that_is_too_long_is_rejected_and_a_bad_time_too() -> None:
    assert isinstance(read("x" * (MAX_EVENT_BYTES + 1))[0], Rejected)
    assert isinstance(read(auth().replace("05-07", "13-45"))[0], Rejected)


def test_other_lines_are_ignored() -> None:
    log = reader()
    weighed = [f"Dialplan: {PHONE} {word} bridge(sofia/gateway/carrier-a/1)" for word in ("Action", "ANTI-Action")]
    others = [said("EXECUTE x", "switch.c:1", "DEBUG"), "v=0", "", said("quoting: " + auth(), "mod_dptools.c:1")]
    for line in (*others, *weighed, *(f"{ONE} {line}" for line in weighed)):
        assert list(log.read(line.encode())) == []
    assert (log.ignored, log.unread.total) == (8, 0)


@pytest.mark.parametrize(
    ("stamps", "hours"),
    [(["00:59:00", "01:30:00", "01:10:00"], [4, 5, 6]), (["01:30:00", "01:29:59"], [5, 5])],
)
def test_the_hour_that_comes_twice_ascends(stamps: list[str], hours: list[int]) -> None:
    lines = [auth(ip=f"203.0.113.{n}").replace(AT, f"2026-11-01 {stamp}.000001") for n, stamp in enumerate(stamps)]
    events = read(*lines, zone=ZoneInfo("America/New_York"))
    assert [event.at.hour for event in events if isinstance(event, Registration)] == hours


def test_channels_that_never_end_are_bounded() -> None:
    log = reader()
    for number in range(5_000):
        uuid = f"{number:08x}{ONE[8:]}"
        list(log.read(told(uuid, 1, f"New Channel sofia/internal/{number}@h [{uuid}]").encode()))
    assert len(log._calls._up) == len(log._calls._named) == 4_096  # type: ignore[attr-defined]


PIECES = [auth(), nobody(), FORGED, "\n", *call(), "SIP auth failure (REGISTER) on sofia profile 'x' for ["]


@given(st.lists(st.binary(max_size=200) | st.sampled_from([piece.encode() for piece in PIECES])))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    read(*lines)


@given(*[st.text(max_size=60)] * 4)
def test_whatever_is_written_stays_within_the_contract(user: str, to: str, shown: str, number: str) -> None:
    text = "\n".join([auth(user=user), nobody(user), *call(to=to, shown=shown, number=number)])
    for record in read(*text.encode("utf-8", "surrogatepass").split(b"\n")):
        if not isinstance(record, Rejected):
            assert Codec().decode(msgspec.json.encode(record)) == [record]
