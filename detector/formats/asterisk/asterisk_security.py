"""Asterisk's security events: fields whose values are not escaped, and what each event means."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from detector.contract.events import Call, Login, Notice, Registration
from detector.formats.asterisk.asterisk_attempts import MAX_OPEN, SECURITY, SHOWN_CALLID, Draft, Silence, Step
from detector.formats.asterisk.asterisk_owners import NOBODY
from detector.formats.bounded import keep
from detector.formats.format import address, clean

START = re.compile(
    r'SecurityEvent="(?P<name>\w{1,64})",EventTV="(?P<time>[^"]{0,64})",Severity="\w{0,32}",'
    r'Service="(?P<service>\w{0,32})",(?:EventVersion="\w{0,16}",)?AccountID="',
    re.ASCII,
)
# The last quote is looked at, not taken: it may begin the next pair.
ADDRESSES = re.compile(
    r'",LocalAddress="IPV[46]/\w{1,8}/[^"/]{0,64}/\d{1,5}",'
    r'RemoteAddress="IPV[46]/(?P<transport>\w{1,8})/(?P<host>[^"/]{1,64})/(?P<port>\d{1,5})(?="(?:,|\Z))',
    re.ASCII,
)
SECRETS = frozenset({"ExpectedResponse", "Response", "ReceivedHash"})
LOCAL = '",LocalAddress="'
SESSION = '",SessionID="'
DETAIL = re.compile(r',(\w{1,32})="([^"]*)"', re.ASCII)
EPOCH_TIME = re.compile(r"(\d{1,10})-(\d{1,6})", re.ASCII)
URI = re.compile(r"sips?:(?:([^@;>]*)@)?", re.ASCII | re.IGNORECASE)
DIALLED = re.compile(r"\+?\d{7,}", re.ASCII)
ANSWER_WITHIN = timedelta(seconds=10)
QUESTIONS_IN_A_ROW = timedelta(seconds=5)
UNKNOWN = "<unknown>"

REASONS = {
    "InvalidPassword": "bad_password",
    "ChallengeResponseFailed": "bad_password",
    "InvalidAccountID": "unknown_account",
    "FailedACL": "acl",
    "SessionLimit": "session_limit",
    "InvalidTransport": "transport",
    "UnexpectedAddress": "unexpected_address",
    "RequestNotAllowed": "not_allowed",
    "RequestNotSupported": "not_supported",
    "RequestBadFormat": "bad_format",
    "AuthMethodNotAllowed": "auth_method",
}
REQUESTS = frozenset({"RequestNotAllowed", "RequestNotSupported", "RequestBadFormat"})
REGISTRAR = "registrar_"
REFUSALS = ("RequestType", "ACLName")
"""What says that the registrar refused, which comes after the credentials were judged."""
QUIET_EVENTS = frozenset({"SuccessfulAuth", "ChallengeSent", "LoadAverageLimit", "MemoryLimit"})
"""What is known and says nothing of use where no draft comes of it."""
AMI_LOGINS = frozenset({"InvalidPassword", "ChallengeResponseFailed", "InvalidAccountID", "FailedACL", "SessionLimit"})


class SecurityEvent(Struct, frozen=True, gc=False):
    """One security event. `account` is what the other side wrote; `remote` is where the request came from."""

    name: str
    service: str
    at: datetime | None
    account: str
    session: str
    remote: str
    port: str
    transport: str
    details: Mapping[str, str]


def parse(text: str) -> SecurityEvent | None:
    """The event of a security log line; `None` if it is none.

    Quotes in values are not escaped, so a value can imitate the fields after it. Before `RemoteAddress` the
    other side writes `AccountID` and, in pjsip, `SessionID`: the last pair of addresses is the real one. In
    AMI's `Request...` events it writes the `RequestType` after it instead: there the first one is.
    """
    start = START.match(text)
    if start is None:
        return None
    pairs = _pairs_of_addresses(text, start.end())
    session_at = text.rfind(SESSION, start.end(), pairs[-1].start()) if pairs else -1
    if session_at < 0:
        return None
    hostile_tail = start["service"] == "AMI" and start["name"] in REQUESTS
    pair = pairs[0] if hostile_tail else pairs[-1]
    if hostile_tail:
        session_at = text.rfind(SESSION, start.end(), pair.start())
    transport, host, port = pair.groups()
    remote = address(host)
    if remote is None or session_at < 0:
        return None
    name, time, service = start.groups()
    return SecurityEvent(
        name, service, event_time(time), text[start.end() : session_at],
        text[session_at + len(SESSION) : pair.start()], remote, port, transport.lower(),
        _details(text, pair.end() + 1),
    )  # fmt: skip


def _pairs_of_addresses(text: str, start: int) -> list[re.Match[str]]:
    first = text.find(LOCAL, start)
    if first < 0 or text.find(LOCAL, first + 1) >= 0:
        return list(ADDRESSES.finditer(text, start))
    only = ADDRESSES.match(text, first)  # as in nearly all lines
    return [] if only is None else [only]


def key_of(event: SecurityEvent) -> bytes:
    """What names an event however it came, by the log or by AMI; the stated time is part of it."""
    parts = (event.name, event.service, str(event.at), event.account, event.session, event.remote, event.port)
    return "\0".join(parts).encode("utf-8", "replace")


def event_time(text: str) -> datetime | None:
    """`2026-11-23T09:05:02.692+0000`, or `1462285045-854739` (seconds and microseconds) of old versions."""
    if "T" not in text and (match := EPOCH_TIME.fullmatch(text)):
        return datetime.fromtimestamp(int(match[1]), UTC) + timedelta(microseconds=int(match[2]))
    try:
        stated = datetime.fromisoformat(text)
        return stated.astimezone(UTC) if stated.tzinfo else None
    except (ValueError, OverflowError):
        return None


class _Question(Struct, gc=False):
    """The last challenge of a SessionID: who was asked, how often in a row, and with which nonce."""

    at: datetime
    source: tuple[str, str]
    account: str | None
    method: str
    nonce: str
    times: int = 1


class SecurityReader:
    """Turns security events into drafts; remembers the challenges of the last seconds."""

    def __init__(self, pbx: str, source: str) -> None:
        self.pbx = pbx
        self.source = source
        self._questions: OrderedDict[str, _Question] = OrderedDict()
        self._trunks: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._services: dict[str, Callable[[SecurityEvent, datetime, str], Draft | None]] = {
            "SIP": self._sip,
            "PJSIP": self._pjsip,
            "AMI": self._ami,
        }

    def read(self, event: SecurityEvent, at: datetime, key: str) -> Draft | Silence | None:
        """The draft of what happened `at`, with `key` as its id; `None` if such an event is not known."""
        service = self._services.get(event.service)
        if service is None:
            return None
        draft = service(event, at, key)
        return Silence.KNOWN if draft is None and event.name in QUIET_EVENTS else draft

    def _sip(self, event: SecurityEvent, at: datetime, key: str) -> Draft | None:
        if event.name == "ChallengeSent":
            return self._asked(event, at, key)
        asked = self._answered(event, at)
        if event.name == "SuccessfulAuth":
            if event.details.get("UsingPassword") == "0":
                self._trunks[event.session] = (event.remote, at)
                if len(self._trunks) > MAX_OPEN:
                    self._trunks.popitem(last=False)
                return None  # a trunk's INVITE without a secret: AccountID is the number it called
            return self._registration(event, at, key, "accepted", clean(event.account))
        if event.name == "SessionLimit" or event.details.get("ACLName") == "no_extension_match":
            return self._refused_call(event, at, key, asked)
        if event.name not in REASONS:
            return None
        invite = asked is not None and asked.method != "REGISTER"
        return self._registration(
            event, at, key, "rejected", self._account(event, asked),
            method="INVITE" if invite else "REGISTER",
            reason=self._reason(event),
            twin=("invite",) if invite else ("sip", event.remote, event.port),
            step=Step.REQUEST if event.name == "FailedACL" else Step.WHOLE,
        )  # fmt: skip

    def _pjsip(self, event: SecurityEvent, at: datetime, key: str) -> Draft | None:
        account = None if event.account == UNKNOWN else clean(event.account)
        if event.name == "ChallengeSent":
            return self._registration(event, at, key, "challenged", account, step=Step.CHALLENGE)
        if event.name == "SuccessfulAuth":
            return self._registration(event, at, key, "accepted", account)
        refused = next((event.details[name] for name in REFUSALS if name in event.details), "")
        if refused.startswith(REGISTRAR):
            return self._registrar(event, at, key, account, refused)
        if event.name not in REASONS:
            return None
        step = {
            "InvalidAccountID": Step.REQUEST,
            "FailedACL": Step.REQUEST,
            "ChallengeResponseFailed": Step.ANSWER,
        }
        kind = {"InvalidAccountID": "name", "FailedACL": "acl", "ChallengeResponseFailed": "answer"}
        return self._registration(
            event, at, key, "rejected", account,
            reason=REASONS[event.name],
            twin=(kind[event.name], event.session[:SHOWN_CALLID]) if event.name in kind else (),
            step=step.get(event.name, Step.WHOLE),
        )  # fmt: skip

    def _registrar(self, event: SecurityEvent, at: datetime, key: str, account: str | None, refused: str) -> Draft:
        """The registrar refuses whoever has given the right credentials, so the PBX's settings are wrong.

        A guest needed none, and has no place to be registered at.
        """
        twin = ("registrar", event.remote, event.port)
        if account is None or account.lower() in NOBODY:
            return self._registration(event, at, key, "rejected", None, reason=clean(refused), twin=twin)
        notice = Notice(
            pbx=self.pbx, id=key, at=at, source=self.source, name="registrar_refused", level="warning",
            account=account, source_ip=event.remote, text=clean(refused),
        )  # fmt: skip
        return Draft(event=notice, log=SECURITY, twin=twin)

    def _ami(self, event: SecurityEvent, at: datetime, key: str) -> Draft | None:
        accepted = event.name == "SuccessfulAuth"
        if accepted or event.name in AMI_LOGINS:
            login = Login(
                pbx=self.pbx, id=key, at=at, source=self.source, surface="ami", method="password",
                outcome="accepted" if accepted else "rejected", account=clean(event.account),
                source_ip=event.remote, reason=None if accepted else REASONS[event.name],
            )  # fmt: skip
            return Draft(event=login, log=SECURITY, twin=() if accepted else ("ami", event.remote))
        if event.name not in REASONS:
            return None
        notice = Notice(
            pbx=self.pbx, id=key, at=at, source=self.source, name=f"ami_request_{REASONS[event.name]}",
            level="warning", account=clean(event.account), source_ip=event.remote,
            text=clean(event.details.get("RequestType", "")),
        )  # fmt: skip
        return Draft(event=notice, log=SECURITY)

    def _asked(self, event: SecurityEvent, at: datetime, key: str) -> Draft:
        uri = URI.match(event.account) if ":" in event.account else None
        question = _Question(
            at=at,
            source=(event.remote, event.port),
            account=clean(uri[1] or "") if uri else clean(event.account),
            method="INVITE" if uri else "REGISTER",
            nonce=event.details.get("Challenge", ""),
        )
        before = self._questions.get(event.session)
        if before is not None and _repeats(before, question):
            question.times = before.times + (question.nonce != before.nonce)
        keep(self._questions, event.session, question, MAX_OPEN)
        # Twice is a phone that came with its old nonce. Each further new nonce answers credentials that were
        # judged without any other trace.
        guessed = question.times > 2 and before is not None and question.nonce != before.nonce
        return self._registration(
            event, at, key, "rejected" if guessed else "challenged", question.account,
            method=question.method, reason="stale_nonce" if guessed else None,
        )  # fmt: skip

    def _answered(self, event: SecurityEvent, at: datetime) -> _Question | None:
        asked = self._questions.get(event.session)
        if asked is None or asked.source != (event.remote, event.port) or abs(at - asked.at) > ANSWER_WITHIN:
            return None
        asked.times = 0
        return asked

    def _refused_call(self, event: SecurityEvent, at: datetime, key: str, asked: _Question | None) -> Draft:
        caller = asked.account if asked else None
        brought, since = self._trunks.get(event.session, ("", at))
        trunk = brought if brought == event.remote and abs(at - since) <= ANSWER_WITHIN and not caller else None
        call = Call(
            pbx=self.pbx, id=key, at=at, source=self.source, phase="ended", call_id=key,
            direction="outbound" if caller else "inbound" if trunk else None, extension=caller, from_=caller,
            trunk_in=trunk, to=clean(event.account),
            source_ip=event.remote, disposition="failed",
            reason="session_limit" if event.name == "SessionLimit" else "unallocated",
        )  # fmt: skip
        twin = () if event.name == "SessionLimit" else ("call", event.remote, event.port)
        return Draft(event=call, log=SECURITY, twin=twin)

    def _account(self, event: SecurityEvent, asked: _Question | None) -> str | None:
        if asked is not None and asked.method != "REGISTER":
            return asked.account  # AccountID is the number that was dialled
        uri = URI.match(event.account)
        account = uri[1] or "" if uri else event.account
        if asked is None and DIALLED.fullmatch(account):
            return None  # no challenge says whose; the number of an INVITE is the likelier reading
        return clean(account)

    def _reason(self, event: SecurityEvent) -> str:
        if event.details.get("ACLName") == "peer_not_dynamic":
            return "not_dynamic"
        return "username_mismatch" if event.name == "ChallengeResponseFailed" else REASONS[event.name]

    def _registration(
        self, event: SecurityEvent, at: datetime, key: str, outcome: str, account: str | None, *,
        method: str = "REGISTER", reason: str | None = None, twin: tuple[str, ...] = (),
        step: Step = Step.WHOLE,
    ) -> Draft:  # fmt: skip
        registration = Registration(
            pbx=self.pbx, id=key, at=at, source=self.source, outcome=outcome, account=account, method=method,
            source_ip=event.remote, transport=event.transport, reason=reason,
        )  # fmt: skip
        if event.service == "PJSIP":
            dialogue: tuple[str, ...] = (event.session[:SHOWN_CALLID], "acl" if reason == "acl" else "")
        else:
            dialogue = (event.remote, event.port, account or "", reason or "")
        return Draft(event=registration, log=SECURITY, twin=twin, step=step, dialogue=dialogue)


def _repeats(before: _Question, question: _Question) -> bool:
    return (
        before.source == question.source
        and before.account == question.account
        and abs(question.at - before.at) <= QUESTIONS_IN_A_ROW
    )


def _details(text: str, start: int) -> dict[str, str]:
    """The fields after the addresses; the first of a name counts, the secrets among them stay behind."""
    found: dict[str, str] = {}
    while match := DETAIL.match(text, start):
        name, value = match.groups()
        if name not in SECRETS:
            found.setdefault(name, value)
        start = match.end()
    return found
