"""Asterisk's `messages` and security log, in one file or two, plain, behind syslog or in the journal."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from detector.contract.codec import EPOCH, Rejected, reject
from detector.contract.events import MAX_EVENT_BYTES
from detector.formats.asterisk.asterisk_attempts import Attempts, Draft, Twins
from detector.formats.asterisk.asterisk_line import AsteriskLine, LogClock, parse
from detector.formats.asterisk.asterisk_messages import MessagesReader
from detector.formats.asterisk.asterisk_security import QUIET_EVENTS, SecurityReader, key_of
from detector.formats.asterisk.asterisk_security import parse as parse_security
from detector.formats.format import Format, FormatOptions, Occurrences, Reading, register

OURS = (
    b"SecurityEvent=", b"ailed ", b"eject", b"uthentic", b" not found ", b"Registered SIP '", b"Added contact '",
    b"nonexistent user '", b" denied ", b"No registration for ", b"Unknown SIP command ", b" no configured AORs",
    b" exceed max contacts", b" is not dynamic",
)  # fmt: skip
"""One of them stands in every line that is read, or should be."""
KNOWN_FILES = frozenset({"chan_sip.c", "chan_iax2.c", "manager.c", "res_security_log.c"})
SECURITY_FILE = "res_security_log.c"
PJSIP = "res_pjsip"
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

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._clock = LogClock(options.zone, options.year)
        self._occurrences = Occurrences()
        self._twins = Twins()
        self._attempts = Attempts()
        self._messages = MessagesReader(options.pbx, self.name)
        self._security = SecurityReader(options.pbx, self.name)
        self._moment: datetime | None = None

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events this line completes; it may set free some that were waiting for their twin."""
        if len(line) > MAX_EVENT_BYTES:
            yield reject(f"line of {len(line)} bytes, allowed are {MAX_EVENT_BYTES}", line)
            return
        wrapped = line[:1] == b"{"
        ours = wrapped or bears_our_marks(line)
        if not ours and not self._twins.holding and not self._attempts.holding:
            self.ignored += 1
            return
        parsed = parse(line)
        if wrapped:
            ours = bears_our_marks(line if parsed is None else parsed.text.encode())
        if parsed is None:
            self._pass_over(line, None, ours=ours)
            return
        draft = self._draft(parsed) if ours else None
        if draft is None:
            self._pass_over(line, parsed, ours=ours)
        moment = self._clock.read(parsed.stamp) or (draft.event.at if isinstance(draft, Draft) else None)
        if moment is not None:
            yield from self._pass_on(moment, self._twins.advance(moment))
        if isinstance(draft, Rejected):
            yield reject(draft.reason, SECRETS.split(line, maxsplit=1)[0])
        elif draft is not None and moment is not None:
            yield from self._pass_on(moment, self._twins.admit(moment, draft))
            self._moment = moment

    def close(self) -> Iterator[Reading]:
        """Lines of `messages` whose security event did not come."""
        if self._moment is not None:
            yield from self._pass_on(self._moment, self._twins.release())
        yield from self._attempts.release()

    def _draft(self, line: AsteriskLine) -> Draft | Rejected | None:
        if line.file == SECURITY_FILE:
            return self._security_draft(line)
        at = self._clock.read(line.stamp)
        if at is None:
            probe = self._messages.read(line, EPOCH, "-")
            return None if probe is None else Rejected(reason=NO_TIME)
        return self._messages.read(line, at, self._occurrences.id_of(line.whole.encode()))

    def _security_draft(self, line: AsteriskLine) -> Draft | Rejected | None:
        event = parse_security(line.text)
        if event is None:
            return Rejected(reason="a security event that cannot be read")
        if event.at is not None:
            self._clock.learn(line.stamp, event.at)
        at = event.at or self._clock.read(line.stamp)
        if at is None:
            return Rejected(reason=NO_TIME)
        content = line.whole.encode() if event.at is None else key_of(event)
        return self._security.read(event, at, self._occurrences.id_of(content))

    def _pass_on(self, moment: datetime, drafts: list[Draft]) -> Iterator[Reading]:
        yield from self._attempts.advance(moment)
        for draft in drafts:
            yield from self._attempts.fold(moment, draft)

    def _pass_over(self, line: bytes, parsed: AsteriskLine | None, *, ours: bool) -> None:
        """A line that no event comes of: none of our business, or one that should have been understood."""
        if not ours:
            self.ignored += 1
        elif parsed is None:
            reason = "JSON of an unknown layout" if line[:1] == b"{" else "a frame of the line that is not known"
            self.unread.note(reason, SECRETS.split(line, maxsplit=1)[0])
        elif parsed.file in KNOWN_FILES or parsed.file.startswith(PJSIP):
            if parsed.level in TOLD and not self._quiet(parsed):
                self.unread.note(f"words of {parsed.file} that are not known", SECRETS.split(line, maxsplit=1)[0])
            else:
                self.ignored += 1
        else:
            self.ignored += 1

    def _quiet(self, line: AsteriskLine) -> bool:
        """Whether it is a security event that is known and says nothing of use to us."""
        if line.file != SECURITY_FILE:
            return False
        event = parse_security(line.text)
        return event is not None and event.name in QUIET_EVENTS


def bears_our_marks(line: bytes) -> bool:
    """Whether a line may tell of something that was refused, or of somebody who came in."""
    for mark in OURS:  # noqa: SIM110 - half the time of `any` with a generator, and most lines end here
        if mark in line:
            return True
    return False
