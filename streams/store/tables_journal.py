"""Tables of the journal: what was found, what was decided and done about it, who was told, who may log in."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from streams.store.columns import TYPES, Counted, metadata


class JournalBase(DeclarativeBase):
    """Everything `migrate(engine, "journal")` makes. Times are microseconds since 1970."""

    metadata = metadata()
    type_annotation_map = TYPES


class FoundColumns:
    """What every finding's row has; `body` is the whole finding as JSON.

    Findings refer to each other without foreign keys: they may arrive in any order.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    pbx: Mapped[str]
    tenant: Mapped[str]
    revision: Mapped[int]
    at: Mapped[int]
    drill: Mapped[bool]
    body: Mapped[bytes]


class IncidentTable(FoundColumns, JournalBase):
    """One attack; `written` is when the journal last learnt something of it, `gravity` what it is sorted by."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(None, "status", "at"),
        Index(None, "opened_at"),
        Index(None, "written"),
        Index(None, "status", "gravity"),
    )
    opened_at: Mapped[int]
    status: Mapped[str]
    written: Mapped[int] = mapped_column(server_default="0")
    gravity: Mapped[int] = mapped_column(server_default="0")


class DetectionTable(FoundColumns, JournalBase):
    """One rule fired."""

    __tablename__ = "detection"
    __table_args__ = (Index(None, "at"),)
    rule: Mapped[str]
    severity: Mapped[str]


class IncidentDetectionTable(JournalBase):
    """Which detections an incident is made of."""

    __tablename__ = "incident_detection"
    __table_args__ = (Index(None, "detection_id"),)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True)
    detection_id: Mapped[str] = mapped_column(primary_key=True)


class DecisionTable(FoundColumns, JournalBase):
    """What is to be done about an incident."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "incident_id"),)
    incident_id: Mapped[str]
    mode: Mapped[str]
    status: Mapped[str]


class ActionTable(JournalBase):
    """A decision being carried out; `until` is None for what is never undone.

    `undo_by` names who wants it undone before `until`. `before` is what stood there, sealed, written once. `begun_at`
    is when it was last begun; it `waits` for somebody outside, or for room in its budget, while that is so.
    """

    __tablename__ = "action"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        Index(None, "state", "next_try_at"),
        Index(None, "incident_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    decision_id: Mapped[str] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"))
    incident_id: Mapped[str]
    pbx: Mapped[str]
    kind: Mapped[str]
    drill: Mapped[bool]
    state: Mapped[str]
    by: Mapped[str]
    attempt: Mapped[int]
    changes: Mapped[int]
    error: Mapped[str | None]
    until: Mapped[int | None]
    undo_by: Mapped[str | None]
    before: Mapped[bytes | None]
    handle: Mapped[str | None]
    blast: Mapped[bytes | None]
    next_try_at: Mapped[int | None]
    created_at: Mapped[int]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[int | None]
    begun_at: Mapped[int | None]
    waits: Mapped[bool] = mapped_column(server_default=false())


class ActionHistoryTable(JournalBase):
    """One change of an action's state; `n` counts from 1 for each action."""

    __tablename__ = "action_history"
    __table_args__ = (UniqueConstraint("action_id", "n"), Index(None, "announced", "seq"))
    seq: Mapped[Counted]
    action_id: Mapped[str] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    n: Mapped[int]
    at: Mapped[int]
    before: Mapped[str | None]
    state: Mapped[str]
    by: Mapped[str]
    error: Mapped[str | None]
    announced: Mapped[bool]


