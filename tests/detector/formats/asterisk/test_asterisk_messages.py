"""What Asterisk 1.4 to 22 writes of whoever it turns away: chan_sip, pjsip, IAX2, the manager, FreePBX's dialplan."""

from datetime import UTC, datetime

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call, Login, Notice, Registration
from detector.formats import Format, FormatOptions, formats
from detector.formats.parties import TRUNK_CONTEXTS, Parties

THIEF, PORT = "203.0.113.66", "203.0.113.66:5070"
AT = datetime(2026, 3, 12, 2, 14, 30, tzinfo=UTC)
PJSIP = "res_pjsip/pjsip_distributor.c"


def reader(parties: Parties | None = None) -> Format:
    return formats()["asterisk-log"](
        FormatOptions(pbx="hq", zone=UTC, year=2026, keyed_hash=str, parties=parties or Parties())
    )


def said(text: str, file: str = "chan_sip.c", level: str = "NOTICE") -> str:
    return f"[2026-03-12 02:14:30] {level}[150] {file}: {text}"


def read(*lines: str) -> list[AnyEvent | Rejected]:
    log = reader()
    found = [record for line in lines for record in log.read(line.encode())]
    found += log.close()
    assert not log.unread.total, log.unread.counts
    return found  # type: ignore[return-value]


def pjsip(words: str, method: str = "'REGISTER' ", name: str = '"100" <sip:2100@h>') -> str:
    return said(f"Request {method}from '{name}' failed for '{PORT}' (callid: 7f@x) - {words}", PJSIP)


