"""What the journal hands out: frozen copies of its rows, with times in microseconds since 1970."""

from typing import Literal

from msgspec import Struct

from detector.contract.findings import Decision, Detection, Incident, Subject
from detector.contract.vocabulary import Act, MessageState, State
from detector.decide.blast import Blast

About = Literal["approved", "refused", "undone", "closed", "acknowledged"]


class ActionRow(Struct, frozen=True, kw_only=True):
    """A decision being carried out.

    `until` is None for what is never undone; `undo_by` is who wants it undone earlier. `before` is what stood
    there, sealed by the `Vault`; `handle` is what the enforcer needs to find its own change again. `blast` is whom it
    hits, None while nobody has looked. A drill never gets beyond `requested`. It `waits` while somebody outside has to
    do the rest, or its budget is spent; `begun_at` is when it was last begun.
    """

    id: str
    decision: Decision
    drill: bool
    state: State
    by: str
    attempt: int
    error: str | None
    until: int | None
    undo_by: str | None
    before: bytes | None
    handle: str | None
    next_try_at: int | None
    created_at: int
    blast: Blast | None = None
    begun_at: int | None = None
    waits: bool = False

    @property
    def incident(self) -> str:
        """The incident it belongs to."""
        return self.decision.incident

    @property
    def pbx(self) -> str:
        """The PBX it is done to."""
        return self.decision.pbx

    @property
    def kind(self) -> Act:
        """What is done."""
        return self.decision.action

    @property
    def target(self) -> Subject:
        """What it is done to."""
        return self.decision.target

    def undo_due(self, now: int) -> bool:
        """Whether it is to be undone by `now`."""
        return self.until is not None and (self.undo_by is not None or self.until <= now)


class HistoryRow(Struct, frozen=True, kw_only=True):
    """One change of an action's state, `n` counting from 1; `before` is None for the first."""

    seq: int
    action: str
    n: int
    at: int
    before: State | None
    state: State
    by: str
    error: str | None


class Announcement(Struct, frozen=True):
    """A change of state the stream has not been told yet, with its action as it is now."""

    change: HistoryRow
    action: ActionRow


class NotificationRow(Struct, frozen=True, kw_only=True):
    """One message to one channel; `gravity` is that of its incident, where it was asked for."""

    id: str
    incident: str | None
    channel: str
    revision: int
    reason: str
    severity: str
    title: str
    text: str
    created_at: int
    state: MessageState = MessageState.PENDING
    attempts: int = 0
    next_try_at: int | None = None
    error: str | None = None
    sent_at: int | None = None
    gravity: int = 0


class ActionStep(Struct, frozen=True):
    """That an action of an incident changed, `seq` in the order of all changes, and how grave the incident is."""

    seq: int
    incident: str
    gravity: int


class WrittenIncident(Struct, frozen=True):
    """That an incident was written, when by the database's clock, and how grave it is."""

    id: str
    revision: int
    written: int
    gravity: int


class RemarkRow(Struct, frozen=True, kw_only=True):
    """What a person ordered and said; `action` is None where it was about the whole incident."""

    id: int
    incident: str
    action: str | None
    at: int
    by: str
    about: About
    text: str


class AllowRow(Struct, frozen=True, kw_only=True):
    """What a person put on the allow-list, and why: for one PBX, or for all where `pbx` is None."""

    id: int
    pbx: str | None
    value: str
    reason: str
    by: str
    at: int
    until: int


class IncidentView(Struct, frozen=True, kw_only=True):
    """All there is to one incident, each list oldest first."""

    incident: Incident
    detections: list[Detection]
    decisions: list[Decision]
    actions: list[ActionRow]
    history: list[HistoryRow]
    notifications: list[NotificationRow]
    remarks: list[RemarkRow]


class Failures(Struct, frozen=True, kw_only=True):
    """What did not work and needs a person, newest first."""

    actions: list[ActionRow]
    notifications: list[NotificationRow]


class FleetRow(Struct, frozen=True, kw_only=True):
    """What several PBXs saw, as of one `revision`: an address, or a block of numbers, listed until `until`."""

    kind: str
    id: str
    pbxs: int
    first_at: int
    last_at: int
    until: int
    revision: int


class SessionRow(Struct, frozen=True):
    """A login to the console that has not expired."""

    account: str
    csrf: str
    created_at: int
    expires: int


class PbxSession(Struct, frozen=True, kw_only=True):
    """Who speaks to a PBX; `held` says whether the lease of `owner` still runs. `status` is JSON for people."""

    pbx: str
    owner: str | None
    fence: int
    held: bool
    status: bytes | None


class BegunAction(Struct, frozen=True, kw_only=True):
    """An action that was begun, and when."""

    action: str
    target: Subject
    at: int


class FetchRow(Struct, frozen=True, kw_only=True):
    """When a firewall last fetched the list of blocked addresses, and which CIDRs stood there."""

    firewall: str
    at: int
    listed: frozenset[str]
