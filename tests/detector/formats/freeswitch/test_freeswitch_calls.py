"""FreeSWITCH's calls: each leg that goes outside, to the number that is really called, in the name of who sends it."""

from datetime import UTC

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import Call
from detector.formats import FormatOptions, formats
from detector.formats.freeswitch.freeswitch_names import lines_of
from detector.formats.parties import Parties

A, B, C = (f"{n:08x}-0000-4000-8000-{n:012x}" for n in (1, 2, 3))
SENT, OTHER = "01188213200100", "13125550111"
PHONE, CARRIER, OUT = "sofia/internal/1001@pbx.example", "sofia/external/13125550000@198.51.100.10", "sofia/external/"
DESK = "sofia/internal/1002@198.51.100.77:5060"
GATEWAY = f"sofia/gateway/carrier-a/{SENT}"


def told(uuid: str, second: int, text: str, file: str = "sofia.c:1") -> str:
    return f"{uuid} 2026-05-07 09:30:{second:02}.000000 95.50% [NOTICE] {file} {text}"


def new(uuid: str, second: int, name: str, source: str = "") -> list[str]:
    invite = [told(uuid, second, f"{name} receiving invite from {source}:5060 version: 1.10.12 call-id: x")]
    return [told(uuid, second, f"New Channel {name} [{uuid}]"), *(invite if source else [])]


def routed(uuid: str, second: int, number: str, to: str, context: str = "default") -> str:
    return told(uuid, second, f"Processing {number} <{number}>->{to} in context {context}", "mod_dialplan_xml.c:1")


def bridged(uuid: str, second: int, name: str, dial: str) -> list[str]:
    return [told(uuid, second, "looking"), f"{uuid} EXECUTE [depth=0] {name} bridge({dial})"]


def answered(uuid: str, second: int, name: str) -> str:
    return told(uuid, second, f"Channel [{name}] has been answered")


def hung_up(uuid: str, second: int, name: str, cause: str = "NORMAL_CLEARING") -> str:
    return told(uuid, second, f"Hangup {name} [CS_EXECUTE] [{cause}]")


def dialled(to: str) -> list[str]:
    """1001 calls."""
    return [*new(A, 0, PHONE, "198.51.100.77"), routed(A, 0, "1001", to)]


def came_in(*to: str, context: str = "default") -> list[str]:
    """A call of the carrier, sent on within the dialplan."""
    sent_on = [routed(A, 0, "13125550000", each, context) for each in to]
    return [*new(A, 0, CARRIER, "198.51.100.10"), routed(A, 0, "13125550000", "12125550100", "public"), *sent_on]


def far(uuid: str, number: str, begins: int = 1) -> list[str]:
    """The channel to a gateway, which tells the number alone."""
    return [
        *new(uuid, begins, OUT + number),
        answered(uuid, 3, OUT + number),
        hung_up(uuid, 30, OUT + number),
    ]


