"""Where the actions register that are the same for every make of PBX."""

from collections.abc import Sequence
from typing import Any, TypeVar

from detector.contract.registry import Registry
from detector.contract.vocabulary import Act
from streams.containment.enforcers.enforcer import Enforcer
from streams.pbxs.pbx import AnyAction, PbxAction

B = TypeVar("B")
A = TypeVar("A", bound="type[EverywhereAction[Any]]")


class EverywhereAction(PbxAction[B]):
    """One kind of action that needs no API of a PBX, but enforcers."""

    def __init__(self, enforcers: Sequence[Enforcer]) -> None:
        self.enforcers = tuple(enforcers)


EVERYWHERE: Registry[type[EverywhereAction[Any]]] = Registry("actions whatever the make", "streams.containment.actions")


def everywhere(kind: A) -> A:
    """Registers an action that needs no API of a PBX; the same act twice stops the program."""
    EVERYWHERE.add(kind.act, kind)
    return kind


def everywhere_by(enforcers: Sequence[Enforcer]) -> dict[Act, AnyAction]:
    """What can be done for any PBX by these enforcers."""
    return {Act(name): kind(enforcers) for name, kind in EVERYWHERE.all().items()}
