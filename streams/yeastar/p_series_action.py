"""What all actions on a P-Series share: the API they go through, and where they register."""

from typing import Any, TypeVar

from msgspec import Struct

from detector.contract.registry import Registry
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import PbxAction
from streams.yeastar.answers import ActiveCall, RouteAnswer
from streams.yeastar.client import YeastarClient

B = TypeVar("B")
A = TypeVar("A", bound="type[PSeriesAction[Any]]")


class Means(Struct, frozen=True, kw_only=True):
    """One P-Series, by all that its actions need to know of it."""

    client: YeastarClient
    dialling: Dialling = Dialling()
    emergency_routes: frozenset[str] = frozenset()
    """Outbound routes that carry emergency calls, as configured."""


class PSeriesAction(PbxAction[B]):
    """One kind of action on one P-Series; `reads` are the interfaces without which it cannot be done."""

    reads: tuple[str, ...]

    def __init__(self, means: Means) -> None:
        self.means = means
        self.client = means.client


ACTIONS: Registry[type[PSeriesAction[Any]]] = Registry("actions of the P-Series", "streams.yeastar.actions")


def action(kind: A) -> A:
    """Registers an action; the same act twice stops the program."""
    ACTIONS.add(kind.act, kind)
    return kind


def patterns_of(route: RouteAnswer) -> list[str]:
    """The dial patterns of a route."""
    return [str(item.get("pattern") or "") for item in route.dial_pattern_list]


def called(call: ActiveCall) -> list[str]:
    """The numbers that a call has called through a trunk, as dialled; empty where the PBX shows none."""
    return [member.outbound.to or "" for member in call.members if member.outbound]