REFER = told(B, 9, f"Process REFER to [{SENT}@pbx.example]", "sofia.c:8544")
LOOP = f"loopback/{SENT}-b"
CALLS: dict[str, tuple[list[str], list[tuple[object, ...]]]] = {
    "an extension calls": (
        [*dialled(SENT), *bridged(A, 0, PHONE, GATEWAY), *far(B, SENT), hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, SENT, "carrier-a", "direct")],
    ),
    "an extension calls, and debug lines are left out": (
        [*dialled(f"9{SENT}"), *far(B, SENT), hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, f"9{SENT}", None, "direct")],
    ),
    "an extension calls another, which forwards": (
        [*dialled("2104"), *bridged(A, 0, PHONE, GATEWAY), *far(B, SENT), hung_up(A, 30, PHONE)],
        [("outbound", "1001", "2104", SENT, "carrier-a", "forward")],
    ),
    "a speed dial": (
        [*dialled("*721"), *bridged(A, 0, PHONE, GATEWAY), hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, SENT, "carrier-a", "direct")],
    ),
    "one number after the other on one channel": (
        [*dialled(OTHER), *bridged(A, 0, PHONE, f"sofia/gateway/carrier-a/{OTHER}"), routed(A, 5, "1001", SENT),
         *bridged(A, 5, PHONE, GATEWAY), hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, OTHER, "carrier-a", "direct"),
         ("outbound", "1001", None, SENT, "carrier-a", "direct")],
    ),
    "one carrier fails, another takes it": (
        [*dialled(SENT), *bridged(A, 0, PHONE, GATEWAY), *bridged(A, 5, PHONE, f"sofia/gateway/carrier-b/{SENT}"),
         hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, SENT, "carrier-a", "direct")],
    ),
    "a call that came in is forwarded": (
        [*came_in("2104"), *bridged(A, 0, CARRIER, f"user/2104@pbx.example,{GATEWAY}"), *far(B, SENT),
         hung_up(A, 30, CARRIER)],
        [("transit", None, "2104", SENT, "carrier-a", "forward")],
    ),
    "it is forwarded, and debug lines are left out": (
        [*came_in("2104"), *far(B, SENT), hung_up(A, 30, CARRIER)],
        [("outbound", None, None, SENT, "external", "direct")],
    ),
    "it is forwarded by a call of the PBX to itself": (
        [*came_in("2104", context="pbx.example"), *bridged(A, 0, CARRIER, f"{{x=y}}loopback/{SENT}/pbx.example"),
         *new(C, 1, LOOP), routed(C, 1, "13125550000", SENT, "pbx.example"), *bridged(C, 1, LOOP, GATEWAY),
         *far(B, SENT), answered(C, 3, LOOP), hung_up(C, 30, LOOP), hung_up(A, 30, CARRIER)],
        [("transit", None, "2104", SENT, "carrier-a", "forward")],
    ),
    "it is forwarded to two numbers at once": (
        [*came_in("2104"), *bridged(A, 0, CARRIER, f"{GATEWAY},sofia/gateway/carrier-a/{OTHER}"),
         hung_up(A, 30, CARRIER)],
        [("transit", None, "2104", SENT, "carrier-a", "forward"),
         ("transit", None, "2104", OTHER, "carrier-a", "forward")],
    ),
    "whoever was called transfers it": (
        [*came_in("1002"), *bridged(A, 0, CARRIER, "user/1002@pbx.example"), *new(B, 1, DESK), answered(B, 3, DESK),
         answered(A, 3, CARRIER), REFER, routed(A, 9, "13125550000", SENT), *bridged(A, 9, CARRIER, GATEWAY),
         hung_up(B, 9, DESK), hung_up(A, 30, CARRIER)],
        [("transit", None, "1002", SENT, "carrier-a", "transfer")],
    ),
    "whoever called transfers the other end": (
        [*new(B, 0, DESK, "198.51.100.77"), routed(B, 0, "1002", OTHER),
         *bridged(B, 0, DESK, f"sofia/gateway/carrier-a/{OTHER}"), *new(C, 1, OUT + OTHER), REFER,
         routed(C, 9, OTHER, SENT), *bridged(C, 9, OUT + OTHER, GATEWAY), hung_up(B, 9, DESK),
         hung_up(C, 30, OUT + OTHER)],
        [("outbound", "1002", None, OTHER, "carrier-a", "direct"),
         ("transit", None, "1002", SENT, "carrier-a", "transfer")],
    ),
    "a program calls, nobody else": (far(B, SENT), [("outbound", None, None, SENT, "external", "direct")]),
    "a conference calls two numbers": (
        [*dialled("3000"), *far(B, SENT), *far(C, OTHER), hung_up(A, 30, PHONE)],
        [("outbound", None, None, SENT, "external", "direct"), ("outbound", None, None, OTHER, "external", "direct")],
    ),
    "over a line of its own": (
        [*dialled(SENT), *bridged(A, 0, PHONE, f"freetdm/1/a/{SENT}"), hung_up(A, 30, PHONE)],
        [("outbound", "1001", None, SENT, "freetdm/1", "direct")],
    ),
    "from a browser": (
        [*new(A, 0, "verto.rtc/1001"), routed(A, 0, "1001", SENT), *bridged(A, 0, "verto.rtc/1001", GATEWAY),
         hung_up(A, 30, "verto.rtc/1001")],
        [("outbound", "1001", None, SENT, "carrier-a", "direct")],
    ),
    "by somebody who has a name": (
        [*new(A, 0, "sofia/internal/alice@pbx.example"), routed(A, 0, "alice", SENT),
         *bridged(A, 0, "sofia/internal/alice@pbx.example", GATEWAY),
         hung_up(A, 30, "sofia/internal/alice@pbx.example")],
        [("outbound", "alice", None, SENT, "carrier-a", "direct")],
    ),
    "between two of ours, by the carriers' profile": ([*new(B, 1, "sofia/external/1002")], []),
}  # fmt: skip


