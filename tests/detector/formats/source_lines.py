"""Samples of what each source writes: the files and the tables of the tests of its format, and what these lack."""

import json
from typing import Any

from detector.formats.yeastar.yeastar_notices import LOGINS, NAMES
from tests.detector.formats.asterisk import test_asterisk_ami as ami
from tests.detector.formats.asterisk import test_asterisk_cdr as master
from tests.detector.formats.asterisk import test_asterisk_log as log
from tests.detector.formats.asterisk import test_asterisk_messages as messages
from tests.detector.formats.freeswitch import test_freeswitch_calls as freeswitch_calls
from tests.detector.formats.freeswitch import test_freeswitch_log as freeswitch
from tests.detector.formats.mutated import SOURCES, data, encoded
from tests.detector.formats.yeastar import test_yeastar_cdr as rows
from tests.detector.formats.yeastar import test_yeastar_events as pushed
from tests.detector.formats.yeastar import test_yeastar_frames as frames
from tests.hep import beside_samples, file_lines

THIEF = messages.THIEF
AMI_REQUESTS = ("RequestBadFormat", "RequestNotAllowed", "RequestNotSupported")
MANAGER = [
    f"{THIEF} failed to authenticate as 'admin'", f"{THIEF} tried to authenticate with nonexistent user 'ops'",
]  # fmt: skip
OUTSIDE = ["SIP/carrier-a-1", "from-trunk"]
FROM_OUTSIDE = {"channel": "SIP/carrier-a-1", "src": "12125550100", "context": "from-trunk"}
LOCAL = "Local/011252612345990@from-internal-0000000a;"
SYSTEM = (
    "The administrator admin has logged in the PBX web interface at 2026/03/14 02:11:57.\n"
    "The login is derived from the IP address: 203.0.113.9. PBX Name: HQ PBX SN: 1"
)


def of(source: str) -> list[list[bytes]]:
    """Lines of files, each file for itself."""
    return {
        "p-series": lambda: [data("yeastar-events.jsonl"), encoded(p_series())],
        "p-series-cdr": lambda: [
            data("yeastar-cdr.csv"),
            data("yeastar-cdr.json"),
            encoded(
                [
                    rows.row(dst_trunk=" ", src_trunk="carrier-a", call_type="Inbound", disposition="VOICEMAIL"),
                    rows.row(src_trunk="carrier-a", reason="1007 forwarded to 901125261234500", call_type="Inbound"),
                ]
            ),
        ],
        "asterisk-ami": lambda: [data("asterisk-ami.txt"), *[wire(one) for one in manager_interface()]],
        "asterisk-log": lambda: [SOURCES["asterisk-log"](), *[encoded(one) for one in [*security(), *said()]]],
        "asterisk-messages": lambda: [data("asterisk-messages.log"), *[encoded(one) for one in said()]],
        "asterisk-cdr": lambda: [data("asterisk-master.csv"), *[encoded(one) for one in records(master.line)]],
        "hep": lambda: [SOURCES["hep"]()],
        "hep-beside": lambda: [file_lines(beside_samples())],
        "freeswitch-log": lambda: [SOURCES["freeswitch-log"](), *[encoded(one) for one in freeswitch_says()]],
    }[source]()


def wire(frames: list[str]) -> list[bytes]:
    """Frames as they come, by their lines."""
    return "".join(frames).encode().splitlines(keepends=True)


