"""What every way to reach people offers, and the list of those there are."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol, TypeVar

from msgspec import Struct

from detector.contract.findings import Incident
from detector.contract.registry import Registry
from detector.contract.vocabulary import Severity
from streams.config.installation import Installation
from streams.pbxs.pbx import PbxConnection

S = TypeVar("S", bound="type[SenderKind]")

PbxAtHand = Callable[[], PbxConnection | None]
"""A PBX that people can be called by at the moment, None if there is none."""


class SendError(Exception):
    """The message was not taken; its text holds no secret."""


class Sender(Protocol):
    """One way to reach one receiver."""

    async def send(self, title: str, text: str) -> None:
        """Deliver, or raise `SendError`."""


class Channel(Struct, frozen=True):
    """Where messages go: its name is all that logs and rows ever show of it.

    One that `rings` wakes somebody: only for what cannot wait, seldom, and until it is acknowledged.
    """

    name: str
    sender: Sender
    minimum: Severity = Severity.WARNING
    kinds: tuple[str, ...] = ()
    rings: bool = False

    def wants(self, incident: Incident) -> bool:
        """Whether this kind of incident is for this channel; no kinds named are all."""
        return not self.kinds or incident.kind in self.kinds


class SenderKind(ABC):
    """One kind of `Sender`: it knows which of the configured receivers are its own."""

    kind: ClassVar[str]

    @classmethod
    @abstractmethod
    def channels(cls, settings: Installation, pbx: PbxAtHand) -> Iterator[Channel]:
        """A channel for every receiver that is served this way. Raises ValueError, without a secret in its text."""

    @abstractmethod
    async def send(self, title: str, text: str) -> None:
        """Deliver, or raise `SendError`."""


class UrlSender(SenderKind):
    """Serves those receivers under `notify` whose URL begins with one of `schemes`, each by an object of its own.

    Raises ValueError for a URL it cannot use, without repeating it: it holds secrets.
    """

    schemes: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def __init__(self, url: str) -> None: ...

    @classmethod
    def serves(cls, scheme: str) -> bool:
        """Whether URLs that begin so are its own."""
        return scheme in cls.schemes

    @classmethod
    def channels(cls, settings: Installation, pbx: PbxAtHand) -> Iterator[Channel]:
        """Its receivers, as configured."""
        for target in settings.notify:
            url = target.url.get_secret_value() if target.url is not None else ""
            if url and cls.serves(url.partition("://")[0].lower()):
                yield Channel(target.name, cls(url), target.severity, target.incidents)


SENDERS: Registry[type[SenderKind]] = Registry("senders", "streams.notify.senders")


def sender(kind: S) -> S:
    """Registers a kind of sender; the same name twice stops the program."""
    SENDERS.add(kind.kind, kind)
    return kind


def channels_of(settings: Installation, pbx: PbxAtHand) -> list[Channel]:
    """Everybody who is told, as configured; calls go through whatever PBX there is at the time."""
    return [channel for kind in SENDERS.all().values() for channel in kind.channels(settings, pbx)]
