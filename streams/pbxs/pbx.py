"""The seam: what a make of PBX offers, and all that the rest of the house knows of one.

A make is a package `streams/NAME/`, NAME being its word in the settings (`PbxMake`), whose module `make` has a `MAKE`.
Of this package it may import `pbx`, `pbx_errors`, `discovery`, `dialling`, `tls_context` and `trouble`, besides
`streams.runtime` and what lies below; never another make, and nobody imports it. Each method says what it must do. None
lets anything but a `PbxError` out, unless it says so, and no text that they make holds a secret.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from msgspec import Struct

from detector.audit.declared import Declared
from detector.audit.posture import Fact, Posture
from detector.contract.events import Call
from detector.contract.findings import Subject
from detector.contract.visibility import Source
from detector.contract.vocabulary import Act
from detector.settings import PbxProfile
from streams.config.connection import PbxMake
from streams.config.installation import InstalledPbx
from streams.pbxs.discovery import CallUp, Capabilities, Discovery
from streams.runtime.ingest import Ingest, Reading, SourceStatus

B = TypeVar("B")
NOT_SHOWN = "Ringfence does not ask this make of PBX"

Fence = Callable[[], None]
"""Raises `NotOurs` once this PBX may belong to another process: asked before every login and every change."""
KeyedHash = Callable[[str], str]
"""What stands in an event for a PIN, which is never kept."""


class LoginMemory(Protocol):
    """Where a session keeps what must outlive its process: what it logged in with, and how often it was refused."""

    def load(self) -> bytes | None:
        """What was saved last, if anything was."""

    async def save(self, kept: bytes) -> None:
        """Keep it, sealed; durable when this returns."""

    def name(self, credentials: str) -> str:
        """A name for credentials that does not tell them: what was kept of other ones is worth nothing."""


class NoMemory:
    """Forgets with the process."""

    def load(self) -> bytes | None:
        """Nothing."""
        return None

    async def save(self, kept: bytes) -> None:
        """Forget it."""

    def name(self, credentials: str) -> str:
        """None needed."""
        return ""


class TimeFormats(Struct, frozen=True):
    """How the PBX shows times, in its own notation."""

    date: str
    time: str


class RegisteredPhone(Struct, frozen=True):
    """A telephone of an extension, and the address it is registered from."""

    extension: str
    address: str


class Present(Struct, frozen=True):
    """Who is registered and what calls are up at this moment; each known with its source, or not with the reason."""

    registered: Fact[tuple[RegisteredPhone, ...]]
    calls: Fact[tuple[CallUp, ...]]


class Order(Struct, frozen=True, kw_only=True):
    """What is to be done to whom, until when; `key` names it for ever, e.g. in a rule's name on the PBX.

    `handle` is what the last `apply` returned, if there was one.
    """

    key: str
    target: Subject
    until: datetime
    handle: str | None = None


class Drifted(Exception):  # noqa: N818 - named for what happened
    """Somebody changed since what we had changed; it is left alone. The text says what differs."""


class Awaited(Exception):  # noqa: N818 - named for what it is
    """All that is ours to do is done; the text says who has to do the rest. No failure, and no attempt."""


class PbxAction(ABC, Generic[B]):
    """How one act is carried out on one PBX.

    `before` (B, stored sealed) is what stood there, known before anything is touched. An object lives as long as its
    PBX is in our hands and keeps nothing of an order: a crash may lie between any two calls, and after it another
    process goes on with `before` and `handle`. All methods raise `PbxError` or `EnforcerError`; a `GiveUp` in
    `prepare` means nothing was touched.
    """

    act: ClassVar[Act]
    before: type[B]

    @abstractmethod
    async def prepare(self, order: Order) -> B:
        """What stands there now, and whatever must be chosen once."""

    @abstractmethod
    async def apply(self, order: Order, before: B) -> str | None:
        """Do what is missing of it; a handle to find it again, if there is one. May be repeated."""

    @abstractmethod
    async def confirmed(self, order: Order, before: B, handle: str | None) -> bool:
        """Whether it is in force, as read back."""

    async def undo(self, order: Order, before: B, handle: str | None) -> None:
        """Put back what stood there; `Drifted` if that would overwrite somebody's change. May be repeated."""
        raise NotImplementedError

    async def undone(self, order: Order, before: B, handle: str | None) -> bool:
        """Whether it is no longer in force, as read back."""
        raise NotImplementedError

    async def awaited(self, order: Order, before: B, *, gone: bool = False) -> str | None:
        """Who has to do the rest, where it is not in force, or not `gone`, and nothing is left for us to do."""
        return None

    @abstractmethod
    async def preview(self, order: Order) -> str:
        """What it would cut, in a sentence."""

    def beside(self, own: "AnyAction") -> "AnyAction":
        """What is done where a PBX has an action of its own for an act that others carry out, too."""
        return self

    def remark(self, handle: str | None) -> str | None:
        """What people should know of how it was done, beside that it was."""
        return None


AnyAction = PbxAction[Any]
"""An action whatever it keeps."""