REGISTRATIONS = {
    "chan_sip, without a port": (
        said(f"Registration from '<sip:2100@h>' failed for '{THIEF}' - Wrong password"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "chan_sip, a name without brackets": (
        said(f"Registration from 'sip:2100@h' failed for '{PORT}' - Wrong password"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "chan_sip, a name that runs into its address": (
        said(f"Registration from '\"100\"sip:100@h' failed for '{PORT}' - No matching peer found"),
        ("REGISTER", "100", THIEF, "unknown_account"),
    ),
    "chan_sip, of another domain": (
        said(f"Registration from '\"100\"<sip:100@192.0.2.9:5060>' failed for '{THIEF}' - Not a local domain"),
        ("REGISTER", "100", THIEF, "unknown_domain"),
    ),
    "chan_sip 1.4, an ACL": (
        said(f"Registration from '<sip:2100@h>' failed for '{THIEF}' - ACL error (permit/deny)"),
        ("REGISTER", "2100", THIEF, "acl"),
    ),
    "chan_sip 1.8 to 12, an INVITE": (
        said('Failed to authenticate device "x" <sip:2100@192.0.2.10>;tag=d6b9'),
        ("INVITE", "2100", None, "bad_password"),
    ),
    "chan_sip 13 and later, an INVITE": (
        said("Failed to authenticate device <sip:2100@192.0.2.10>;tag=d6b9 for INVITE, code = -1"),
        ("INVITE", "2100", None, "bad_password"),
    ),
    "chan_sip, a subscription": (
        said("Failed to authenticate device <sip:2100@192.0.2.10>;tag=1 for SUBSCRIBE"),
        ("SUBSCRIBE", "2100", None, "bad_password"),
    ),
    "chan_sip 1.4, a user": (
        said("Failed to authenticate user <sip:2100@192.0.2.10>;tag=1"),
        ("INVITE", "2100", None, "bad_password"),
    ),
    "chan_sip, a name nobody has": (
        said("Sending fake auth rejection for device <sip:2100@192.0.2.10>;tag=1"),
        ("INVITE", "2100", None, "unknown_account"),
    ),
    "chan_sip, a name nobody has, and where it came from": (
        said(f'Sending fake auth rejection for device "r" <sip:girstwce@192.0.2.10>;tag=aQ ({PORT})'),
        ("INVITE", "girstwce", THIEF, "unknown_account"),
    ),
    "the same with the method": (
        said(f"Sending fake auth rejection for device <sip:2100@192.0.2.10>;tag=aQ (INVITE: {PORT})"),
        ("INVITE", "2100", THIEF, "unknown_account"),
    ),
    "syslog of Asterisk 1.8": (
        f"Nov 4 18:30:40 pbx asterisk[32229]: NOTICE[32257]: chan_sip.c:23417 in handle_request_register: "
        f"Registration from '<sip:301@h>' failed for '{PORT}' - Wrong password",
        ("REGISTER", "301", THIEF, "bad_password"),
    ),
    "a blank before the number of the thread": (
        f"[2026-03-12 02:14:30] NOTICE [150] chan_sip.c: Registration from '<sip:301@h>' failed for '{PORT}' - Wrong "
        "password",
        ("REGISTER", "301", THIEF, "bad_password"),
    ),
    "pjsip 12": (pjsip("Failed to authenticate", ""), ("REGISTER", "2100", THIEF, "bad_password")),
    "pjsip 13": (pjsip("Error to authenticate", ""), ("REGISTER", "2100", THIEF, "bad_password")),
    "pjsip, an INVITE": (pjsip("Failed to authenticate", "'INVITE' "), ("INVITE", "2100", THIEF, "bad_password")),
    "pjsip, unknown": (pjsip("No matching endpoint found"), ("REGISTER", "2100", THIEF, "unknown_account")),
    "pjsip, unknown, in time": (
        pjsip("No matching endpoint found after 5 tries in 3.027 ms"), ("REGISTER", "2100", THIEF, "unknown_account"),
    ),
    "pjsip, an ACL": (pjsip("Not match Endpoint ACL"), ("REGISTER", "2100", THIEF, "acl")),
    "pjsip, the ACL of contacts": (pjsip("Not match Endpoint Contact ACL"), ("REGISTER", "2100", THIEF, "acl")),
    "pjsip's registrar, a guest": (
        said(f"Endpoint 'anonymous' ({PORT}) has no configured AORs", "res_pjsip_registrar.c", "WARNING"),
        ("REGISTER", None, THIEF, "no_aor"),
    ),
    "the registrar of Asterisk 13, a guest": (
        said("Endpoint 'anonymous' has no configured AORs", "res_pjsip_registrar.c", "WARNING"),
        ("REGISTER", None, None, "no_aor"),
    ),
    "the registrar, a guest and another AOR": (
        said(f"AOR '2100' not found for endpoint 'anonymous' ({PORT})", "res_pjsip_registrar.c", "WARNING"),
        ("REGISTER", None, THIEF, "no_aor"),
    ),
    "IAX2, MD5": (
        said(f"Host {THIEF} failed MD5 authentication for '2100' (00ff != 53ac)", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "IAX2, with a port": (
        said(f"Host {THIEF}:4569 failed MD5 authentication for '2100' (00ff != 53ac)", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "IAX2, RSA": (
        said(f"Host {THIEF} failed RSA authentication with inkeys 'office'", "chan_iax2.c"),
        ("REGISTER", "office", THIEF, "bad_password"),
    ),
    "IAX2, plain text": (
        said(f"Host {THIEF} did not provide proper plaintext password for '2100'", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "IAX2, a call": (
        said(f"Host {THIEF} failed to authenticate as 2100", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "bad_password"),
    ),
    "IAX2, unknown": (
        said(f"No registration for peer '2100' (from {THIEF})", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "unknown_account"),
    ),
    "IAX2, an ACL": (
        said(f"Host {THIEF} denied access to register peer '2100'", "chan_iax2.c"),
        ("REGISTER", "2100", THIEF, "acl"),
    ),
    "IAX2, a fixed host": (
        said(f"Peer '2100' is not dynamic (from {THIEF})", "chan_iax2.c"), ("REGISTER", "2100", THIEF, "not_dynamic"),
    ),
    "IAX2, nobody": (
        said(f"Empty registration from {THIEF}", "chan_iax2.c"), ("REGISTER", None, THIEF, "bad_format"),
    ),
    "IAX2, an address of IPv6": (
        said("Host [2001:db8:bad::7]:4569 failed MD5 authentication for 'x' (0 != 1)", "chan_iax2.c"),
        ("REGISTER", "x", "2001:db8:bad::7", "bad_password"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_refused_credentials(name: str) -> None:
    line, expected = REGISTRATIONS[name]
    (event,) = read(line)
    assert isinstance(event, Registration)
    assert (event.method, event.account, event.source_ip, event.reason) == expected
    assert (event.outcome, event.trust) == ("rejected", "text")


GONE = "rejected because extension not found in context 'guest'."
CALLS = {
    "chan_sip, a guest": (said(f"Call from '' ({PORT}) to extension '00972' {GONE}"), (None, None, "00972", THIEF)),
    "chan_sip, one of ours": (
        said(f"Call from '2100' ({PORT}) to extension '00972' {GONE}"), ("2100", "outbound", "00972", THIEF),
    ),
    "chan_sip 1.6": (
        said("Call from '' to extension '00972' rejected because extension not found."), (None, None, "00972", None),
    ),
    "chan_sip 1.8, without an address": (
        said(f"Call from '' to extension '00972' {GONE}"), (None, None, "00972", None),
    ),
    "pjsip 13": (
        said(f"Call from 'anonymous' (UDP:{PORT}) to extension '00972' {GONE}", "res_pjsip_session.c"),
        (None, None, "00972", THIEF),
    ),
    "pjsip 16 and later": (
        said(f" anonymous: Call (TLS:{PORT}) to extension '00972' {GONE}", "res_pjsip_session.c"),
        (None, None, "00972", THIEF),
    ),
    "pjsip, one of ours": (
        said(f" 2100: Call (UDP:{PORT}) to extension '00972' {GONE}", "res_pjsip_session.c"),
        ("2100", "outbound", "00972", THIEF),
    ),
    "FreePBX's dialplan": (
        said(f'"Rejecting unknown SIP connection from {PORT}"', "Ext. s", "WARNING"), (None, None, None, THIEF),
    ),
    "FreePBX's dialplan, for a number": (
        said(f"Rejecting unknown SIP connection from {THIEF}", "Ext. 00972", "WARNING"), (None, None, None, THIEF),
    ),
    "IAX2": (
        said(f"Rejected connect attempt from {THIEF}, who was trying to reach '00972@default'", "chan_iax2.c"),
        (None, None, "00972", THIEF),
    ),
    "IAX2, another number": (
        said(f"Rejected connect attempt from {THIEF}:4569, request '00972@default' does not exist", "chan_iax2.c"),
        (None, None, "00972", THIEF),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_refused_calls(name: str) -> None:
    line, expected = CALLS[name]
    (event,) = read(line)
    assert isinstance(event, Call)
    assert (event.extension, event.direction, event.to, event.source_ip) == expected
    assert (event.phase, event.disposition, event.trust) == ("ended", "failed", "text")


TRUNK_CALLS = {
    "chan_sip": said(f"Call from 'carrier-a' ({PORT}) to extension '12125550100' {GONE}").replace(
        "'guest'", "'from-trunk'"
    ),
    "pjsip": said(
        f"carrier-a: Call (UDP:{PORT}) to extension '12125550100' {GONE}", "res_pjsip_session.c"
    ).replace("'guest'", "'from-pstn'"),
    "of a context that the configuration names": said(
        f"Call from 'carrier-a' ({PORT}) to extension '12125550100' {GONE}"
    ).replace("'guest'", "'ours'"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUNK_CALLS)
def test_a_trunk_that_calls_a_number_we_do_not_have_is_no_extension(name: str) -> None:
    log = reader(Parties(trunk_contexts=TRUNK_CONTEXTS | {"ours"}))
    (event,) = [*log.read(TRUNK_CALLS[name].encode()), *log.close()]
    assert isinstance(event, Call)
    assert (event.direction, event.extension, event.trunk_in) == ("inbound", None, "carrier-a")
    assert (event.from_, event.to, event.source_ip) == (None, "12125550100", THIEF)


def test_a_context_within_the_number_that_was_dialled_makes_nobody_a_trunk() -> None:
    forged = f"1' rejected because extension not found in context 'from-trunk'. ({PORT}) to extension '2"
    (event,) = read(said(f"Call from '2100' ({PORT}) to extension '{forged}' {GONE}"))
    assert isinstance(event, Call)
    assert (event.direction, event.extension, event.trunk_in) == ("outbound", "2100", None)


ACCEPTED = {
    "chan_sip": said(f"    -- Registered SIP '2100' at {PORT}", level="VERBOSE"),
    "pjsip": said(f"Added contact 'sip:2100@{PORT};x-ast-orig-host=10.0.0.5:5060' to AOR '2100' with expiration of "
                  "3600 seconds", "res_pjsip_registrar.c", "VERBOSE"),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize(("source", "forgiven"), [(PORT, True), ("203.0.113.67:5070", False)])
def test_a_refusal_is_forgiven_by_what_the_full_log_tells_of_the_same_phone(
    name: str, source: str, forgiven: bool
) -> None:
    refused = said(f"Registration from '<sip:2100@h>' failed for '{source}' - Wrong password")
    outcomes = [event.outcome for event in read(refused, ACCEPTED[name]) if isinstance(event, Registration)]
    assert sorted(outcomes) == (["accepted"] if forgiven else ["accepted", "rejected"])
    for event in read(ACCEPTED[name]):
        assert isinstance(event, Registration)
        assert event.source_ip is None  # what the phone wrote as its contact is no source


NOTICES = {
    "a probe with an unknown method": (said(f"Unknown SIP command 'FOO' from '{PORT}'"), ("sip_probe", THIEF, None)),
    "a probe with OPTIONS": (pjsip("No matching endpoint found", "'OPTIONS' "), ("sip_probe", THIEF, None)),
    "a patch of chan_sip": (said(f"hacking attempt detected '{THIEF}'"), ("sip_probe", THIEF, None)),
    "one of ours without an AOR": (
        said(f"Endpoint '2100' ({PORT}) has no configured AORs", "res_pjsip_registrar.c", "WARNING"),
        ("registrar_refused", THIEF, None),
    ),
    "one of ours with another AOR": (
        said(f"AOR '' not found for endpoint '2100' ({PORT})", "res_pjsip_registrar.c", "WARNING"),
        ("registrar_refused", THIEF, None),
    ),
    "one of ours with a phone too many": (
        said(f"Registration attempt from endpoint '2100' ({PORT}) to AOR '2100' will exceed max contacts of 1",
             "res_pjsip_registrar.c", "WARNING"),
        ("registrar_refused", THIEF, None),
    ),
    "one of ours with a phone too many, before Asterisk 16": (
        said("Registration attempt from endpoint '2100' to AOR '2100' will exceed max contacts of 1",
             "res_pjsip_registrar.c", "WARNING"),
        ("registrar_refused", None, None),
    ),
    "one of ours that may not register": (
        said(f"AOR '2100' has no configured max_contacts. Endpoint '2100' ({PORT}) unable to register",
             "res_pjsip_registrar.c", "WARNING"),
        ("registrar_refused", THIEF, None),
    ),
    "our registration at a carrier, chan_sip": (
        said("Failed to authenticate on REGISTER to 'sip:hq@carrier.example' (Tries 2)"),
        ("sip_trunk_registration_failed", None, "sip:hq@carrier.example"),
    ),
    "our registration at a carrier, chan_sip, forbidden": (
        said("Forbidden - wrong password on authentication for REGISTER for 'hq' to 'carrier.example'"),
        ("sip_trunk_registration_failed", None, "carrier.example"),
    ),
    "our registration at a carrier, pjsip": (
        said("Fatal response '403' received from 'sip:carrier.example' on registration attempt to "
             "'sip:hq@carrier.example', stopping outbound registration", "res_pjsip_outbound_registration.c"),
        ("sip_trunk_registration_failed", None, "sip:hq@carrier.example"),
    ),
    "our registration at a carrier, pjsip, forbidden for now": (
        said("403 Forbidden fatal response received from 'sip:carrier.example' on registration attempt to "
             "'sip:hq@carrier.example', retrying in '60' seconds", "res_pjsip_outbound_registration.c"),
        ("sip_trunk_registration_failed", None, "sip:hq@carrier.example"),
    ),
    "our registration at a carrier, pjsip, refused for now": (
        said("'404' fatal response received from 'sip:carrier.example' on registration attempt to "
             "'sip:hq@carrier.example', retrying in '60' seconds", "res_pjsip_outbound_registration.c"),
        ("sip_trunk_registration_failed", None, "sip:hq@carrier.example"),
    ),
    "an address that may not ask anything": (
        said(f"Incoming SIP message from {PORT} did not pass ACL test", "res_pjsip_acl.c", "WARNING"),
        ("acl_rejected", THIEF, None),
    ),
    "our registration at a carrier, IAX2": (
        said("Registration of 'hq' rejected: 'Registration Refused' from: '198.51.100.10'", "chan_iax2.c"),
        ("sip_trunk_registration_failed", None, "198.51.100.10"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICES)
def test_what_is_no_guess(name: str) -> None:
    line, expected = NOTICES[name]
    (event,) = read(line)
    assert isinstance(event, Notice)
    assert (event.name, event.source_ip, event.trunk) == expected


@pytest.mark.parametrize(
    ("lines", "logins"),
    [
        ([f"{THIEF} failed to authenticate as 'admin'"], [("admin", "bad_password")]),
        ([f"{THIEF} tried to authenticate with nonexistent user 'ops'"], [("ops", "unknown_account")]),
        ([f"{THIEF} tried to authenticate with nonexistent user 'ops'", f"{THIEF} failed to authenticate as 'ops'"],
         [("ops", "unknown_account")]),
        ([f"{THIEF} failed to pass IP ACL as 'admin'"], [("admin", "acl")]),
        ([f"Host {THIEF} failed to authenticate as 'admin'"], [("admin", "bad_password")]),
    ],
    ids=["a wrong password", "nobody's name", "nobody's name in two lines", "an ACL", "an old version"],
)  # fmt: skip
def test_the_manager(lines: list[str], logins: list[tuple[str, str]]) -> None:
    events = read(*(said(line, "manager.c") for line in lines))
    assert [(event.account, event.reason) for event in events if isinstance(event, Login)] == logins
    assert len(events) == len(logins)


@pytest.mark.parametrize(
    "line",
    [
        said("Failed to authenticate on INVITE to '<sip:1@carrier.example>;tag=as1'"),
        said("Forbidden - maybe wrong password on authentication for INVITE to '<sip:1@carrier.example>'"),
        said("Peer '2100' is now UNREACHABLE!  Last qualify: 12"),
        said("Retransmission timeout reached on transmission 7f@x for seqno 1 -- channel not found"),
        said("Endpoint '2100' state subscription failed: Extension '99' does not exist in context 'x' or has no hint",
             "res_pjsip_exten_state.c", "WARNING"),
        said(f"Friendly Scanner from {THIEF}", "Ext. 12125550100", "WARNING"),
        said("Executing Log(WARNING,Rejecting unknown)", "pbx.c", "VERBOSE"),
        said(f"SIP ACL: Rejecting '{THIEF}' due to a failure to pass ACL '(BASELINE)'", "acl.c"),
        said("Call rejected by 198.51.100.10: No authority found", "chan_iax2.c", "WARNING"),
        said(f"Call rejected, CallToken Support required. If unexpected, resolve by placing address {THIEF} in the "
             "calltokenoptional list or setting user guest requirecalltoken=no", "chan_iax2.c", "ERROR"),
        said("Failed to create outgoing session to endpoint '1001'", "res_pjsip_session.c", "ERROR"),
        said("Failed to parse Contact URI", level="WARNING"),
    ],
)  # fmt: skip
def test_what_is_known_and_accuses_nobody(line: str) -> None:
    log = reader()
    assert [*log.read(line.encode()), *log.close()] == []
    assert (log.ignored, log.unread.total) == (1, 0)


@pytest.mark.parametrize(
    "name",
    ["x' (from 198.51.100.10)", "x' (198.51.100.10:5060) to extension '1",
     "' failed for '198.51.100.10:1' - Wrong password", "x\" <sip:1@198.51.100.10>;tag=1", "x' (callid: 1) - y"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("before", "after", "file"),
    [
        ("Registration from '", f"' failed for '{PORT}' - Wrong password", "chan_sip.c"),
        ("No registration for peer '", f"' (from {THIEF})", "chan_iax2.c"),
        (f"Host {THIEF} failed MD5 authentication for '", "' (a != b)", "chan_iax2.c"),
        (f"Rejected connect attempt from {THIEF}, who was trying to reach '", "@default'", "chan_iax2.c"),
        (f"{THIEF} failed to authenticate as '", "'", "manager.c"),
        ("Request 'REGISTER' from '", f"' failed for '{PORT}' (callid: 1) - Failed to authenticate", PJSIP),
        (f"Call from '' ({PORT}) to extension '", f"' {GONE}", "chan_sip.c"),
    ],
)
def test_no_name_accuses_another_address(before: str, after: str, file: str, name: str) -> None:
    log = reader()
    found = [*log.read(said(before + name + after, file).encode()), *log.close()]
    places = {record.source_ip for record in found if isinstance(record, Registration | Call | Login)}
    assert places <= {THIEF, None}
    assert len(found) + log.unread.total == 1
