"""Whose a channel is: what the PBX says of it comes before the shape of its name."""

import pytest

from detector.formats.asterisk.asterisk_owners import Owners, Peer, way_out
from detector.formats.parties import Parties, route_by

NAMED = Parties(trunks=frozenset({"4711", "carrier-dead"}), extensions=frozenset({"alice", "front-desk-1a"}))


def shown(peer: Peer | None) -> tuple[str, str] | None:
    return None if peer is None else (peer.name, peer.side)


@pytest.mark.parametrize(
    ("channel", "context", "number", "expected"),
    [
        ("SIP/1001-00000012", "phones", "1001", ("1001", "extension")),
        ("PJSIP/1001-0000000f", "whatever", "1001", ("1001", "extension")),
        ("SIP/1001", "from-internal", "1001", ("1001", "extension")),
        ("SIP/alice-00000012", "office", "alice", ("alice", "extension")),
        ("SIP/bob-00000012", "office", "bob", ("bob", "extension")),
        ("SIP/bob-00000012", "office", "1002", ("bob", "extension")),
        ("PJSIP/z77kvmq2-00000100", "default-internal", "12125550100", ("z77kvmq2", "extension")),
        ("PJSIP/gw_20-00000100", "office", "12125550100", ("gw_20", "trunk")),
        ("PJSIP/gw_20-00000100", "from-provider", "1002", ("gw_20", "trunk")),
        ("SIP/11577-00000800", "from-trunk", "12125550100", ("11577", "trunk")),
        ("SIP/4711-00000800", "from-internal", "4711", ("4711", "trunk")),
        ("SIP/carrier-dead", "office", "12125550100", ("carrier-dead", "trunk")),
        ("SIP/front-desk-1a", "from-trunk", "12", ("front-desk-1a", "extension")),
        ("IAX2/branch-12", "from-pstn", "2001", ("branch", "trunk")),
        ("DAHDI/1-1", "from-internal", "2101", ("DAHDI/1", "extension")),
        ("DAHDI/i1/12125550100-5", "from-pstn", "12125550100", ("DAHDI/i1", "trunk")),
        ("DAHDI/4-1", "from-zaptel", "12125550100", ("DAHDI/4", "trunk")),
        ("Dongle/LIFE-010000003c", "from-gsm", "+380", ("Dongle/LIFE", "trunk")),
        ("TELCHAN/5/1", "from-internal", "8001", ("TELCHAN/5", "extension")),
        ("PJSIP/anonymous-00001000", "from-internal", "100", ("anonymous", "guest")),
        ("SIP/192.0.2.9-0000002d", "phones", "1001", ("192.0.2.9", "guest")),
        ("SIP/2104-0000002d", "from-sip-external", "2104", ("2104", "guest")),
        ("Local/2104@from-internal-00000001;2", "from-internal", "2104", ("2104", "local")),
        ("AsyncGoto/SIP/1001-00000012", "phones", "1001", ("1001", "extension")),
        ("Parked/PJSIP/carrier-a-00000012", "park-dial", "12125550100", ("carrier-a", "trunk")),
        ("Transfered/SIP/1001-00000012<ZOMBIE>", "phones", "1001", ("1001", "extension")),
        ("SIP/1001-00000012<MASQ>", "phones", "1001", ("1001", "extension")),
        ("SCCP/1001-00000012", "phones", "1001", ("1001", "extension")),
        ("ConfBridgeRecorder/conf-600-uid-1", "default", "", ("conf-600-uid", "local")),
        ("Message/ast_msg_queue", "default", "", ("ast_msg_queue", "local")),
        ("SIP/bob-00000012", "LocalSets", "12125550100", ("bob", "extension")),
        ("SIP/bob-00000012", "from-phones", "12125550100", ("bob", "extension")),
        ("SIP/bob-00000012", "outgoing", "12125550100", ("bob", "extension")),
        ("PJSIP/1001-0000000f", "outbound-world", "1001", ("1001", "extension")),
        ("SIP/1001-0000000f", "macro-dialout-trunk", "1001", ("1001", "extension")),
        ("SIP/1001-0000000f", "to-pstn", "1001", ("1001", "extension")),
        ("SIP/11577-0000000f", "outside-world", "2001", ("11577", "trunk")),
        ("SIP/11577-0000000f", "my_carrier_in", "2001", ("11577", "trunk")),
        ("DAHDI/4-1", "from-analog", "2000", ("DAHDI/4", "trunk")),
        ("PJSIP/carrier-a-00000012", "ext-local", "2000", ("carrier-a", "trunk")),
        ("PJSIP/carrier-a-00000012", "ext-queues", "", ("carrier-a", "trunk")),
        ("SIP/11577-00000800", "ext-group", "12125550100", ("11577", "trunk")),
        ("SIP/1001-00000012", "ext-local", "1001", ("1001", "extension")),
        ("SIP/1001-00000012", "ivr-3", "1001", ("1001", "extension")),
        ("", "", "", None),
        ("no channel", "", "", None),
    ],
)
def test_who_calls(channel: str, context: str, number: str, expected: tuple[str, str] | None) -> None:
    assert shown(Owners(NAMED).caller(channel, context, number)) == expected


