"""A line is the same whatever carried it: syslog, the journal, containers, shippers; for each reader of logs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract.codec import Rejected
from detector.contract.events import Call, Login, Registration
from detector.formats import Format, FormatOptions, formats
from detector.formats.carriers import unwrap

NEW_YORK = ZoneInfo("America/New_York")
AT = datetime(2026, 3, 12, 6, 14, 30, tzinfo=UTC)
SAID = "Registration from '<sip:2100@192.0.2.10>' failed for '203.0.113.66:50000' - Wrong password"
BARE = f"NOTICE[150] chan_sip.c: {SAID}"
OWN = f"[2026-03-12 02:14:30] {BARE}"
SECURE = (
    'SECURITY[2101] res_security_log.c: SecurityEvent="InvalidPassword",EventTV="2026-03-12T02:14:30.000-0400",'
    'Severity="Error",Service="SIP",EventVersion="2",AccountID="2100",SessionID="0x7f02a4016850",'
    'LocalAddress="IPV4/UDP/192.0.2.10/5060",RemoteAddress="IPV4/UDP/203.0.113.66/50000"'
)
SWITCH = (
    "2026-03-12 02:14:30.000000 96.80% [WARNING] sofia_reg.c:2889 SIP auth failure (REGISTER) on sofia profile "
    "'internal' for [2100@192.0.2.10] from ip 203.0.113.66"
)
COLOURED = "\x1b[1;33mNOTICE\x1b[0m[150]: \x1b[1;37mchan_sip.c\x1b[0m:\x1b[1;37m29058\x1b[0m handle_request: " + SAID
OCTAL = COLOURED.replace("\x1b", "#033")
CARET = COLOURED.replace("\x1b", "^[")
HOST6 = "2001:db8:0:1::10"


def ship(**fields: object) -> Callable[[str], str]:
    """As a shipper writes it, with the line where `LINE` stands."""
    return lambda line: json.dumps(fields | {name: line for name, value in fields.items() if value == "LINE"})


def before(head: str) -> Callable[[str], str]:
    return lambda line: head + line


PLAIN: dict[str, Callable[[str], str]] = {
    "nothing": before(""),
    "syslog": before("Mar 12 02:14:30 pbx-3 asterisk[4711]: "),
    "syslog, the first days of a month padded": before("Mar 12 02:14:30 pbx-3 asterisk: "),
    "syslog with the year": before("Mar 12 2026 02:14:30 pbx-3 asterisk[4711]: "),
    "syslog without a host": before("Mar 12 02:14:30 asterisk[4711]: "),
    "syslog of a host with an IPv6 address": before(f"Mar 12 02:14:30 {HOST6} asterisk[4711]: "),
    "syslog as it comes over the wire": before("<133>Mar 12 02:14:30 pbx-3 asterisk[4711]: "),
    "syslog with whole dates": before("2026-03-12T02:14:30.000123-04:00 pbx-3 asterisk[4711]: "),
    "syslog with whole dates and no zone": before("2026-03-12T02:14:30 pbx-3 freepbx[4711]: "),
    "RFC 5424": before("<133>1 2026-03-12T06:14:30.000Z pbx-3 asterisk 4711 - - "),
    "RFC 5424 of a host with an IPv6 address": before(f"<133>1 2026-03-12T06:14:30Z {HOST6} asterisk 4711 - - "),
    "RFC 5424 with data": before('<133>1 2026-03-12T06:14:30Z pbx a 1 ID [x@1 q="a\\]b"][y@2 r="s"] \ufeff'),
    "RFC 5424 counted as over TCP": before("318 <133>1 2026-03-12T06:14:30Z pbx-3 asterisk 4711 - - "),
    "OpenWrt's logread": before("Thu Mar 12 02:14:30 2026 daemon.notice asterisk[4711]: "),
    "journalctl": before("Mar 12 02:14:30 pbx-3 asterisk[4711]: "),
    "journalctl -o short-precise": before("Mar 12 02:14:30.000123 pbx-3 asterisk[4711]: "),
    "journalctl -o short-iso": before("2026-03-12T02:14:30-0400 pbx-3 asterisk[4711]: "),
    "journalctl -o short-iso-precise": before("2026-03-12T02:14:30.000123-0400 pbx-3 asterisk[4711]: "),
    "journalctl -o short-full": before("Thu 2026-03-12 02:14:30 EDT pbx-3 asterisk[4711]: "),
    "journalctl -o short-full --utc": before("Thu 2026-03-12 06:14:30 UTC pbx-3 asterisk[4711]: "),
    "journalctl -o with-unit": before("Thu 2026-03-12 02:14:30 -0400 asterisk.service[4711]: "),
    "journalctl -o short-unix": before("1773296070.000123 pbx-3 asterisk[4711]: "),
    "journalctl -o json": ship(__REALTIME_TIMESTAMP="1773296070000123", MESSAGE="LINE", _PID="4711"),
    "journalctl -o json, no plain text": lambda line: json.dumps(
        {"__REALTIME_TIMESTAMP": "1773296070000123", "MESSAGE": list(line.encode())}
    ),
    "docker's json-file": lambda line: ship(log="LINE", stream="stdout", time="2026-03-12T06:14:30.123456789Z")(
        line + "\n"
    ).replace('"LINE"', json.dumps(line)),
    "docker logs -t": before("2026-03-12T06:14:30.123456789Z "),
    "docker compose logs": before("asterisk-1  | "),
    "docker compose logs, coloured": before("\x1b[36masterisk-1  | \x1b[0m"),
    "docker compose logs -t": before("asterisk-1  | 2026-03-12T06:14:30.123456789Z "),
    "containerd": before("2026-03-12T06:14:30.123456789Z stdout F "),
    "containerd in another zone": before("2026-03-12T02:14:30.123456789-04:00 stderr F "),
    "kubectl logs --prefix": before("[pod/asterisk-7d9f/asterisk] "),
    "kubectl logs --prefix --timestamps": before("[pod/asterisk-0/asterisk] 2026-03-12T06:14:30.123456789Z "),
    "syslog in a container's log": before("2026-03-12T06:14:30.1Z stdout F Mar 12 02:14:30 pbx asterisk[1]: "),
    "podman logs with names": before("[asterisk] "),
    "what grep found in files": before("/var/log/asterisk/full-20260312:"),
    "what grep -n found in files": before("messages.1:4711:"),
    "what grep -n found": before("4711:"),
    "the first line of a file with a byte order mark": before("\ufeff"),
    "indented by whoever copied it": before("    "),
    "filebeat": ship(
        **{"@timestamp": "2026-03-12T06:14:30.000Z", "message": "LINE", "log": {"file": {"path": "x"}}, "agent": {}}
    ),
    "fluent-bit": ship(date=1773296070.25, log="LINE", stream="stdout"),
    "vector": ship(timestamp="2026-03-12T06:14:30Z", message="LINE", source_type="file"),
    "Graylog": ship(version="1.1", short_message="LINE", timestamp=1773296070.25),
    "CloudWatch": ship(timestamp=1773296070250, message="LINE", ingestionTime=1773296071000),
    "Google's logging": ship(textPayload="LINE", timestamp="2026-03-12T06:14:30.5Z", resource={"type": "x"}),
    "logcli": ship(line="LINE", labels={}, timestamp="2026-03-12T06:14:30.5Z"),
    "a shipper of syslog": lambda line: json.dumps({"message": f"Mar 12 02:14:30 pbx asterisk[4711]: {line}"}),
}  # fmt: skip
WITHOUT_TIME = {
    "nothing", "docker compose logs", "docker compose logs, coloured", "kubectl logs --prefix",
    "podman logs with names", "what grep found in files", "what grep -n found in files", "what grep -n found",
    "indented by whoever copied it", "the first line of a file with a byte order mark",
}  # fmt: skip


def reader(name: str) -> Format:
    return formats()[name](FormatOptions(pbx="hq", zone=NEW_YORK, year=2026, keyed_hash=str))


def read(name: str, *lines: str) -> list[object]:
    log = reader(name)
    found = [record for line in lines for record in log.read(line.encode())]
    found += log.close()
    assert not log.unread.total, log.unread.counts
    return found


def refused(name: str, *lines: str) -> Registration:
    (event,) = read(name, *lines)
    assert isinstance(event, Registration)
    assert (event.outcome, event.account, event.source_ip) == ("rejected", "2100", "203.0.113.66")
    return event


@pytest.mark.parametrize("line", [OWN, f"[Mar 12 02:14:30] {SECURE}", COLOURED, OCTAL, CARET], ids=[
    "messages", "security", "coloured", "colours as digits", "colours as cat -v shows them"])  # fmt: skip
@pytest.mark.parametrize("carrier", PLAIN)
def test_asterisk_is_read_whatever_carries_it(carrier: str, line: str) -> None:
    if carrier in WITHOUT_TIME and not line.startswith("["):
        line = f"[2026-03-12 02:14:30] {line}"
    event = refused("asterisk-log", PLAIN[carrier](line))
    assert abs((event.at - AT).total_seconds()) < 1


@pytest.mark.parametrize("carrier", PLAIN)
def test_freeswitch_is_read_whatever_carries_it(carrier: str) -> None:
    assert refused("freeswitch-log", PLAIN[carrier](SWITCH)).at == AT


@pytest.mark.parametrize("carrier", sorted(PLAIN.keys() - WITHOUT_TIME))
def test_a_line_without_a_time_happened_when_its_carrier_says(carrier: str) -> None:
    assert abs((refused("asterisk-log", PLAIN[carrier](BARE)).at - AT).total_seconds()) < 1


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("Mar  2 02:14:30", datetime(2026, 3, 2, 7, 14, 30, tzinfo=UTC)),
        ("Mar 2 02:14:30", datetime(2026, 3, 2, 7, 14, 30, tzinfo=UTC)),
        ("Mar 12 02:14:30.123", datetime(2026, 3, 12, 6, 14, 30, 123_000, tzinfo=UTC)),
        ("2026-03-12 02:14:30", AT),
        ("2026-03-12T02:14:30", AT),
        ("2026-03-12 02:14:30.250", datetime(2026, 3, 12, 6, 14, 30, 250_000, tzinfo=UTC)),
        ("2026-03-12T02:14:30.123456789", datetime(2026, 3, 12, 6, 14, 30, 123_456, tzinfo=UTC)),
        ("2026-03-12 02:14:30,5", datetime(2026, 3, 12, 6, 14, 30, 500_000, tzinfo=UTC)),
        ("2026-03-12T06:14:30Z", AT),
        ("2026-03-12T02:14:30-0400", AT),
    ],
)
def test_times_with_and_without_year_zone_and_fraction(stamp: str, expected: datetime) -> None:
    assert refused("asterisk-log", f"[{stamp}] {BARE}").at == expected
    assert refused("asterisk-log", f"{stamp} pbx-3 asterisk[4711]: {BARE}").at == expected


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("1773296070", AT),
        ("1773296070.25", datetime(2026, 3, 12, 6, 14, 30, 250_000, tzinfo=UTC)),
        ("2026/03/12 02:14:30", AT),
        ("12/Mar/2026:02:14:30", AT),
        ("12 Mar 2026 02:14:30.5", datetime(2026, 3, 12, 6, 14, 30, 500_000, tzinfo=UTC)),
        ("Thu Mar 12 02:14:30 2026", AT),
        ("Mar 12 2026 02:14:30", AT),
        ("Mar 12, 2026 02:14:30", AT),
    ],
)
def test_times_in_the_shapes_that_dateformat_can_give_them(stamp: str, expected: datetime) -> None:
    assert refused("asterisk-log", f"[{stamp}] {BARE}").at == expected
    assert refused("asterisk-log", f"Mar 12 02:14:30 pbx-3 asterisk[4711]: [{stamp}] {BARE}").at == expected


@pytest.mark.parametrize(
    "stamp", ["12/03/2026 02:14:30", "2026/13/12 02:14:30", "31 Feb 2026 02:14:30", "1773", "noon"]
)
def test_a_time_that_cannot_be_told_is_none(stamp: str) -> None:
    records = read("asterisk-log", f"[{stamp:5}] {BARE}")
    assert [type(record) for record in records] == [Rejected]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([f"Mar 12 02:14:31 pbx asterisk[9]: message repeated 4 times: [ {BARE}]"], 4),
        ([f"Mar 12 02:14:31 pbx asterisk[9]: message repeated 4 times: [{OWN}]"], 4),
        ([f"<133>Mar 12 02:14:31 pbx asterisk[9]: message repeated 1 times: [ {BARE}]"], 1),
    ],
    ids=["as rsyslog writes it", "with its own time", "once more"],
)
def test_a_repeated_line_counts_as_often_as_it_was_written(lines: list[str], count: int) -> None:
    assert refused("asterisk-log", *lines).count == count


def test_the_last_line_may_be_said_to_be_repeated() -> None:
    head = "Mar 12 02:14:30 pbx "
    first, more = read(
        "asterisk-log", f"{head}asterisk[9]: {BARE}", "Mar 12 02:15:00 pbx last message repeated 5 times"
    )
    assert isinstance(first, Registration)
    assert isinstance(more, Registration)
    assert (first.count, more.count, more.account) == (1, 5, "2100")
    assert read("asterisk-log", f"{head}cron[1]: x", f"{head}last message repeated 5 times") == []
    assert (
        len(read("asterisk-log", f"{head}a[9]: {BARE}", f"{head}cron[1]: x", f"{head}last message repeated 5 times"))
        == 1
    )


def test_repeated_logins_are_counted_and_repeated_calls_are_told() -> None:
    head = "Mar 12 02:14:31 pbx asterisk[9]: message repeated 3 times: "
    (login,) = read("asterisk-log", f"{head}[ NOTICE[1] manager.c: 203.0.113.66 failed to authenticate as 'admin']")
    assert isinstance(login, Login)
    assert login.count == 3
    log = reader("asterisk-log")
    call = "Call from '' (203.0.113.66:5070) to extension '00972' rejected because extension not found in context 'g'."
    found = [*log.read(f"{head}[ NOTICE[1] chan_sip.c: {call}]".encode()), *log.close()]
    assert [type(record) for record in found] == [Call]
    assert (log.unread.total, list(log.unread.counts)) == (2, ["a repeated line of what bears no count"])


def test_lines_of_one_attempt_are_one_also_where_syslog_folds_them() -> None:
    """pjsip writes one line for each of two requests; alike, they are one line and a repetition."""
    line = ("NOTICE[1] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:2100@h>' failed for "
            "'203.0.113.66:50000' (callid: 7@x) - No matching endpoint found")  # fmt: skip
    head = "Mar 12 02:14:30 pbx asterisk[9]: "
    assert refused("asterisk-log", head + line, f"{head}message repeated 1 times: [ {line}]").count == 1
    first, more = read("asterisk-log", head + line, f"{head}message repeated 5 times: [ {line}]")
    assert isinstance(first, Registration)
    assert isinstance(more, Registration)
    assert first.count + more.count == 3


@pytest.mark.parametrize("name", ["asterisk-log", "freeswitch-log"])
def test_what_journalctl_hides_is_told(name: str) -> None:
    log = reader(name)
    assert list(log.read(b"Mar 12 02:14:30 pbx-3 asterisk[4711]: [118B blob data]")) == []
    (reason,) = log.unread.counts
    assert reason == "hidden by journalctl, because of colours: use -a, or -o json"


@pytest.mark.parametrize(
    "line",
    [
        f"[2026-03-12 02:14:30] VERBOSE[1] pbx.c: Executing NoOp({SAID})",
        f"Mar 12 02:14:30 pbx sshd[4711]: {SAID}",
        f"Mar 12 02:14:30 pbx asterisk[4711]: [2026-03-12 02:14:30] VERBOSE[1] pbx.c: {OWN}",
        json.dumps({"message": f"[2026-03-12 02:14:30] VERBOSE[1] app_dial.c: {OWN}"}),
    ],
    ids=["another module", "another program", "a line within a line", "a line within a shipped line"],
)
def test_what_others_quote_is_no_line_of_ours(line: str) -> None:
    log = reader("asterisk-log")
    assert [*log.read(line.encode()), *log.close()] == []


@given(st.text(max_size=200) | st.sampled_from([make(OWN) for make in PLAIN.values()]), st.integers(0, 200))
def test_anything_is_unwrapped_without_an_error(text: str, cut: int) -> None:
    carried = unwrap(text[cut:].encode("utf-8", "surrogatepass"))
    assert carried.times >= 1
    assert not isinstance(carried.text, Rejected)
