"""Where the actions register that are the same for every make of PBX."""

from typing import Any, TypeVar

from detector.contract.registry import Registry
from streams.pbxs.pbx import PbxAction

A = TypeVar("A", bound="type[PbxAction[Any]]")

EVERYWHERE: Registry[PbxAction[Any]] = Registry("actions whatever the make", "streams.containment.actions")


def everywhere(kind: A) -> A:
    """Registers an action that needs no API of a PBX; the same act twice stops the program."""
    EVERYWHERE.add(kind.act, kind())
    return kind