def p_series() -> list[str]:
    """What is pushed of calls, phones and people."""
    came = {"received_at": pushed.CAME}
    ringing, gone = frames.extension("1008", "RING"), frames.extension("1008", "BYE")
    inside = frames.trunk("inbound", "12125550100", "12125550111", "ANSWERED", channel="PJSIP/c-1")
    outside = frames.trunk("outbound", "1008", "901125261234560", "ANSWER", channel="PJSIP/c-2")
    calls = [
        (30011, {"call_id": "1.1", "members": [inside, ringing]}),
        (30011, {"call_id": "1.1", "members": [inside, frames.extension("1008", "ANSWER")]}),
        (30014, {"call_id": "1.2", "members": [{**inside, **_ringing(inside)}, gone, _ringing(outside)]}),
        (30014, {"call_id": "1.2", "members": [inside, gone, outside]}),
        (30013, {"call_id": "1.3", "members": [inside, gone, _ringing(outside)]}),
        (30013, {"call_id": "1.3", "members": [inside, gone, outside]}),
        (30015, {"call_id": "1.4", "reason": "486 Busy Here", "members": [frames.extension("1008", "ALERT"), outside]}),
        (30012, pushed.ENDED | {"src_trunk_name": "carrier-a", "reason": "1007 forwarded to 901125261234560"}),
        (30012, pushed.ENDED | {"pin_code": "4711", "type": "Internal", "dst_trunk_name": " "}),
        (
            30012,
            pushed.ENDED
            | {"status": "VOICEMAIL", "type": "Inbound", "src_trunk_name": "carrier-a", "dst_trunk_name": " "},
        ),
        (30007, pushed.REGISTERED | {"status": "Unregistered"}),
    ]
    said = "Extension: 1007\nSIP trunk carrier-a has failed\nUsername: 1007\nIP address: 203.0.113.77\n"
    names = [*NAMES, "system_upgrade_completed", "new_system_firmware_detected", "system_restore"]
    system = [(30034, _event(name, SYSTEM)) for name in LOGINS] + [(30036, _event(name, said)) for name in names]
    return [json.dumps(pushed.frame(kind, message, **came)) for kind, message in [*calls, *system]]


def _ringing(member: dict[str, Any]) -> dict[str, Any]:
    return {side: {**fields, "member_status": "RING"} for side, fields in member.items()}


def _event(name: str, content: str) -> dict[str, str]:
    return {"event_name": name, "event_content": content, "create_time": "2026/03/14 03:11:57"}


def manager_interface() -> list[list[str]]:
    """What comes over the wire, each list from a connection of its own."""
    begun = [ami.newchannel(), ami.begin()]
    inward = [ami.newchannel(OUTSIDE[0], "12125550111", context=OUTSIDE[1]),
              ami.begin(OUTSIDE[0], "SIP/1008-2", sent="1008", number="12125550100")]  # fmt: skip
    moved = [ami.newchannel(OUTSIDE[0], "1006", context=OUTSIDE[1]), ami.transfer(), ami.begin(**ami.OUT_AGAIN)]
    sent_on = [
        ami.newchannel(OUTSIDE[0], "1006", context=OUTSIDE[1]),
        ami.begin(OUTSIDE[0], "SIP/1006-2", 1, destid="1.2", sent="1006", number="12125550100"),
        ami.newchannel(f"{LOCAL}2", "9011252612345990", "1.4", "from-internal"),
        ami.begin(f"{LOCAL}2", "SIP/carrier-a-9", 3, "1.4", ami.TRUNK, "carrier-a/011252612345990"),
    ]
    over = [ami.end(), ami.hangup()]
    failing = [[*begun, ami.end(status)] for status in ("BUSY", "NOANSWER", "CANCEL", "CONGESTION")]
    failing += [[*begun, ami.hangup(cause=cause)] for cause in (1, 17, 21, 34)]
    return [
        *failing,
        [*inward, *over],
        [*moved, ami.frame("DialEnd", Timestamp=ami.at(25), DestUniqueid="1.9", DialStatus="ANSWER"),
         ami.hangup(uniqueid="1.9")],
        [*sent_on, *over],
        *[[ami.newchannel(), ami.cdr(**changes)] for changes in _applications()],
        [ami.frame("PeerStatus", Timestamp=ami.at(0), Peer="SIP/carrier-a", PeerStatus="Unregistered")],
        [ami.frame("ContactStatus", Timestamp=ami.at(0), AOR="carrier-a", ContactStatus="Removed")],
        [ami.PONG, ami.frame("ContactList", Endpoint="1005", ViaAddr="203.0.113.9", UserAgent="eyeBeam")],
        [ami.frame("Registry", Timestamp=ami.at(0), Username="pbx2", Domain="sip.example", Status="Rejected")],
        *[[ami.secure(name, account, service, **more)] for name, account, service, more in _secure()],
        _stale(),
    ]  # fmt: skip


def _secure() -> list[tuple[str, str, str, dict[str, str]]]:
    return [
        ("SuccessfulAuth", "ops", "AMI", {}),
        ("InvalidPassword", "ops", "AMI", {}),
        *[(name, "ops", "AMI", {"RequestType": "Originate"}) for name in AMI_REQUESTS],
        ("SessionLimit", "9011972592345678", "SIP", {}),
        ("FailedACL", "00252612345678", "SIP", {"ACLName": "no_extension_match"}),
        ("FailedACL", "1005", "PJSIP", {"ACLName": "registrar_attempt_without_configured_aors"}),
    ]