class WebhookSource(ABC):
    """Events that a PBX pushes to us over HTTP; it needs no login there, so a process without secrets can have it.

    The receiver bounds size, time and number of what comes, and keeps what was taken once from being taken again.
    """

    status: SourceStatus
    signature_header: ClassVar[str]
    """The header without which a request is not even read."""

    @abstractmethod
    def signed(self, body: bytes, signature: str) -> bool:
        """Whether the PBX itself made this signature, over the bytes as they came; takes as long if it did not."""

    @abstractmethod
    def foreign(self, body: bytes) -> bool:
        """Whether what it signed comes from another PBX all the same."""

    @abstractmethod
    def read(self, body: bytes, received_at: datetime) -> list[Reading]:
        """Its events; what cannot be used is a `Rejected`, never an error."""

    @abstractmethod
    def repeats_within(self, body: bytes) -> float:
        """For how many seconds the same bytes can only be the same event once more."""

    @abstractmethod
    def show_times(self, formats: TimeFormats) -> None:
        """Read times in these formats from now on: whoever has the session has asked the PBX."""


class PbxSources(ABC):
    """Everything that listens to one PBX by itself: streams, polls, and the filling of gaps."""

    @property
    @abstractmethod
    def heard_at(self) -> datetime | None:
        """Until when the PBX's records were fetched: whoever has it next begins there. None before the first time."""

    @property
    @abstractmethod
    def webhook(self) -> WebhookSource | None:
        """What the PBX pushes, for a process that has both; it knows what the other sources have learnt."""

    @abstractmethod
    def statuses(self) -> list[SourceStatus]:
        """How those are doing that `run` has, the same objects each time."""

    @abstractmethod
    async def run(self) -> None:
        """Feed the log until cancelled, whatever the PBX does; an event is let go of once the log has taken it."""


class PbxConnection(ABC):
    """The way to one PBX: one session for all who use it, held as long as the PBX is in our hands.

    It logs in when first used, and stops by itself before the PBX would shut us out: after fewer refusals than that
    takes, restarts included. Reads may be repeated when a connection fails; changes and logins never are, and pass the
    fence.
    """

    @property
    @abstractmethod
    def locked(self) -> bool:
        """Whether we log in no more, until we are started with other credentials."""

    @property
    @abstractmethod
    def times(self) -> TimeFormats | None:
        """How the PBX shows times, None where that is not for it to choose."""

    @abstractmethod
    def sources(
        self, ingest: Ingest, keyed_hash: KeyedHash, *, since: datetime | None, up: Sequence[Call] = ()
    ) -> PbxSources:
        """What listens to it, not yet at work.

        `since` is when the log last heard of this PBX, None for never; `up` are the legs of calls that were up then, as
        far as the log knows.
        """

    @abstractmethod
    def actions(self) -> Mapping[Act, AnyAction]:
        """What can be done to it, were it allowed; whether it is, `capabilities` tells."""

    @abstractmethod
    async def capabilities(self) -> Capabilities:
        """What it can tell and what can be done to it, on this firmware and with our rights; changes nothing."""

    @abstractmethod
    async def discover(self) -> Discovery:
        """What is configured on it; a part that we may not read is unknown, and no error."""

    async def present(self) -> Present:
        """Who is registered from where, and what calls are up; what this make does not show is unknown."""
        return Present(Fact(None, NOT_SHOWN), Fact(None, NOT_SHOWN))

    @abstractmethod
    async def calls(self) -> Sequence[CallUp]:
        """The calls to the world outside that are up at this moment."""

    @abstractmethod
    async def posture(self, declared: Declared, now: datetime) -> Posture:
        """All that an audit can know of it; what we may not read is unknown. Raises if there is no way in at all."""

    @abstractmethod
    async def call_person(self, number: str, extension: str, prompts: Sequence[str]) -> bool:
        """Ring `number` on behalf of `extension` and play `prompts`, which were recorded there before.

        Without prompts, or where none can be played, ring the extension and connect it to the number. Returns when the
        call is over: whether somebody answered, as far as the PBX tells.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the session in good order; a PBX that is away is no error."""


class Make(ABC):
    """One make of PBX."""

    name: ClassVar[PbxMake]

    @abstractmethod
    def connect(
        self, pbx: InstalledPbx, profile: PbxProfile, memory: LoginMemory, fence: Fence | None = None
    ) -> PbxConnection:
        """A way to this PBX, not yet logged in. Raises ValueError where its settings lack what that needs."""

    @abstractmethod
    def webhook(self, pbx: InstalledPbx, profile: PbxProfile, keyed_hash: KeyedHash) -> WebhookSource | None:
        """What this PBX pushes to us, None if it does not; without a session and its secrets."""

    @abstractmethod
    def actions(self) -> Mapping[Act, type[AnyAction]]:
        """What can be done to PBXs of this make."""

    @abstractmethod
    def sources(self) -> tuple[Source, ...]:
        """What tells of PBXs of this make that are connected, where nothing stands in the way."""

    def hook(self, profile: PbxProfile) -> str | None:
        """A file to be put on the PBX, without which our acts have no effect there; None where none is needed."""
        return None
