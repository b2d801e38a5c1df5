"""FreeSWITCH's log (freeswitch.log or the console): refused and challenged requests, unknown users, and calls."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from detector.contract.codec import Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES, Notice, Registration
from detector.contract.visibility import Source
from detector.formats.bounded import keep
from detector.formats.carriers import BLOB, HIDDEN, NULS, bare, plain, unwrap
from detector.formats.format import Format, FormatOptions, Occurrences, Reading, address, clean, register
from detector.formats.freeswitch.freeswitch_calls import FreeswitchCalls
from detector.formats.freeswitch.freeswitch_line import UUID, FreeswitchLine, LocalClock, parse
from detector.formats.freeswitch.freeswitch_tellings import LOG

OURS = (
    "SIP auth ", "Can't find user [", "Rejected by ", "New Channel ", " receiving invite from ", "Processing ",
    " bridge(", " has been answered", "Hangup ", "Process REFER to [", "Failed Registration ",
    " Registration Failed ", BLOB,
)  # fmt: skip
AUTH = re.compile(
    r"SIP auth (?P<what>failure|challenge) \((?P<method>[A-Z]{1,16})\) on sofia profile '(?P<profile>[^']{0,64})' "
    r"for \[(?P<user>.*)@[^@\]]*\] from ip (?P<ip>[0-9a-fA-F:.\[\]]{2,64})\s*",
    re.DOTALL,
)
NOBODY = re.compile(r"Can't find user \[(?P<user>.*)@[^@\]]*\] from (?P<ip>[0-9a-fA-F:.\[\]]{2,64})\s*", re.DOTALL)
ACL = re.compile(
    r"IP (?P<ip>[0-9a-fA-F:.\[\]]{2,64}) Rejected by (?P<register>register )?acl \"?(?P<acl>[^\"]{0,128}?)\"?"
    r"(?P<rest>\. Falling back .*|\s*)",
    re.DOTALL,
)
ACL_FILES = frozenset({"sofia.c", "sofia_reg.c", "mod_event_socket.c", "mod_verto.c"})
GATEWAY_REFUSED = re.compile(
    r"(?P<gateway>\S{1,256}) (?:Failed Registration|Registration Failed) "
    r"(?:with status (?P<status>.{0,128}) )?\[(?P<code>\d{3})\].*",
    re.DOTALL,
)
FALLING_BACK = ". Falling back to Digest auth"
STARTS = ("SIP auth ", "Can't find user [")
PLAN = re.compile(rf"(?:{UUID} )?Dialplan: ", re.ASCII)
"""What the dialplan weighs before it does it."""
BEGINNINGS = ("New Channel ", "Processing ", "Hangup ", "Channel [", "EXECUTE ")
REJECTED, FAILED = "Rejected by ", " Failed Registration "
LEVEL = re.compile(r"\[[A-Z]{1,8}\] ", re.ASCII)
RUN_TOGETHER = re.compile(
    rf"\S(?:{UUID} )?\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{1,6}} (?:\S{{1,8}}% )?\[[A-Z]{{1,8}}\] ", re.ASCII
)
SAME_ATTEMPT = timedelta(seconds=1)
MAX_JOINED = 4
MAX_OPEN = 4_096
SOFIA_REG = "sofia_reg.c"


@register
class FreeswitchLog(Format):
    """Reads line by line; all of it is free text (`trust: text`).

    Refusals are there if the sofia profile has `log-auth-failures`, calls at the level `info`, their trunk at `debug`.
    Only `SIP auth failure` is a failure: a challenge is how every request begins. A user nobody has is told by two
    lines, which are one attempt. Names come decoded from the URI, so one may hold line ends, and what looks like
    lines of their own: what follows a line that breaks off within a name is joined to it up to the real end.
    """

    name: ClassVar[str] = "freeswitch-log"
    sources: ClassVar[tuple[Source, ...]] = (LOG,)
    by_line: ClassVar[bool] = True

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._clock = LocalClock(options.zone, options.year)
        self._occurrences = Occurrences()
        self._calls = FreeswitchCalls(options.pbx, self.name, options.parties)
        self._broken: list[str] = []
        self._before = b""
        self._nobody: OrderedDict[str, datetime] = OrderedDict()

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events of this line."""
        if len(line) > MAX_EVENT_BYTES:
            return iter((reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line),))
        if self._broken:
            return iter(self._join(unwrap(line).text))
        if line[:1] == b"{":
            content = unwrap(line).text
            ours = _ours(content.encode("utf-8", "replace"))
            return iter(self._line(content, parse(content)) if ours else self._look_again(line))
        return iter(self._plain(line) if _ours(line) else self._look_again(line))

    def time_of(self, line: bytes) -> datetime | None:
        """When the line was written; of a call only some lines say."""
        parsed = parse(unwrap(line).text)
        return self._clock.read(parsed.stamp) if parsed is not None and parsed.stamp else None

    def read_dated(self, line: bytes, moment: datetime | None) -> Iterator[Reading]:
        """The events this line completes, written at `moment`."""
        self._clock.told = moment
        yield from self.read(line)
        self._clock.told = None

    @property
    def held(self) -> int:
        """Lines of a name that breaks off."""
        return len(self._broken)

    def close(self) -> Iterator[Reading]:
        """A line that broke off."""
        if self._broken:
            yield _unreadable("\n".join(self._broken))
            self._broken = []

    def _join(self, content: str) -> Sequence[Reading]:
        self._broken.append(content)
        whole = "\n".join(self._broken)
        line = parse(whole)
        if line is not None and parse(content) is None and _refusal(line.text) is not None:
            self._broken = []
            return self._line(whole, line)
        if len(self._broken) > MAX_JOINED:
            self._broken = []
            return (_unreadable(whole),)
        return ()

    def _plain(self, raw: bytes) -> Sequence[Reading]:
        """A line as most are, carried by nothing; or else one that something carries."""
        content = plain(raw.decode("utf-8", "replace"))
        line = parse(content)
        if line is None and PLAN.match(content) and not RUN_TOGETHER.search(content):
            return self._pass_over(raw)
        if line is None:
            content = unwrap(raw).text
            line = parse(content)
        return self._line(content, line)

    def _line(self, content: str, line: FreeswitchLine | None) -> Sequence[Reading]:
        if line is None:
            hidden = content.endswith(BLOB)
            self.unread.note(HIDDEN if hidden else "a frame of the line that is not known", content.encode())
            return ()
        refusal = _refusal(line.text) if line.file == SOFIA_REG else None
        if refusal is None and line.file == SOFIA_REG and line.text.startswith(STARTS):
            self._broken = [content]
            return ()
        at = self._moment(line)
        if at is None:
            return (Rejected(reason="a line without a time that can be read"),)
        refused = self._refused(line, at, content) if refusal is None else self._judged(refusal, at, content)
        if refused is not None:
            return (refused,)
        events = self._calls.read(line, at)
        if events is None:
            self._not_understood(line, content)
        elif not events:
            self._not_of_use(content)
        return events or ()

    def _look_again(self, line: bytes) -> Sequence[Reading]:
        """A line without a mark, unless colours or NULs hide it."""
        shown = bare(line)
        if shown is line or not _ours(shown):
            return self._pass_over(line)
        if b"\x00" in line:
            self.unread.note(NULS, line)
            return ()
        return self._plain(line)

    def _pass_over(self, line: bytes) -> Sequence[Reading]:
        self.ignored += 1
        self._before = line
        return ()

    def _moment(self, line: FreeswitchLine) -> datetime | None:
        """When it was written: a line without a time comes right after the one before it."""
        if line.stamp:
            return self._clock.read(line.stamp)
        if not PLAN.match(plain(self._before.decode("utf-8", "replace"))):  # which has no time either
            before = parse(unwrap(self._before).text)
            if before is not None and before.stamp:
                self._clock.read(before.stamp)
        return self._clock.last

    def _not_of_use(self, content: str) -> None:
        """A line that is understood and tells nothing; another one may be stuck to its end."""
        if len(LEVEL.findall(content)) > 1 and RUN_TOGETHER.search(content) is not None:
            self.unread.note("two lines run together", content.encode("utf-8", "replace"))
        else:
            self.ignored += 1

    def _not_understood(self, line: FreeswitchLine, content: str) -> None:
        """Words of the files that refuse, or the beginning of a sentence of ours, that say something else."""
        acl = line.file in ACL_FILES and REJECTED in line.text and FALLING_BACK not in line.text
        refused = line.file == SOFIA_REG and any(words in line.text for words in (FAILED, *STARTS))
        refused = refused and _refusal(line.text) is None  # else it is the second line of one attempt
        if acl or refused or line.text.startswith(BEGINNINGS):
            self.unread.note(f"words of {line.file} that are not known", content.encode("utf-8", "replace"))
        else:
            self._not_of_use(content)

    def _refused(self, line: FreeswitchLine, at: datetime, content: str) -> Reading | None:
        match = ACL.fullmatch(line.text) if line.file in ACL_FILES else None
        if line.file == SOFIA_REG and match is None and (gateway := GATEWAY_REFUSED.fullmatch(line.text)):
            return self._notice("sip_trunk_registration_failed", at, content, gateway["status"] or gateway["code"],
                                trunk=clean(gateway["gateway"]))  # fmt: skip
        source_ip = address(match["ip"]) if match is not None else None
        if match is None or source_ip is None:
            return None
        if match["rest"].startswith(FALLING_BACK):
            return None  # how every honest request begins: it is asked for credentials next
        if match["register"]:
            return Registration(
                pbx=self.options.pbx, id=self._occurrences.id_of(content.encode()), at=at, source=self.name,
                trust="text", outcome="rejected", source_ip=source_ip, reason="acl",
            )  # fmt: skip
        return self._notice("acl_rejected", at, content, match["acl"], source_ip=source_ip)

    def _notice(self, name: str, at: datetime, content: str, text: str, *, trunk: str | None = None,
                source_ip: str | None = None) -> Notice:  # fmt: skip
        return Notice(
            pbx=self.options.pbx, id=self._occurrences.id_of(content.encode()), at=at, source=self.name, trust="text",
            name=name, level="warning", source_ip=source_ip, trunk=trunk, text=clean(text),
        )  # fmt: skip

    def _judged(self, match: re.Match[str], at: datetime, content: str) -> Reading | None:
        source_ip = address(match["ip"])
        if source_ip is None:
            return reject("an address that is none", content.encode()[:MAX_EVENT_BYTES])
        unknown = match.re is NOBODY
        if unknown:
            keep(self._nobody, source_ip, at, MAX_OPEN)
        elif match["what"] == "failure":
            told = self._nobody.pop(source_ip, None)
            if told is not None and abs(at - told) <= SAME_ATTEMPT:
                return None
        challenged = not unknown and match["what"] == "challenge"
        invite = not unknown and match["method"] == "INVITE"  # and the user is the number that was called
        return Registration(
            pbx=self.options.pbx, id=self._occurrences.id_of(content.encode()), at=at, source=self.name, trust="text",
            outcome="challenged" if challenged else "rejected", account=None if invite else clean(match["user"]),
            method="INVITE" if invite else "REGISTER" if unknown else match["method"], source_ip=source_ip,
            reason=None if challenged else "unknown_account" if unknown else "bad_password",
        )  # fmt: skip


def _ours(line: bytes) -> bool:
    text = line.decode("latin-1")  # a text is searched in a third of the time, and no mark has more than ASCII
    for mark in OURS:  # noqa: SIM110 - half the time of `any` with a generator, and most lines end here
        if mark in text:
            return True
    return False


def _refusal(text: str) -> re.Match[str] | None:
    return AUTH.fullmatch(text) or NOBODY.fullmatch(text)


def _unreadable(content: str) -> Rejected:
    return reject("a refused request that breaks off", content.encode("utf-8", "replace"))