@pytest.mark.parametrize(
    ("channel", "data", "application", "expected"),
    [
        ("SIP/carrier-a-1", "SIP/carrier-a/0112526,30", "Dial", ("carrier-a", "trunk")),
        ("PJSIP/carrier-a-1", "PJSIP/0112526@carrier-a,30", "Dial", ("carrier-a", "trunk")),
        ("PJSIP/11577-1", "PJSIP/11577/sip:0112526123456@sip.carrier.example:5060,30", "Dial", ("11577", "trunk")),
        ("SIP/11577-00000800", "SIP/11577/011252612345600,300,T", "Dial", ("11577", "trunk")),
        ("SIP/bob-1", "SIP/bob,30", "Dial", ("bob", "extension")),
        ("SIP/bob-1", "SIP/alice&SIP/bob&SIP/1003,30", "Dial", ("bob", "extension")),
        ("PJSIP/bob-1", "PJSIP/bob/sip:bob@10.0.0.7:5060&PJSIP/bob/sip:x1y2@10.0.0.8,30", "Dial", ("bob", "extension")),
        ("PJSIP/1001-1", "PJSIP/1001/sip:1001@192.0.2.7:5060,30", "Dial", ("1001", "extension")),
        ("SIP/bob-1", "support,t,,,300", "Queue", ("bob", "extension")),
        ("SIP/carrier-a-1", "", "Dial", ("carrier-a", "trunk")),
        ("DAHDI/1-1", "DAHDI/g0/0112526123456,30", "Dial", ("DAHDI/1", "trunk")),
        ("DAHDI/5-1", "DAHDI/5,30,t", "Dial", ("DAHDI/5", "extension")),
        ("DAHDI/i1/12125550111-4", "DAHDI/g0/12125550111", "Dial", ("DAHDI/i1", "trunk")),
        ("Local/600@from-queue-0001;1", "Local/600@from-queue/n", "Dial", ("600", "local")),
        ("PJSIP/1001-1", "PJSIP/1001/sip:83920481@192.0.2.7:5060;transport=ws,20", "Dial", ("1001", "extension")),
        ("PJSIP/11577-1", "PJSIP/11577/sip:+12125550111@carrier.example,20", "Dial", ("11577", "trunk")),
        ("SIP/198.51.100.10-1", "SIP/0112526123456@198.51.100.10,30", "Dial", ("198.51.100.10", "trunk")),
        ("SIP/198.51.100.10-1", "SIP/1001,30", "Dial", ("198.51.100.10", "guest")),
        ("", "", "", None),
    ],
)
def test_who_is_called(channel: str, data: str, application: str, expected: tuple[str, str] | None) -> None:
    owners = Owners(NAMED)
    owners.learn(data)
    assert shown(owners.called(channel, application)) == expected


