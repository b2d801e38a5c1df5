"""Asterisk's messages log: free text in which the other side wrote whatever stands between quotes."""

import re
from datetime import datetime

from detector.contract.codec import Rejected
from detector.contract.events import Call, Login, Notice, Registration
from detector.formats.asterisk.asterisk_attempts import MESSAGES, SHOWN_CALLID, WHOLE, Draft, Silence, Step
from detector.formats.asterisk.asterisk_line import AsteriskLine
from detector.formats.asterisk.asterisk_owners import NOBODY, Owners
from detector.formats.asterisk.asterisk_refusals import (
    ACL_FAILED,
    DEVICE,
    FRIENDLY_SCANNER,
    HACKING,
    IAX_CALL,
    IAX_REFUSED,
    NOTHING_TO_TELL,
    PROBE,
    PROBES,
    REGISTRAR,
    TRUNK_REFUSED,
    UNKNOWN_CONNECTION,
)
from detector.formats.format import address, clean, endpoint, sole
from detector.formats.parties import Parties

CHAN_FROM = "Registration from '"
CHAN_FOR = "' failed for '"
CHAN_END = re.compile(r"([^']{2,64})' - ([^']{1,256})", re.ASCII)
PJSIP_FROM = re.compile(r"Request (?:'([^']{0,64})' )?from '", re.ASCII)
PJSIP_FOR = re.compile(r"' failed for '([^']{2,64})'(?: \(callid: | - )", re.ASCII)
PJSIP_TRIES = re.compile(r" after \d{1,10} tries in [\d.]{1,20} ms\Z", re.ASCII)
CALL_AT = re.compile(r" \((?:(?:UDP|TCP|TLS|WS|WSS):)?([^()\s]{2,64})\) to extension '", re.ASCII)
CALL_TO = re.compile(r"' to extension '", re.ASCII)
CALL_END = "' rejected because extension not found"
CALL_IN = re.compile(r" in context '([^']{1,128})'", re.ASCII)
AMI = re.compile(
    r"(?:Host )?(\S{2,64}) "
    r"(failed to authenticate as|tried to authenticate with nonexistent user|failed to pass IP ACL as) '(.*)'\s*",
    re.DOTALL,
)
NO_SUCH_USER = "tried to authenticate with nonexistent user"
REGISTERED = re.compile(r"\s*(?:-- )?Registered SIP '(?P<account>[^']{1,256})' at (?P<host>\S{2,64})?")
CONTACT = re.compile(
    r"\s*(?:-- )?Added contact '(?:sips?:(?:[^'@]{0,256}@)?(?P<host>[^';>]{2,64}))?.*' "
    r"to AOR '(?P<account>[^']{1,256})' with expiration of \d+ second",
    re.DOTALL,
)
USER = re.compile(r"\s*sips?:([^@:;<>]*)(?::[^@<>]*)?@", re.IGNORECASE)
METHOD = re.compile(r"[A-Z]{1,16}", re.ASCII)

REASONS = {
    "Wrong password": "bad_password",
    "Failed to authenticate": "bad_password",
    "Error to authenticate": "bad_password",
    "No matching peer found": "unknown_account",
    "No matching endpoint found": "unknown_account",
    "Username/auth name mismatch": "username_mismatch",
    "Not a local domain": "unknown_domain",
    "Device does not match ACL": "acl",
    "ACL error (permit/deny)": "acl",
    "Not match Endpoint ACL": "acl",
    "Not match Endpoint Contact ACL": "acl",
    "Peer is not supposed to register": "not_dynamic",
    "Device not configured to use this transport type": "transport",
}
STEPS = {
    "No matching endpoint found": (Step.REQUEST, "name"),
    "Failed to authenticate": (Step.ANSWER, "answer"),
    "Error to authenticate": (Step.ANSWER, "answer"),
    "Not match Endpoint ACL": (Step.REQUEST, "acl"),
}
RUN_INTO = (CHAN_FOR, "SecurityEvent=")
"""What a line that tells nothing does not say, unless it breaks off and another one goes on."""
TWICE = frozenset({"acl", "not_dynamic"})