def read(lines: list[str]) -> list[Call]:
    log = formats()["freeswitch-log"](FormatOptions(pbx="hq", zone=UTC, year=None, keyed_hash=str))
    found = [record for line in lines for record in log.read(line.encode())]
    assert not [record for record in found if isinstance(record, Rejected)]
    assert log.unread.total == 0
    return [record for record in found if isinstance(record, Call)]


@pytest.mark.parametrize("name", CALLS)
def test_legs_that_go_outside(name: str) -> None:
    lines, wanted = CALLS[name]
    last: dict[tuple[str, str | None], Call] = {}
    begun, over = 0, 0
    for call in read(lines):
        last[call.call_id, call.leg] = call
        begun += call.phase == "started" and call.revision == 0
        over += call.phase == "ended"
    out = [call for call in last.values() if call.direction in {"outbound", "transit"}]
    assert [(c.direction, c.extension, c.on_behalf_of, c.to, c.trunk, c.via) for c in out] == wanted
    assert begun == over == len(last)


def test_of_two_numbers_one_after_the_other_the_first_is_over_when_the_second_begins() -> None:
    ends = [call for call in read(CALLS["one number after the other on one channel"][0]) if call.phase == "ended"]
    assert [(call.to, call.at.second) for call in ends] == [(OTHER, 5), (SENT, 30)]


@pytest.mark.parametrize(
    ("lines", "extension", "trunk"),
    [
        (came_in("2104"), "2104", "external"),
        (came_in("2104", "2105"), "2105", "external"),
        (came_in(), None, None),
        ([*new(A, 0, CARRIER, "198.51.100.10"), routed(A, 0, "13125550000", "2104", "tenant")], "2104", None),
        ([*came_in(), *bridged(A, 0, CARRIER, "user/2104@pbx.example")], None, "external"),
    ],
    ids=["sent on", "sent on twice", "to nobody", "to one who is not there", "rung at once"],
)
def test_for_whom_a_call_came_in_and_that_a_carrier_brought_it(
    lines: list[str], extension: str | None, trunk: str | None
) -> None:
    over = read([*lines, hung_up(A, 0, CARRIER, "NO_ROUTE_DESTINATION")])[-1]
    assert (over.direction, over.extension, over.trunk_in) == ("inbound", extension, trunk)


@pytest.mark.parametrize(("second", "cause"), [(1, "USER_BUSY"), (5, "CALL_REJECTED")], ids=["busy", "declined"])
def test_who_is_turned_away_only_later_came_by_a_carrier(second: int, cause: str) -> None:
    assert read([*came_in(), hung_up(A, second, CARRIER, cause)])[-1].trunk_in == "external"


@pytest.mark.parametrize(
    ("dial", "wanted"),
    [
        (GATEWAY, [("carrier-a", SENT)]),
        (f"{{a=b,c='d,e'}}[leg=1]sofia/gateway/1c6b0d3a-5a0f-4a5e-9f6b-0242ac130003/{SENT}",
         [("1c6b0d3a-5a0f-4a5e-9f6b-0242ac130003", SENT)]),
        (f"{GATEWAY}|sofia/gateway/carrier-b/{SENT}", [("carrier-a", SENT)]),
        (f"{GATEWAY}:_:sofia/gateway/carrier-b/9{SENT}", [("carrier-a", SENT)]),
        (f"{GATEWAY},sofia/gateway/carrier-a/{OTHER}", [("carrier-a", SENT), ("carrier-a", OTHER)]),
        (f"openzap/2/a/{SENT}", [("openzap/2", SENT)]),
        ("user/1001@pbx.example", []),
        ("error/user_busy", []),
        ("", []),
        (",".join(f"sofia/gateway/g/{n:08}" for n in range(99)), [("g", f"{n:08}") for n in range(8)]),
    ],
)  # fmt: skip
def test_lines_that_are_dialled(dial: str, wanted: list[tuple[str, str]]) -> None:
    assert [(line.trunk, line.to) for line in lines_of(dial, Parties())] == wanted


def test_a_caller_without_a_name_in_old_versions() -> None:
    bare = told(A, 0, f"Processing 1001->{SENT} in context default", "mod_dialplan_xml.c:1")
    (call,) = read([*new(A, 0, PHONE, "198.51.100.77"), bare])
    assert (call.direction, call.extension, call.to) == ("outbound", "1001", SENT)


def test_blanks_at_the_end_of_lines_change_nothing() -> None:
    for lines, _ in CALLS.values():
        assert read([line + " " for line in lines]) == read(lines)