@pytest.mark.parametrize(
    ("channel", "data", "expected"),
    [
        ("SIP/carrier-a-1", "SIP/carrier-a/0112526123456,30", "carrier-a"),
        ("PJSIP/carrier-a-1", "PJSIP/0112526123456@carrier-a", "carrier-a"),
        ("SIP/carrier-a-1", "", "carrier-a"),
        ("DAHDI/1-1", "DAHDI/g0/0112526123456,30", "DAHDI/g0"),
        ("DAHDI/i1/12125550111-4", "DAHDI/g0/12125550111", "DAHDI/g0"),
        ("DAHDI/2-1", "SIP/carrier-a/0112526123456&DAHDI/r1/0112526123456", "DAHDI/r1"),
        ("mISDN/3-u12", "mISDN/g:isdn/0112526123456", "mISDN/g:isdn"),
        ("DAHDI/i1/12125550111-4", "", "DAHDI/i1"),
        ("SIP/1002-1", "SIP/1002,30", ""),
        ("DAHDI/5-1", "DAHDI/5,30,t", ""),
        ("Local/600@from-queue-0001;1", "Local/600@from-queue/n", ""),
        ("", "", ""),
    ],
)
def test_what_is_called_through(channel: str, data: str, expected: str) -> None:
    owners = Owners(NAMED)
    owners.learn(data)
    assert way_out(owners.called(channel), data) == expected


@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        (("phones",), "carrier-a"),
        (("from-internal", "outrt-3"), "outrt-3"),
        (("outbound-international", "outrt-3"), "outbound-international"),
        (("Route_Mobile",), "Route_Mobile"),
        (("outbound-allroutes",), "carrier-a"),
        (("macro-dialout-trunk", "from-internal"), "carrier-a"),
        (("outbound",), "carrier-a"),
        (("outrt-" + "9" * 200,), "carrier-a"),
        ((), "carrier-a"),
    ],
)
def test_a_context_of_its_own_is_a_route(contexts: tuple[str, ...], expected: str) -> None:
    assert route_by("carrier-a", *contexts) == expected


@pytest.mark.parametrize(
    ("name", "context", "outside"),
    [
        ("carrier-a", "from-trunk", True),
        ("carrier-a", "from-provider", True),
        ("4711", "phones", True),
        ("alice", "from-trunk", False),
        ("carrier-a", "from-internal", False),
        ("carrier-a", "default", False),
        ("1001", "default", False),
    ],
)
def test_whose_call_is_certainly_one_of_a_trunk(name: str, context: str, outside: bool) -> None:
    owners = Owners(NAMED)
    assert owners.from_outside(name, context) is outside
    assert not owners.guessed


def test_what_the_dialplan_has_rung_is_known_when_it_calls() -> None:
    owners = Owners(Parties())
    owners.learn("SIP/bob&SIP/1003,30")
    owners.learn("SIP/11577/011252612345600")
    assert shown(owners.caller("SIP/bob-1", "office", "12125550100")) == ("bob", "extension")
    assert shown(owners.caller("SIP/11577-1", "office", "12125550100")) == ("11577", "trunk")
    assert not owners.guessed


@pytest.mark.parametrize(
    ("name", "context", "number", "side"),
    [("carrier-a", "office", "12125550100", "trunk"), ("1001", "office", "12125550100", "extension"),
     ("bob", "office", "1002", "extension")],
)  # fmt: skip
def test_what_nothing_tells_is_a_guess_and_said_to_be_one(name: str, context: str, number: str, side: str) -> None:
    owners = Owners(Parties())
    assert shown(owners.caller(f"SIP/{name}-1", context, number)) == (name, side)
    assert owners.guessed == {name: side}


def test_what_is_configured_is_no_guess() -> None:
    owners = Owners(NAMED)
    owners.caller("SIP/4711-1", "office", "4711")
    owners.caller("SIP/alice-1", "office", "12125550100")
    owners.called("SIP/4711-1")
    assert not owners.guessed


def test_what_is_remembered_is_bounded() -> None:
    owners = Owners(Parties())
    for number in range(6_000):
        owners.learn(f"SIP/carrier-{number}/0112526123456")
        owners.caller(f"SIP/other-{number}x-1", "office", "12125550100")
    assert len(owners.guessed) == len(owners._told) == 4_096