def _stale() -> list[str]:
    return [ami.secure("ChallengeSent", "sip:1007@127.0.0.1", Challenge=f"n{n}", second=n) for n in range(1, 5)] + [
        ami.secure("FailedACL", "00252612345678", second=5, ACLName="no_extension_match")
    ]


def security() -> list[list[str]]:
    """What only the security log tells."""
    asked = [log.asked("sip:1007@127.0.0.1", nonce=f"n{n}", milli=600 + n) for n in range(4)]
    answered = log.security("FailedACL", "00252612345678", milli=650, tail=',ACLName="no_extension_match"')
    others = [("SuccessfulAuth", "SIP", "1005"), ("SuccessfulAuth", "AMI", "ops"), ("InvalidPassword", "AMI", "ops")]
    return [
        [*asked, answered],
        *[[log.security(name, account, service=service)] for name, service, account in others],
        *[[log.security(name, "ops", service="AMI", tail=',RequestType="Originate"')] for name in AMI_REQUESTS],
        [log.security("SessionLimit", "9011972592345678")],
        [log.security("FailedACL", service="PJSIP", tail=',ACLName="registrar_attempt_without_configured_aors"')],
    ]


def said() -> list[list[str]]:
    """What the log `messages` tells."""
    tables = messages.REGISTRATIONS | messages.CALLS | messages.NOTICES
    repeated = "Nov  4 18:30:40 pbx asterisk[32229]: message repeated 3 times: [ NOTICE[32257]: chan_sip.c: {}]"
    wrong = f"Registration from '<sip:2100@h>' failed for '{THIEF}' - Wrong password"
    return [
        *([line] for line, _ in tables.values()),
        *([messages.said(line, "manager.c")] for line in MANAGER),
        [messages.said("    -- Registered SIP '2100' at 10.0.0.9:5060", level="VERBOSE")],
        [repeated.format(wrong)],
        ["Nov  4 18:30:40 pbx asterisk[1]: message repeated 3 times: [ "
         f"NOTICE[32257]: manager.c: {THIEF} failed to authenticate as 'admin']"],
    ]  # fmt: skip


def _applications() -> list[dict[str, str]]:
    return [{"app": name, "dstchannel": "", "data": ""} for name in ("VoiceMail", "ConfBridge", "Queue", "DISA")]


def records(line: Any) -> list[list[str]]:
    """Call records, each list of a file."""
    local = {"channel": f"{LOCAL}2", "src": "12125550100"} | master.LINKED
    return [
        *[[line(**changes)] for changes in _applications()],
        [line(**FROM_OUTSIDE, dst="1008", dstchannel="SIP/1008-2")],
        [line(**FROM_OUTSIDE, dstchannel="SIP/carrier-b-2")],
        [
            line(**FROM_OUTSIDE, dst="1006", dstchannel="SIP/1006-2", **master.LINKED),
            line(**local, dstchannel="SIP/carrier-a-9"),
        ],
        [line(dst="1008", dstchannel="SIP/1008-2")],
    ]


def freeswitch_says() -> list[list[str]]:
    """What FreeSWITCH's log tells besides."""
    sent_on = freeswitch.through((3, f"sofia/gateway/carrier-a/{freeswitch.SENT}"))
    causes = ("UNALLOCATED_NUMBER", "CALL_REJECTED", "USER_BUSY", "ORIGINATOR_CANCEL", "SWITCH_CONGESTION", "NO_ANSWER",
              "OUTGOING_CALL_BARRED")  # fmt: skip
    return [
        [*sent_on[:4], *sent_on[5:-1], sent_on[4], sent_on[-1]],
        freeswitch_calls.CALLS["whoever was called transfers it"][0],
        *[freeswitch.call(cause=cause, answered=False) for cause in causes],
        *[[freeswitch.auth(what, method=method)] for what in ("failure", "challenge")
          for method in ("REGISTER", "INVITE", "SUBSCRIBE")],
        [freeswitch.said('IP 203.0.113.7 Rejected by acl "domains"', "sofia.c:1")],
        [freeswitch.said("carrier-a Failed Registration [503]. failure #6", "sofia_reg.c:2661", "ERR")],
    ]  # fmt: skip