class NotificationTable(JournalBase):
    """One message to one channel."""

    __tablename__ = "notification"
    __table_args__ = (Index(None, "state", "next_try_at"), Index(None, "incident_id"))
    id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"))
    channel: Mapped[str]
    revision: Mapped[int]
    reason: Mapped[str]
    severity: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    next_try_at: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[int]
    sent_at: Mapped[int | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[int | None]


class RemarkTable(JournalBase):
    """A person's order and what they said to it. Moves with its action when incidents merge."""

    __tablename__ = "remark"
    __table_args__ = (Index(None, "incident_id"),)
    id: Mapped[Counted]
    incident_id: Mapped[str]
    action_id: Mapped[str | None]
    at: Mapped[int]
    by: Mapped[str]
    about: Mapped[str]
    text: Mapped[str]


class AccountTable(JournalBase):
    """A user of the console."""

    __tablename__ = "account"
    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    created_at: Mapped[int]


class ConsoleSessionTable(JournalBase):
    """A login to the console, known by the hash of its token."""

    __tablename__ = "console_session"
    __table_args__ = (Index(None, "account"), Index(None, "expires"))
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.name", ondelete="CASCADE"))
    csrf: Mapped[str]
    created_at: Mapped[int]
    expires: Mapped[int]
    address: Mapped[str] = mapped_column(server_default="")


class LoginFailureTable(JournalBase):
    """Failed logins to the console under one key: an account or an address."""

    __tablename__ = "login_failure"
    __table_args__ = (Index(None, "failures", "last_at"),)
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[int]


class GatewayTable(JournalBase):
    """A gateway that is at work; who is not heard of `until` then, by the database's clock, is not any more."""

    __tablename__ = "gateway"
    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[int]


class PbxSessionTable(JournalBase):
    """Who may speak to a PBX until when, by the database's clock; `fence` counts its owners.

    `login` holds its token, sealed, so that the next owner goes on with the same one; `status` is JSON for people.
    """

    __tablename__ = "pbx_session"
    __table_args__ = (Index(None, "owner"),)
    pbx: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    fence: Mapped[int]
    until: Mapped[int]
    login: Mapped[bytes | None]
    status: Mapped[bytes | None]


class SightingTable(JournalBase):
    """One PBX, known by a keyed hash only, saw an attack from an address or on a block of numbers."""

    __tablename__ = "sighting"
    __table_args__ = (Index(None, "last_at"),)
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    pbx: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[int]
    last_at: Mapped[int]


class FleetEntryTable(JournalBase):
    """What was seen, and what of it was last told to all as `revision`; 0 is nothing yet: too few PBXs saw it."""

    __tablename__ = "fleet_entry"
    __table_args__ = (Index(None, "announced"), Index(None, "until"))
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    pbxs: Mapped[int]
    first_at: Mapped[int]
    last_at: Mapped[int]
    until: Mapped[int]
    revision: Mapped[int]
    announced: Mapped[bool]


class BrakeTable(JournalBase):
    """What keeps Ringfence from acting by itself, or from telling people; an empty scope is any. Never removed."""

    __tablename__ = "brake"
    __table_args__ = (Index(None, "ended_at"),)
    id: Mapped[Counted]
    kind: Mapped[str]
    pbx: Mapped[str]
    rule: Mapped[str]
    subject: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[int]
    until: Mapped[int | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[int | None]


class OrderSlipTable(JournalBase):
    """An undo asked for outside the console; a service takes it, and says whether it was in time."""

    __tablename__ = "order_slip"
    __table_args__ = (Index(None, "taken_by"),)
    id: Mapped[Counted]
    action_id: Mapped[str]
    by: Mapped[str]
    note: Mapped[str]
    at: Mapped[int]
    taken_by: Mapped[str | None]
    done: Mapped[bool | None]


class VerdictTable(JournalBase):
    """What a closed incident was, as the person says who closed it."""

    __tablename__ = "verdict"
    incident_id: Mapped[str] = mapped_column(primary_key=True)
    pbx: Mapped[str]
    verdict: Mapped[str]
    by: Mapped[str]
    at: Mapped[int]


class VerdictRuleTable(JournalBase):
    """A rule that had fired in an incident with a verdict."""

    __tablename__ = "verdict_rule"
    incident_id: Mapped[str] = mapped_column(ForeignKey("verdict.incident_id", ondelete="CASCADE"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)


class FeedFetchTable(JournalBase):
    """A firewall that fetches the list of blocked addresses, and what stood there when it last did, a CIDR a line."""

    __tablename__ = "feed_fetch"
    firewall: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]
    listed: Mapped[str]
