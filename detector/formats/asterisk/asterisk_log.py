"""Asterisk's `messages` and security log, in one file or two, plain, behind syslog or in the journal."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import structs

from detector.contract.codec import EPOCH, Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES, Login, Registration
from detector.contract.visibility import Source
from detector.formats.asterisk.asterisk_attempts import MAX_OPEN, AttemptEvent, Attempts, Draft, Silence, Twins
from detector.formats.asterisk.asterisk_line import SECURITY_FILE, AsteriskLine, LogClock, parse
from detector.formats.asterisk.asterisk_messages import MessagesReader
from detector.formats.asterisk.asterisk_security import SecurityReader, key_of
from detector.formats.asterisk.asterisk_security import parse as parse_security
from detector.formats.asterisk.asterisk_tellings import BOTH_LOGS, ONE_LOG
from detector.formats.carriers import BLOB, HIDDEN, NULS, bare
from detector.formats.format import Format, FormatOptions, Occurrences, Reading, register

ALONE = (
    "SecurityEvent=", "ailed ", "eject", "uthentic", "nonexistent user '", " denied ", "Unknown SIP command ",
    " proper plaintext password for ", "hacking attempt ", "Friendly Scanner ", "orbidden", BLOB,
)  # fmt: skip
SHARED = {
    "egist": ("Registration from '", "Registered SIP '", "No registration for ", "Empty registration from ",
              " on registration attempt "),
    " no": (" not found ", " is not dynamic", " did not pass ACL ", " non-SIP URI", " no configured AORs",
            " no configured max_contacts"),
    " contact": ("Added contact '", " exceed max contacts"),
}  # fmt: skip
OURS = (*ALONE, *(mark for marks in SHARED.values() for mark in marks))
"""One of them stands in every line that is read, or should be."""
KNOWN_FILES = frozenset({"chan_sip.c", "chan_iax2.c", "manager.c", "res_security_log.c"})
PJSIP = "res_pjsip"
DIALPLAN = "Ext. "
REFUSAL = b"eject"
RUN_TOGETHER = re.compile(
    rb"\] ?[A-Z]{4,8} ?\[\d+\].*(?<![\s(,]\")\[[^\]\"]{5,40}\] ?(?:NOTICE|WARNING|ERROR|SECURITY) ?\[\d+\]", re.DOTALL
)
"""Not where the dialplan only quotes another line."""
LAST_REPEATED = re.compile(rb"last message repeated (\d{1,6}) times?\s*$")
TOLD = frozenset({"NOTICE", "WARNING", "ERROR", "SECURITY"})
SECRETS = re.compile(rb',(?:Challenge|Response|ExpectedResponse|Received\w{1,16})="')
NO_TIME = "a line without a time that can be read; one without a year needs the year stated"


@register
class AsteriskLog(Format):
    """Reads both logs line by line; one attempt gives one event, however many lines tell of it.

    What `messages` tells has `trust: text`; where both logs tell of an attempt, within a second and in the
    same stream, the security event is kept. Ids are digests of the line, numbered where it occurs again: a
    second reading gives the same ids, and a line that was doubled by mistake looks like a second attempt.
    """

    name: ClassVar[str] = "asterisk-log"
    sources: ClassVar[tuple[Source, ...]] = (BOTH_LOGS, ONE_LOG)
    by_line: ClassVar[bool] = True

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._clock = LogClock(options.zone, options.year)
        self._occurrences = Occurrences()
        self._twins = Twins()
        self._attempts = Attempts()
        self._messages = MessagesReader(options.pbx, self.name, options.parties)
        self._security = SecurityReader(options.pbx, self.name)
        self._drafts = 0
        self._told = 0
        self._now: datetime | None = None
        self._before: AsteriskLine | None = None

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events this line completes; it may set free some that were waiting for their twin."""
        if len(line) > MAX_EVENT_BYTES:
            return iter((reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line),))
        wrapped = line[:1] == b"{"
        if not wrapped and not bears_our_marks(line):
            shown = bare(line)
            if shown is line or not bears_our_marks(shown):
                return self._pass_by(line)
            if b"\x00" in line:
                self.unread.note(NULS, line)
                return iter(())
        parsed = parse(line)
        if wrapped and not bears_our_marks(bare(line) if parsed is None else parsed.text.encode()):
            return self._pass_by(line)
        self._before = parsed
        if parsed is None:
            self._pass_over(line, None)
            return iter(())
        return iter(self._line(line, parsed))

    def _pass_by(self, line: bytes) -> Iterator[Reading]:
        """A line without a mark of ours: at most time goes on, or syslog says that the line before was repeated."""
        before, self._before = self._before, None
        if before is not None and (again := LAST_REPEATED.search(line)):
            return iter(self._line(line, structs.replace(before, times=max(1, int(again[1])))))
        self.ignored += 1
        moment = self.time_of(line) if self._twins.holding or self._attempts.holding else None
        return iter(()) if moment is None else iter(self._advance(moment))

    def time_of(self, line: bytes) -> datetime | None:
        """When the line was written; a security event states the year that others lack."""
        end = line.find(b"]") if line[:1] == b"[" else -1
        if self._clock.year is not None and 5 < end <= 41:
            moment = self._clock.read(line[1:end].decode("utf-8", "replace"))
            if moment is not None:
                return moment
        parsed = parse(line)
        if parsed is None:
            return None
        event = parse_security(parsed.text) if parsed.file == SECURITY_FILE else None
        if event is not None and event.at is not None:
            self._clock.learn(parsed.stamp, event.at)
        return self._clock.read(parsed.stamp)

    def read_dated(self, line: bytes, moment: datetime | None) -> Iterator[Reading]:
        """The events this line completes, written at `moment`."""
        self._clock.told = moment
        yield from self.read(line)
        self._clock.told = None

    @property
    def held(self) -> int:
        """Lines of `messages` that wait for their security event, and refusals that may yet be forgiven."""
        return self._twins.holding + self._attempts.holding

    @property
    def merged(self) -> int:
        """Lines of attempts that another line told, and refusals that were forgiven."""
        return self._drafts - self._told - self.held

    def close(self) -> Iterator[Reading]:
        """What was held back."""
        told = [event for moment, draft in self._twins.release() for event in self._attempts.fold(moment, draft)]
        told += self._attempts.release()
        self._told += len(told)
        return iter(told)

    def _line(self, raw: bytes, line: AsteriskLine) -> Sequence[Reading]:
        draft = self._draft(line)
        moment = self._clock.read(line.stamp)
        if type(draft) is Draft:
            moment = moment or draft.event.at
            self._drafts += 1
            if line.times > 1:
                draft = self._repeated(raw, draft, line.times)
            told = self._advance(moment)
            passed = self._twins.admit(moment, draft)
            if passed is None:
                return told
            fresh = self._attempts.fold(moment, passed)
            self._told += len(fresh)
            return [*told, *fresh] if told else fresh
        before = self._advance(moment) if moment is not None else ()
        if type(draft) is Rejected:
            return [*before, reject(draft.reason, SECRETS.split(raw, maxsplit=1)[0])]
        if draft is None:
            self._pass_over(raw, line)
        else:
            self._not_of_use(raw)
        return before

    def _advance(self, now: datetime) -> list[AttemptEvent]:
        """What waited long enough; all of it counts as told. Many lines share their second."""
        if now is self._now and len(self._twins.open) <= MAX_OPEN and len(self._attempts.waiting) <= MAX_OPEN:
            return []
        told = self._attempts.advance(now) if self._attempts.waiting else []
        released = self._twins.advance(now) if self._twins.open else []
        for moment, draft in released:
            told += self._attempts.fold(moment, draft)
        self._now = None if released else now  # what was released just now may be due already
        self._told += len(told)
        return told

    def _repeated(self, raw: bytes, draft: Draft, times: int) -> Draft:
        """What was written so many times; only registrations and logins bear a count."""
        if isinstance(draft.event, Registration | Login):
            return structs.replace(draft, times=times)
        self.unread.note("a repeated line of what bears no count", raw, times - 1)
        return draft

    def _draft(self, line: AsteriskLine) -> Draft | Rejected | Silence | None:
        if line.file == SECURITY_FILE:
            return self._security_draft(line)
        at = self._clock.read(line.stamp)
        if at is None:
            probe = self._messages.read(line, EPOCH, "-")
            return Rejected(reason=NO_TIME) if isinstance(probe, Draft) else probe
        return self._messages.read(line, at, self._occurrences.id_of(line.whole.encode()))

    def _security_draft(self, line: AsteriskLine) -> Draft | Rejected | Silence | None:
        event = parse_security(line.text)
        if event is None:
            return Rejected(reason="a security event that cannot be read")
        if event.at is not None and self._clock.year is None:
            self._clock.learn(line.stamp, event.at)
        at = event.at or self._clock.read(line.stamp)
        if at is None:
            return Rejected(reason=NO_TIME)
        content = line.whole.encode() if event.at is None else key_of(event)
        return self._security.read(event, at, self._occurrences.id_of(content))

    def _not_of_use(self, raw: bytes) -> None:
        """A line that tells nothing of use; one that does may be stuck to its end."""
        if RUN_TOGETHER.search(bare(raw)) is None:
            self.ignored += 1
        else:
            self.unread.note("two lines run together", SECRETS.split(raw, maxsplit=1)[0])

    def _pass_over(self, raw: bytes, line: AsteriskLine | None) -> None:
        """A line with a mark of ours that no event comes of: not our business, or it should have been understood."""
        reason = why_unread(raw, line)
        if reason is None:
            self._not_of_use(raw)
        else:
            self.unread.note(reason, SECRETS.split(raw, maxsplit=1)[0])


def why_unread(raw: bytes, line: AsteriskLine | None) -> str | None:
    """Why a line that bears our marks gives no event; None if it is one of another module, or tells no refusal."""
    if line is None:
        if BLOB.encode() in raw:
            return HIDDEN
        return "JSON of an unknown layout" if raw[:1] == b"{" else "a frame of the line that is not known"
    if line.file in KNOWN_FILES or line.file.startswith(PJSIP):
        return f"words of {line.file} that are not known" if line.level in TOLD else None
    return "words of the dialplan that are not known" if line.file.startswith(DIALPLAN) and REFUSAL in raw else None


def bears_our_marks(line: bytes) -> bool:
    """Whether a line may tell of something that was refused, or of somebody who came in."""
    text = line.decode("latin-1")  # a text is searched in a third of the time, and no mark has more than ASCII
    for mark in ALONE:  # half the time of `any` with a generator, and most lines end here
        if mark in text:
            return True
    for shared, marks in SHARED.items():  # noqa: SIM110 - as above
        if shared in text and any(mark in text for mark in marks):
            return True
    return False
