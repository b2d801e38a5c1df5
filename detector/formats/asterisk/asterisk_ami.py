"""What Asterisk's manager interface (AMI) sends: security events, calls, call records, lost registrations."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call, Notice, Registration
from detector.contract.visibility import Source
from detector.formats.asterisk.asterisk_attempts import Attempts, Silence
from detector.formats.asterisk.asterisk_calls import UNIQUEID, BadRecordError, CallRecords
from detector.formats.asterisk.asterisk_channels import NEEDED, Channels
from detector.formats.asterisk.asterisk_frames import Fields, Frames
from detector.formats.asterisk.asterisk_owners import GUESS
from detector.formats.asterisk.asterisk_security import SecurityEvent, SecurityReader, event_time, key_of
from detector.formats.asterisk.asterisk_snapshot import ChannelsShown, Contacts
from detector.formats.asterisk.asterisk_tellings import MANAGER_INTERFACE
from detector.formats.carriers import bare
from detector.formats.format import Format, FormatOptions, Occurrences, Reading, address, clean, register

REMOTE = re.compile(r"IPV[46]/(?P<transport>\w{1,8})/(?P<host>[^/]{1,64})/(?P<port>\d{1,5})", re.ASCII)
TIMESTAMP = re.compile(r"\d{1,10}(?:\.\d{1,6})?", re.ASCII)
CALLS = frozenset({"Newchannel", "DialBegin", "DialEnd", "Hangup", "Cdr", "BlindTransfer", "UserEvent"})
REGISTRATIONS = frozenset({"PeerStatus", "ContactStatus", "Registry"})
SHOWN = frozenset({"Status", "StatusComplete", "ContactList"})
"""Items of what the PBX answers when it is asked what is up, and who is registered."""
READ = CALLS | REGISTRATIONS
SECURE = frozenset({"Service", "SessionID", "RemoteAddress"})
ODD = "a line within a frame that is no field"
DETAILS = ("ACLName", "Challenge", "UsingPassword", "RequestType")
ANSWERS = frozenset({"Response", "Action", "ActionID", "Message", "Output", "EventList", "ListItems"})
"""One of these is in each frame that is no event."""
EVENT = b"Event"
OLD_CALLS = {"Dial": "calls of Asterisk 11 and before are not read"}
STATES = {
    "PeerStatus": frozenset(
        {"Registered", "Unregistered", "Reachable", "Unreachable", "Lagged", "Rejected", "Unknown"}
    ),
    "ContactStatus": frozenset(
        {
            "Created",
            "Removed",
            "Updated",
            "Reachable",
            "Unreachable",
            "NonQualified",
            "Unqualified",
            "Unknown",
        }
    ),
    "Status": frozenset(
        {
            "Registered",
            "Unregistered",
            "Rejected",
            "No Authentication",
            "Request Sent",
            "Auth. Sent",
            "Timeout",
            "Failed",
            "Stopped",
            "Unregistering",
        }
    ),
}
"""What is known of peers, contacts, and our own registrations at trunks."""
STATE_OF = {"PeerStatus": "PeerStatus", "ContactStatus": "ContactStatus", "Registry": "Status"}
GONE = {("PeerStatus", "Unregistered"): "expired", ("ContactStatus", "Removed"): "removed"}
REFUSED = frozenset({"Rejected", "No Authentication"})
NO_TIME = Rejected(reason="an event before any that tells the time; set timestampevents=yes in manager.conf")
NO_ADDRESS = Rejected(reason="a security event without an address that can be read", field="RemoteAddress")


@register
class AsteriskAmi(Format):
    """Reads frames as they come over the wire; answers to actions, and actions, are ignored.

    Times are `Timestamp` (`timestampevents=yes`), `EventTV`, or the second in which a channel was made; an event with
    none of them happened when the one before it did. Security events and call records have the ids that the security
    log and Master.csv give. Digests are not kept.
    """

    name: ClassVar[str] = "asterisk-ami"
    sources: ClassVar[tuple[Source, ...]] = (MANAGER_INTERFACE,)

    def __init__(self, options: FormatOptions) -> None:
        super().__init__(options)
        self._frames = Frames()
        self._snapshot = ChannelsShown()
        self._contacts = Contacts(options.pbx, self.name)
        self._channels = Channels(CallRecords(options.pbx, self.name, options.zone, options.parties))
        self._security = SecurityReader(options.pbx, self.name)
        self._attempts = Attempts()
        self._occurrences = Occurrences()
        self._moment: datetime | None = None
        self._drafts = 0
        self._told = 0

    def read(self, line: bytes) -> Iterator[Reading]:
        """The events of the frame that ends with this line."""
        frame = self._frames.add(line)
        if frame is None:
            return
        if isinstance(frame, Rejected):
            yield frame
            return
        events = self._events(frame)
        if events is None:
            self._pass_over(frame)
        else:
            if self._frames.odd:
                self.unread.note(ODD, self._frames.strange, self._frames.odd)
            yield from events

    def take_up(self, legs: Iterable[Call]) -> None:
        """Legs that were up when somebody listened last: those that the PBX does not show are over."""
        self._channels.take_up(legs)

    def forget(self, ended: Iterable[Call]) -> None:
        """Calls whose end is known otherwise."""
        self._channels.forget({(call.call_id, call.leg) for call in ended})

    @property
    def held(self) -> int:
        """Refusals that may yet be forgiven, and the frame that has no end yet."""
        return self._attempts.holding + self._frames.open

    @property
    def merged(self) -> int:
        """Refusals of attempts that another one told, and those that were forgiven."""
        return self._drafts - self._told - self._attempts.holding

    def close(self) -> Iterator[Reading]:
        """A frame that has no end, and what was held back."""
        frame = self._frames.close()
        if isinstance(frame, Rejected):
            yield frame
        elif frame is not None:
            self._pass_over(frame)
        told = self._attempts.release()
        self._told += len(told)
        yield from told
        for name, side in self._channels.records.owners.guessed.items():
            self.assume(GUESS.format(name=name, side=side))

    def _pass_over(self, fields: Fields) -> None:
        """A frame that no event comes of: none of our business, or one that should have been understood."""
        name = fields.get("Event")
        reason = OLD_CALLS.get(name or "")
        if name is None and not ANSWERS & fields.keys() and (fields or EVENT in bare(self._frames.strange)):
            reason = "a frame that is neither an event nor an answer"
        if name in REGISTRATIONS and fields.get(STATE_OF[name], "") not in STATES[STATE_OF[name]]:
            reason = f"a {name} of an unknown state"
        if name in CALLS and (missing := [each for each in NEEDED.get(name, ()) if not fields.get(each)]):
            reason = f"a {name} without {missing[0]}"
        if name is not None and ("EventTV" in fields or fields.keys() >= SECURE):
            reason = "a security event that is not whole"
        if reason is None and self._frames.odd and name in READ:
            reason = ODD
        if reason is None:
            self.ignored += 1
        else:
            shown = "; ".join(f"{key}: {value}" for key, value in fields.items()).encode()
            self.unread.note(reason, shown or self._frames.strange)

    def _events(self, fields: Fields) -> Sequence[Reading] | None:
        """What a frame brings forward; None if it is none of our business."""
        name = fields.get("Event", "")
        security = name != "" and "EventTV" in fields and "Service" in fields
        if name in SHOWN:
            return self._shown(fields)
        if fields.get("Ping"):
            self._at(fields)
        if not (security or name in CALLS or name in REGISTRATIONS):
            return None
        at = self._at(fields)
        if at is None:
            return [NO_TIME]
        due = self._attempts.advance(at)
        self._told += len(due)
        if security:
            return [*due, *self._secure(fields, at)]
        try:
            event = self._channels.read(fields, at) if name in CALLS else self._registration(fields, at)
        except BadRecordError as error:
            return [*due, Rejected(reason=error.reason, field=error.field)]
        return [*due, event] if event is not None else due or None

    def _shown(self, fields: Fields) -> Sequence[Reading] | None:
        """What was missed before we asked; it bears no time, so it is now."""
        if self._moment is None:
            return None
        if fields["Event"] == "Status":
            self._snapshot.add(fields)
            return None
        if fields["Event"] == "ContactList":
            seen = self._contacts.read(fields, self._moment, self._channels.records.owners)
            return None if seen is None else [seen]
        return self._missed(self._moment) or None

    def _missed(self, now: datetime) -> list[Reading]:
        found: list[Reading] = []
        outside = self._channels.records.owners.parties.trunk_contexts
        for at, fields in self._snapshot.take(now, self._channels.up, outside):
            try:
                event = self._channels.read(fields, at)
            except BadRecordError:
                continue
            if event is not None:
                found.append(event)
        return found

    def _at(self, fields: Fields) -> datetime | None:
        """When it happened; time never goes back for those that do not say."""
        stamp, born = fields.get("Timestamp", ""), UNIQUEID.fullmatch(fields.get("Uniqueid", ""))
        at = event_time(fields["EventTV"]) if "EventTV" in fields else None
        if at is None and TIMESTAMP.fullmatch(stamp):
            at = datetime.fromtimestamp(float(stamp), UTC)
        if at is None and born and fields.get("Event") == "Newchannel":
            at = datetime.fromtimestamp(int(born[1]), UTC)
        if at is not None and (self._moment is None or at > self._moment):
            self._moment = at
        return at or self._moment

    def _secure(self, fields: Fields, at: datetime) -> Sequence[Reading]:
        remote = REMOTE.fullmatch(fields.get("RemoteAddress", ""))
        source_ip = address(remote["host"]) if remote is not None else None
        if remote is None or source_ip is None:
            return [NO_ADDRESS]
        event = SecurityEvent(
            name=fields["Event"], service=fields["Service"], at=at, account=fields.get("AccountID", ""),
            session=fields.get("SessionID", ""), remote=source_ip, port=remote["port"],
            transport=remote["transport"].lower(), details={name: fields[name] for name in DETAILS if name in fields},
        )  # fmt: skip
        draft = self._security.read(event, at, self._occurrences.id_of(key_of(event)))
        if draft is Silence.KNOWN:
            self.ignored += 1
            return []
        if draft is None:
            shown = f"{fields['Event']} of {fields['Service']} from {source_ip}"
            self.unread.note(f"a security event {fields['Event'][:64]} that is not known", shown.encode())
            return []
        if isinstance(draft.event, Registration) and draft.event.party == "extension":
            self._channels.sources.learn(draft.event)
            if draft.event.outcome == "accepted" and event.service == "PJSIP":
                self._contacts.learn(event.session, draft.event)
        self._drafts += 1
        told = self._attempts.fold(at, draft)
        self._told += len(told)
        return told

    def _registration(self, fields: Fields, at: datetime) -> AnyEvent | None:
        """A contact that went away, or our own registration that a trunk refused."""
        options, name = self.options, fields["Event"]
        key = self._occurrences.id_of("\0".join(f"{field}={fields[field]}" for field in sorted(fields)).encode())
        if name == "Registry":
            if fields.get("Status") not in REFUSED:
                return None
            return Notice(
                pbx=options.pbx, id=key, at=at, source=self.name, name="sip_trunk_registration_failed",
                level="warning", trunk=clean(fields.get("Domain", "")), account=clean(fields.get("Username", "")),
            )  # fmt: skip
        outcome = GONE.get((name, fields.get(name, "")))
        account = clean(fields.get("Peer", "").partition("/")[2] or fields.get("AOR", ""))
        if outcome is None or account is None:
            return None
        return Registration(
            pbx=options.pbx, id=key, at=at, source=self.name, outcome=outcome, account=account,
            party=self._channels.records.owners.side(account),
        )  # fmt: skip
