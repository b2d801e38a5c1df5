"""The words the whole house shares.

Those of events are what this version knows: an event keeps whatever a newer producer says, which is then equal to none.
"""

from enum import StrEnum
from typing import Final


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


class Author(StrEnum):
    """Which part of Ringfence changed an action; whoever else did is a person by name."""

    POLICY = "policy"
    EXECUTOR = "executor"
    GUARD = "guard"


class MessageState(StrEnum):
    """The life of a message to people in the journal; of one that is `interrupted` nobody knows whether it went out."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"


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
    """What kind of knowledge a firing rests on: only behaviour that was seen contains without a person.

    `HEARSAY` is what other PBXs saw, `LIMIT` a limit in money, hours or lines that is reached by doing what is done
    here every day, `DERIVED` what follows from other firings.
    """

    BEHAVIOUR = "behaviour"
    COUNTRY = "country"
    SCORE = "score"
    TEXT = "text"
    HEARSAY = "hearsay"
    LIMIT = "limit"
    DERIVED = "derived"


class Kind(StrEnum):
    """What sort of attack an incident looks like; rules name some, its stages tell the others."""

    KNOWN_ATTACKER = "known_attacker"
    ENUMERATION = "enumeration"
    PASSWORD_GUESSING = "password_guessing"  # noqa: S105 - a word, no password
    PIN_GUESSING = "pin_guessing"
    ADMIN_TAKEOVER = "admin_takeover"
    STOLEN_CREDENTIAL = "stolen_credential"
    PREFIX_HUNT = "prefix_hunt"
    WANGIRI = "wangiri"
    IRSF = "irsf"
    SLOW_PUMPING = "slow_pumping"
    FORWARDING_FRAUD = "forwarding_fraud"
    DIAL_THROUGH = "dial_through"
    ROBOCALLS = "robocalls"
    POLICY = "policy"


class DecisionStatus(StrEnum):
    """Whether a decision holds."""

    ACTIVE = "active"
    LIFTED = "lifted"


class PricedBy(StrEnum):
    """Where a price comes from: the operator's tariff, or our own by kind of number."""

    TARIFF = "tariff"
    DEFAULT = "default"


class ControlName(StrEnum):
    """What a control event brings."""

    SETTINGS = "settings"
    OUTCOME = "outcome"
    VERDICT = "verdict"
    FLEET = "fleet"
    TABLES = "tables"


class Trust(StrEnum):
    """Where the content of an event comes from, if it is not the PBX's own record."""

    TEXT = "text"


class Phase(StrEnum):
    """How far a leg of a call has come."""

    STARTED = "started"
    ANSWERED = "answered"
    ENDED = "ended"


class Direction(StrEnum):
    """From where to where a leg goes; `transit` is from trunk to trunk."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    INTERNAL = "internal"
    TRANSIT = "transit"


OUTWARD: Final = frozenset({Direction.OUTBOUND, Direction.TRANSIT})
"""Where a leg goes over a trunk to the world outside."""


class Via(StrEnum):
    """What of the PBX made or carries a leg."""

    DIRECT = "direct"
    FORWARD = "forward"
    TRANSFER = "transfer"
    DISA = "disa"
    VOICEMAIL = "voicemail"
    CONFERENCE = "conference"
    QUEUE = "queue"
    RING_GROUP = "ring_group"
    IVR = "ivr"
    CALLBACK = "callback"
    API = "api"


class Disposition(StrEnum):
    """What became of a leg that ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"


class AccessOutcome(StrEnum):
    """What became of a registration or login."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CHALLENGED = "challenged"
    EXPIRED = "expired"
    REMOVED = "removed"


class Party(StrEnum):
    """Whose registration it is."""

    EXTENSION = "extension"
    TRUNK = "trunk"


class SipMethod(StrEnum):
    """What a SIP credential was given for."""

    REGISTER = "REGISTER"
    INVITE = "INVITE"
    SUBSCRIBE = "SUBSCRIBE"


class Way(StrEnum):
    """How somebody reached the PBX."""

    LAN = "lan"
    DIRECT = "direct"
    REMOTE_ACCESS = "remote_access"
    PROXY = "proxy"


class App(StrEnum):
    """What registered: a SIP device, or one of the PBX's own apps."""

    SIP = "sip"
    LINKUS_DESKTOP = "linkus_desktop"
    LINKUS_MOBILE = "linkus_mobile"
    LINKUS_WEB = "linkus_web"


class Surface(StrEnum):
    """Where somebody logged in."""

    WEB = "web"
    LINKUS_DESKTOP = "linkus_desktop"
    LINKUS_MOBILE = "linkus_mobile"
    LINKUS_WEB = "linkus_web"
    API = "api"
    SSH = "ssh"
    AMI = "ami"
    LDAP = "ldap"


class SignIn(StrEnum):
    """By what somebody logged in."""

    PASSWORD = "password"  # noqa: S105 - a word, no password
    SSO = "sso"
    QR = "qr"
    LINK = "link"
    TOKEN = "token"  # noqa: S105 - a word, no token


class Level(StrEnum):
    """How loud a notice of the PBX is."""

    INFORMATION = "information"
    WARNING = "warning"
    ALERT = "alert"


class SourceNotice(StrEnum):
    """Names of notices that our own connectors give of themselves: `source` says which, and they bear no `trust`."""

    SILENT = "source_silent"
    HEARD = "source_heard"
    UNREAD = "source_unread"
    UNDERSTOOD = "source_understood"
    UNFETCHED = "list_unfetched"
    FETCHED = "list_fetched"
    LEFT = "action_left"
    REPLAYED = "records_replayed"


class Reason(StrEnum):
    """Why something was refused, where rules ask for it; a source may give any other text."""

    WRONG_PIN = "wrong_pin"
    UNKNOWN_ACCOUNT = "unknown_account"


SEVERITIES: Final = tuple(Severity)
"""From the least."""
MODES: Final = tuple(Mode)
"""From the one that does least."""
STAGES: Final = tuple(Stage)
"""In the order in which an attack comes to them."""
