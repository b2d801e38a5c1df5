"""Findings out: detections, incidents, decisions, actions and a replay's statistics."""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from detector.contract.vocabulary import Act, DecisionStatus, Mode, Severity, Stage, State, Status, SubjectKind, Trust

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


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


class Context(Struct, frozen=True, omit_defaults=True, rename={"klass": "class"}):
    """What the engine itself adds to the `values` of a detection; what rules put there is for people alone.

    How the number called was read, how many PBXs saw the address or the block of numbers attack, and `trust` where all
    of it was read out of free text.
    """

    destination: str = ""
    country: str = ""
    klass: str = ""
    block: str = ""
    fleet_pbxs: int = 0
    trust: Trust | None = None


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

    def context(self) -> Context:
        """What the engine knew of the matter."""
        return msgspec.convert(self.values, Context)


class Loss(Struct, frozen=True, gc=False):
    """Money in minor units of `currency`; `basis` says how it was reckoned."""

    spent: int
    per_minute: int
    avoided: int
    currency: str
    basis: str


class Incident(Finding, frozen=True, kw_only=True, tag="incident"):
    """One attack: its detections, how far it came, what it costs; how often it went on after it was contained.

    `related` are other incidents that share something with it, such as a country, and are not the same attack.
    """

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
    reopened: int = 0
    related: tuple[str, ...] = ()

    @property
    def accuses(self) -> bool:
        """Whether somebody is behind it as far as is known: not where it only says something of the PBX itself."""
        return self.stage != Stage.RECON or any(one.kind != SubjectKind.PBX for one in self.subjects)


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
    status: DecisionStatus
    keeps: tuple[str, ...] = ("emergency", "internal", "inbound")
    cuts_running: bool = False
    refused: str | None = None
    sends_calls: bool = False
    """Calls or INVITEs came from the address to be blocked, as from a carrier."""
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
    unread: int = 0


AnyFinding = Detection | Incident | Decision | Action
