"""The one way in which rules, checks, formats, actions, enforcers and senders are found: each registers by its file."""

import importlib
import pkgutil
from typing import Generic, TypeVar

T = TypeVar("T")
C = TypeVar("C")


class Registry(Generic[T]):
    """Things of one kind by name, in the order of their names.

    Each adds itself when its module is imported; all modules of `folder`, a package by its dotted name, are imported
    when somebody asks for the first time. The same name twice stops the program.
    """

    def __init__(self, kind: str, folder: str) -> None:
        self._kind = kind
        self._folder = folder
        self._found: dict[str, T] = {}
        self._complete = False

    def add(self, name: str, thing: T) -> None:
        """This one takes part."""
        known = self._found.setdefault(name, thing)
        if known is not thing:
            raise TypeError(f"two {self._kind} are named {name}: {origin(known)}, {origin(thing)}")

    def all(self) -> dict[str, T]:
        """All there are."""
        if not self._complete:
            walk(self._folder)
            self._found = dict(sorted(self._found.items()))
            self._complete = True
        return self._found


def walk(folder: str) -> None:
    """Import every module of a package and of the packages in it."""
    package = importlib.import_module(folder)
    for module in pkgutil.walk_packages(package.__path__, f"{folder}."):
        importlib.import_module(module.name)


def origin(thing: object) -> str:
    """Where a thing was defined."""
    return str(getattr(thing, "__module__", type(thing).__module__))
