"""The words the whole house shares."""

from enum import StrEnum


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


class Basis(StrEnum):
    """What kind of knowledge a rule rests on: country, score, text or hearsay alone never contain (decision 12).

    `HEARSAY` is what other PBXs saw.
    """

    BEHAVIOUR = "behaviour"
    COUNTRY = "country"
    SCORE = "score"
    TEXT = "text"
    HEARSAY = "hearsay"
    DERIVED = "derived"
