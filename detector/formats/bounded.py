"""Memory of what was read that does not grow with what attackers write."""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(memory: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Remember one thing more; beyond `most` the one that was kept least recently is forgotten."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > most:
        memory.popitem(last=False)
