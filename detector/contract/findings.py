"""Findings out: detections, incidents, decisions, actions and a replay's statistics."""

from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class Severity(StrEnum):
    """How bad one detection is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Mode(StrEnum):
    """What a rule has earned: only rehearsed, told, asked for, done."""

    SHADOW = "shadow"
    NOTIFY = "notify"
    ASK = "ask"
    AUTO = "auto"


class Stage(StrEnum):
    """How far an attack has come; an incident's stage only rises."""

    RECON = "recon"
    CREDENTIAL = "credential"
    ACCESS = "access"
    PROBE = "probe"
    PUMPING = "pumping"


class Status(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    CONTAINED = "contained"
    CLOSED = "closed"
    MERGED = "merged"


class Act(StrEnum):
    """What can be done through the PBX or an enforcer."""

    HANG_UP = "hang_up"
    RESTRICT_EXTENSION = "restrict_extension"
    RESET_REGISTRATION = "reset_registration"
    LOCK_ROUTE = "lock_route"
    BLOCK_NUMBER = "block_number"
    DISABLE_TRUNK = "disable_trunk"
    BLOCK_IP = "block_ip"
    BACKUP_PBX = "backup_pbx"


class State(StrEnum):
    """The life of an action in the journal."""

    REQUESTED = "requested"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DRIFTED = "drifted"
    UNDO_FAILED = "undo_failed"


class SubjectKind(StrEnum):
    """What a detection is about, or an action is done to."""

    EXTENSION = "extension"
    ACCOUNT = "account"
    SOURCE_IP = "source_ip"
    TRUNK = "trunk"
    ROUTE = "route"
    DESTINATION = "destination"
    CALL = "call"
    PBX = "pbx"


Value = str | int | float | bool | None


class Subject(Struct, frozen=True, gc=False, order=True):
    """A thing by its kind and id: extension number, address or CIDR, E.164 number or prefix, trunk name."""

    kind: SubjectKind
    id: str


class Finding(Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all findings share; the same `id` with a higher `revision` replaces what was sent before."""

    id: str
    pbx: str
    tenant: str = ""
    at: datetime
    revision: int = 0


class Detection(Finding, frozen=True, kw_only=True, tag="detection"):
    """One rule fired for one subject. `evidence` holds at most 32 event ids."""

    rule: str
    severity: Severity
    subject: Subject
    summary: str
    values: dict[str, Value]
    evidence: tuple[str, ...]
    control: str
    attack: tuple[str, ...] = ()
    mode: Mode
    late: bool = False
    drill: bool = False


class Loss(Struct, frozen=True, gc=False):
    """Money in minor units of `currency`; `basis` says how it was reckoned."""

    spent: int
    per_minute: int
    avoided: int
    currency: str
    basis: str


class Incident(Finding, frozen=True, kw_only=True, tag="incident"):
    """One attack: its detections, how far it came, what it costs."""

    opened_at: datetime
    status: Status
    stage: Stage
    kind: str
    severity: Severity
    title: str
    subjects: tuple[Subject, ...]
    detections: tuple[str, ...]
    merged_into: str | None = None
    loss: Loss
    drill: bool = False


class Decision(Finding, frozen=True, kw_only=True, tag="decision"):
    """What is to be done about an incident, until when, in which mode, and what it leaves working."""

    incident: str
    because: tuple[str, ...]
    action: Act
    rung: int
    target: Subject
    until: datetime
    review_at: datetime | None = None
    mode: Mode
    status: str
    keeps: tuple[str, ...] = ("emergency", "internal", "inbound")
    cuts_running: bool = False
    refused: str | None = None
    drill: bool = False


class Action(Finding, frozen=True, kw_only=True, tag="action"):
    """What was really done; sent at every change of state."""

    decision: str
    action: Act
    target: Subject
    state: State
    by: str
    attempt: int = 0
    error: str | None = None


class Stats(Struct, frozen=True, kw_only=True, tag_field="type", tag="stats"):
    """The last line of a replay."""

    read: int
    late: int
    duplicate: int
    rejected: int
    wall_seconds: float
    events_per_second: float
    unknown: int = 0
    ahead: int = 0


AnyFinding = Detection | Incident | Decision | Action
STAGES = tuple(Stage)