class MessagesReader:
    """Turns lines of `messages` into drafts of `trust: text`; a line of ours that is broken is rejected."""

    def __init__(self, pbx: str, source: str, parties: Parties) -> None:
        self.pbx = pbx
        self.source = source
        self._owners = Owners(parties)
        self._nonexistent: tuple[str, str, datetime] | None = None

    def read(self, line: AsteriskLine, at: datetime, key: str) -> Draft | Rejected | Silence | None:
        """The draft of a line written `at`, with `key` as its id; `None` if its words are not known."""
        found: Draft | Rejected | Silence | None = None
        if line.file == "chan_sip.c":
            found = self._chan_sip(line.text, at, key)
        elif line.file.startswith("res_pjsip"):
            found = self._pjsip(line.text, at, key)
        elif line.file == "manager.c":
            found = self._ami(line.text, at, key)
        elif line.file == "chan_iax2.c":
            found = self._iax(line.text, at, key)
        elif line.file.startswith("Ext. "):
            return self._dialplan(line.text, at, key)
        if found is not None:
            return found
        for pattern in TRUNK_REFUSED.get(line.file, ()):
            if match := pattern.fullmatch(line.text):
                return self._trunk_refused(match["trunk"], at, key)
        quiet = NOTHING_TO_TELL.match(line.text) and not any(words in line.text for words in RUN_INTO)
        return Silence.KNOWN if quiet else None

    def _chan_sip(self, text: str, at: datetime, key: str) -> Draft | Rejected | None:
        if text.startswith(CHAN_FROM):
            return self._registration_failed(text, at, key)
        if text.startswith("Call from '"):
            return self._refused_call(text, "Call from '", "'", at, key)
        if match := DEVICE.fullmatch(text):
            place = endpoint(match["place"]) if match["place"] else None
            known = match["what"].startswith("Failed")
            return self._registration(
                at, key, "rejected", user_of(match["from"]), method=match["method"] or "INVITE",
                source_ip=place[0] if place else None, reason="bad_password" if known else "unknown_account",
                twin=("invite",),
            )  # fmt: skip
        if match := PROBE.fullmatch(text):
            return self._probe(match["method"], match["place"], at, key)
        if match := HACKING.fullmatch(text):
            return self._probe("", match["place"], at, key)
        if match := REGISTERED.match(text):
            return self._registered(match, at, key)
        return None

    def _registered(self, match: re.Match[str], at: datetime, key: str) -> Draft:
        """The address shown is the Contact the phone wrote: no telling where it is, only whose refusals it ends."""
        account = clean(match["account"])
        place = endpoint(match["host"] or "")
        dialogue = ("phone", account or "", place[0]) if place else ()
        return self._registration(at, key, "accepted", account, dialogue=dialogue)

    def _registration_failed(self, text: str, at: datetime, key: str) -> Draft | Rejected:
        text = text.rstrip()
        where = text.rfind(CHAN_FOR)
        end = CHAN_END.fullmatch(text, where + len(CHAN_FOR)) if where > 0 else None
        shown, words = end.groups() if end else ("", "")
        place = endpoint(shown)
        if place is None:
            return Rejected(reason="a failed registration without address and reason")
        account = user_of(text[len(CHAN_FROM) : where])
        reason = REASONS.get(words, words)
        return self._registration(
            at, key, "rejected", account, source_ip=place[0], reason=reason, twin=("sip", *place),
            step=Step.REQUEST if reason in TWICE else WHOLE, dialogue=(*place, account or "", reason),
        )  # fmt: skip

    def _pjsip(self, text: str, at: datetime, key: str) -> Draft | Rejected | None:
        if match := PJSIP_FROM.match(text):
            return self._request_failed(text, match, at, key)
        if CALL_END in text:
            old = text.startswith("Call from '")
            return self._refused_call(text, *(("Call from '", "'") if old else ("", ": Call")), at, key)
        if match := CONTACT.match(text):
            return self._registered(match, at, key)
        if match := ACL_FAILED.fullmatch(text):
            place = endpoint(match["place"])
            return self._notice("acl_rejected", None, place[0] if place else None, at, key)
        for pattern, reason in REGISTRAR:
            if match := pattern.match(text):
                shown = match["place"] if "place" in pattern.groupindex else None
                return self._registrar(match["account"], shown, reason, at, key)
        return None

    def _registrar(self, account: str, shown: str | None, reason: str, at: datetime, key: str) -> Draft | Rejected:
        """A guest has no place to be registered at; of one of ours the settings are wrong, not the password."""
        place = endpoint(shown) if shown else None
        if shown and place is None:
            return Rejected(reason="a registration without an address")
        source_ip = place[0] if place else None
        twin = ("registrar", *place) if place else ()
        if account.lower() in NOBODY:
            return self._registration(at, key, "rejected", None, source_ip=source_ip, reason=reason, twin=twin)
        return self._notice("registrar_refused", account, source_ip, at, key, reason, twin)

    def _dialplan(self, text: str, at: datetime, key: str) -> Draft | Rejected | Silence | None:
        if match := UNKNOWN_CONNECTION.fullmatch(text):
            return self._stranger(match["place"], None, None, at, key)
        return Silence.KNOWN if FRIENDLY_SCANNER.match(text) else None

    def _iax(self, text: str, at: datetime, key: str) -> Draft | Rejected | None:
        if match := IAX_CALL.fullmatch(text):
            return self._stranger(match["place"], match["to"], None, at, key)
        for pattern, reason in IAX_REFUSED:
            if match := pattern.fullmatch(text):
                place = endpoint(match["place"]) if match["place"] else None
                if place is None and match["place"]:
                    return Rejected(reason="a failed registration without address and reason")
                return self._registration(
                    at, key, "rejected", clean(match["account"]), source_ip=place[0] if place else None, reason=reason
                )
        return None

    def _stranger(self, shown: str, to: str | None, name: str | None, at: datetime, key: str) -> Draft | Rejected:
        """A call of somebody who has no account, turned away."""
        place = endpoint(shown)
        if place is None:
            return Rejected(reason="a refused call without address and number")
        call = Call(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", phase="ended", call_id=key, from_=name,
            to=clean(to or ""), source_ip=place[0], disposition="failed", reason="rejected",
        )  # fmt: skip
        return Draft(event=call, log=MESSAGES)

    def _probe(
        self, method: str, shown: str, at: datetime, key: str, twin: tuple[str, ...] = ()
    ) -> Draft | Rejected:  # fmt: skip
        place = endpoint(shown)
        if place is None:
            return Rejected(reason="a probe without an address")
        return self._notice("sip_probe", None, place[0], at, key, method, twin)

    def _trunk_refused(self, trunk: str, at: datetime, key: str) -> Draft:
        notice = Notice(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", name="sip_trunk_registration_failed",
            level="warning", trunk=clean(trunk),
        )  # fmt: skip
        return Draft(event=notice, log=MESSAGES)

    def _notice(
        self, name: str, account: str | None, source_ip: str | None, at: datetime, key: str, text: str | None = None,
        twin: tuple[str, ...] = (),
    ) -> Draft:  # fmt: skip
        notice = Notice(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", name=name,
            level="information" if name == "sip_probe" else "warning", account=clean(account or ""),
            source_ip=source_ip, text=clean(text or ""),
        )  # fmt: skip
        return Draft(event=notice, log=MESSAGES, twin=twin)

    def _request_failed(self, text: str, start: re.Match[str], at: datetime, key: str) -> Draft | Rejected:
        """The other side writes From before and Call-ID after the address: two readings leave it unknown."""
        found = list(PJSIP_FOR.finditer(text, start.end() - 1))
        dash = text.rfind(" - ")
        if not found or dash < found[0].end() - 3:
            return Rejected(reason="a failed request without address and reason")
        words = PJSIP_TRIES.sub("", text[dash + 3 :].rstrip())
        step, kind = STEPS.get(words, (Step.WHOLE, ""))
        callid = text[found[0].end() : dash].removesuffix(")")[:SHOWN_CALLID]
        method = start[1] if start[1] and METHOD.fullmatch(start[1]) else "REGISTER"
        if method in PROBES:
            return self._probe(method, found[-1][1], at, key, twin=(kind, callid) if kind else ())
        return self._registration(
            at, key, "rejected", user_of(text[start.end() : found[0].start()]), method=method,
            source_ip=sole(match[1] for match in found), reason=REASONS.get(words, clean(words)),
            twin=(kind, callid) if kind else (), step=step,
            dialogue=(callid, "acl" if kind == "acl" else ""),
        )  # fmt: skip

    def _refused_call(self, text: str, before: str, after: str, at: datetime, key: str) -> Draft | Rejected:
        """`before` and `after` stand around the name; the number dialled may imitate what precedes it.

        Asterisk 1.4 and 1.6 name no address.
        """
        end = text.rfind(CALL_END)
        found = list(CALL_AT.finditer(text, len(before), end + 1)) if end >= 0 else []
        began_in = CALL_IN.match(text, end + len(CALL_END)) if end >= 0 else None
        context = began_in[1] if began_in else ""
        if not found and (nowhere := CALL_TO.search(text, len(before), max(end + 1, 0))) and before:
            name = clean(text[len(before) : nowhere.start()])
            return self._call(name, context, text[nowhere.end() : end], None, None, at, key)
        if not found:
            return Rejected(reason="a refused call without address and number")
        name = clean(text[len(before) : found[0].start()].removesuffix(after))
        place = endpoint(found[0][1]) if before else None
        return self._call(name, context, text[found[0].end() : end], sole(match[1] for match in found), place, at, key)

    def _call(
        self, name: str | None, context: str, to: str, source_ip: str | None, place: tuple[str, str] | None,
        at: datetime, key: str,
    ) -> Draft:  # fmt: skip
        """A call to a number that is not there: of one of ours, of a guest, or one that a trunk brought."""
        own = None if name is None or name.lower() in NOBODY else name
        trunk = own if own is not None and self._owners.from_outside(own, context) else None
        own = None if trunk is not None else own
        call = Call(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", phase="ended", call_id=key,
            direction="inbound" if trunk else "outbound" if own else None, extension=own, trunk_in=trunk,
            from_=None if trunk else name, to=clean(to), source_ip=source_ip, disposition="failed",
            reason="unallocated",
        )  # fmt: skip
        return Draft(event=call, log=MESSAGES, twin=("call", *place) if place else ())

    def _ami(self, text: str, at: datetime, key: str) -> Draft | Silence | None:
        """A name nobody has is told in two lines: the first says so, the second only that it failed."""
        match = AMI.fullmatch(text)
        source_ip = address(match[1]) if match else None
        if match is None or source_ip is None:
            return None
        nonexistent = match[2] == NO_SUCH_USER
        if nonexistent:
            self._nonexistent = (source_ip, match[3], at)
        elif self._nonexistent and self._nonexistent[:2] == (source_ip, match[3]):
            told = abs(at - self._nonexistent[2]).total_seconds() <= 2
            self._nonexistent = None
            if told:
                return Silence.KNOWN
        login = Login(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", surface="ami", method="password",
            outcome="rejected", account=clean(match[3]), source_ip=source_ip,
            reason="unknown_account" if nonexistent else "acl" if "ACL" in match[2] else "bad_password",
        )  # fmt: skip
        return Draft(event=login, log=MESSAGES, twin=("ami", source_ip))

    def _registration(
        self, at: datetime, key: str, outcome: str, account: str | None, *, method: str = "REGISTER",
        source_ip: str | None = None, reason: str | None = None, twin: tuple[str, ...] = (),
        step: Step = Step.WHOLE, dialogue: tuple[str, ...] = (),
    ) -> Draft:  # fmt: skip
        registration = Registration(
            pbx=self.pbx, id=key, at=at, source=self.source, trust="text", outcome=outcome, account=account,
            method=method, source_ip=source_ip, reason=reason,
        )  # fmt: skip
        return Draft(registration, MESSAGES, twin, step, dialogue)


def user_of(header: str) -> str | None:
    """The user part of the last URI of a From or To header, which its sender wrote."""
    user = USER.match(header, header.rfind("<") + 1 or header.rfind('"') + 1)
    return clean(user[1]) if user else None
