"""What every action can do: look, apply, confirm by reading back, undo."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from detector.contract.findings import Subject
from detector.contract.registry import Registry
from detector.contract.vocabulary import Act
from streams.containment.enforcers.enforcer import Enforcer
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx_errors import GiveUp
from streams.yeastar.client import YeastarClient

B = TypeVar("B")
A = TypeVar("A", bound="PbxAction[Any]")


class Means(Struct, frozen=True, kw_only=True):
    """One PBX, by all that reaches it; without an API only addresses can be blocked."""

    client: YeastarClient | None
    enforcers: tuple[Enforcer, ...] = ()
    dialling: Dialling = Dialling()
    emergency_routes: frozenset[str] = frozenset()
    """Outbound routes that carry emergency calls, as configured."""

    @property
    def pbx(self) -> YeastarClient:
        """Its API; `GiveUp` if there is none."""
        if self.client is None:
            raise GiveUp("this PBX has no API that Ringfence knows")
        return self.client


class Order(Struct, frozen=True, kw_only=True):
    """What is to be done to whom, until when; `key` names it for ever, e.g. in a rule's name on the PBX."""

    key: str
    target: Subject
    until: datetime


class Drifted(Exception):  # noqa: N818 - named for what happened
    """Somebody changed since what we had changed; it is left alone. The text says what differs."""


class PbxAction(ABC, Generic[B]):
    """How one act is carried out. `before` (B, stored sealed) is what stood there, known before anything is touched.

    All methods raise `PbxError` or `EnforcerError`; a `GiveUp` in `prepare` means nothing was touched.
    """

    act: ClassVar[Act]
    before: type[B]

    @abstractmethod
    async def prepare(self, site: Means, order: Order) -> B:
        """What stands there now, and whatever must be chosen once."""

    @abstractmethod
    async def apply(self, site: Means, order: Order, before: B) -> str | None:
        """Do what is missing of it; a handle to find it again, if there is one. May be repeated."""

    @abstractmethod
    async def confirmed(self, site: Means, order: Order, before: B, handle: str | None) -> bool:
        """Whether it is in force, as read back."""

    async def undo(self, site: Means, order: Order, before: B, handle: str | None) -> None:
        """Put back what stood there; `Drifted` if that would overwrite somebody's change. May be repeated."""
        raise NotImplementedError

    async def undone(self, site: Means, order: Order, before: B, handle: str | None) -> bool:
        """Whether it is no longer in force, as read back."""
        raise NotImplementedError

    @abstractmethod
    async def preview(self, site: Means, order: Order) -> str:
        """What it would cut, in a sentence."""


ACTIONS: Registry[PbxAction[Any]] = Registry("actions of the P-Series", "streams.yeastar.actions")


def action(kind: type[A]) -> type[A]:
    """Registers an action; the same act twice stops the program."""
    ACTIONS.add(kind.act, kind())
    return kind
