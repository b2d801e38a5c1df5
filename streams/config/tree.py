"""YAML text as plain data that knows the line of every key, bounded and without surprises."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any, NamedTuple

import yaml
from msgspec import Struct
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from detector.settings import Keys

DEEPEST = 32
MOST = 200_000
"""Values in a configuration, each counted as often as aliases repeat it."""

TAG = "tag:yaml.org,2002:"
PLAIN = {
    "bool": (r"true|false", "tf"),
    "null": (r"null|~|", ["n", "~", ""]),
    "int": (r"-?(?:0|[1-9][0-9]{0,17})", "-0123456789"),
    "float": (r"-?[0-9]{1,18}\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?", "-0123456789"),
}

SCALARS: dict[str, Callable[[str], object]] = {
    f"{TAG}str": str,
    f"{TAG}bool": lambda text: text == "true",
    f"{TAG}null": lambda _: None,
    f"{TAG}int": int,
    f"{TAG}float": float,
}


class Mark(NamedTuple):
    """A line of a file, from 1; 0 is the whole file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Flaw(Struct, frozen=True):
    """What is wrong at a place, with the keys that lead there."""

    mark: Mark
    keys: Keys
    text: str


class FlawError(Exception):
    """The text is no tree at all."""

    def __init__(self, mark: Mark, text: str) -> None:
        super().__init__(text)
        self.flaw = Flaw(mark, (), text)


class Loader(yaml.CSafeLoader):
    """Knows fewer plain words than YAML 1.1: `NO`, `011` and `22:30` are text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as yaml wants it


for name, (pattern, first) in PLAIN.items():
    Loader.add_implicit_resolver(TAG + name, re.compile(rf"(?:{pattern})\Z"), list(first))


class Named(StringIO):
    """Text that tells the parser which file it is from."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def parsed(text: str, file: str) -> Node | None:
    """The nodes of one YAML document, None if it is empty. Raises FlawError."""
    try:
        bounded(text, file)
        return yaml.compose(Named(text, file), Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FlawError(Mark(file, mark.line + 1 if mark else 1), f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeError):
        raise FlawError(Mark(file, 1), "not YAML: there are characters that are not allowed") from None


def bounded(text: str, file: str) -> None:
    """Raise FlawError where the text nests deeper than a tree may be built."""
    depth = 0
    for event in yaml.parse(Named(text, file), Loader):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise FlawError(mark_of(event), "nested too deeply")


def mark_of(thing: Node | Event) -> Mark:
    """Where a node or an event begins."""
    assert thing.start_mark is not None
    return Mark(thing.start_mark.name, thing.start_mark.line + 1)


class Tree:
    """Plain data built from nodes, the mark of every value by its keys, and what is wrong with it."""

    def __init__(self, node: Node) -> None:
        self.marks: dict[Keys, Mark] = {}
        self.flaws: list[Flaw] = []
        self._left = MOST
        self.data: Any = self._built(node, (), mark_of(node))

    def mark(self, keys: Keys) -> Mark:
        """The mark of the value at `keys`, or of what it would be in."""
        while keys not in self.marks:
            keys = keys[:-1]
        return self.marks[keys]

    def value(self, keys: Keys) -> object:
        """The value at `keys`, which are in the tree."""
        found = self.data
        for key in keys:
            found = found[key]
        return found

    def _built(self, node: Node, keys: Keys, mark: Mark) -> object:
        self.marks[keys] = mark
        self._left -= 1
        if self._left < 0 or len(keys) > DEEPEST:
            raise FlawError(mark, "too large, or an alias that repeats itself")
        if isinstance(node, MappingNode) and node.tag == f"{TAG}map":
            return self._map(node, keys)
        if isinstance(node, SequenceNode) and node.tag == f"{TAG}seq":
            return [self._built(item, (*keys, at), mark_of(item)) for at, item in enumerate(node.value)]
        try:
            return SCALARS[node.tag](node.value)
        except (KeyError, ValueError, TypeError):
            self.flaws.append(Flaw(mark, keys, "a YAML tag that is not known here, or does not fit"))
            return None

    def _map(self, node: MappingNode, keys: Keys) -> dict[str, object]:
        data: dict[str, object] = {}
        for key, value in node.value:
            mark = mark_of(key)
            if not isinstance(key, ScalarNode):
                self.flaws.append(Flaw(mark, keys, "a key has to be one word"))
            elif key.value in data:
                first = self.marks[*keys, key.value]
                self.flaws.append(Flaw(mark, (*keys, key.value), f"given twice, first at {first}"))
            else:
                data[key.value] = self._built(value, (*keys, key.value), mark)
        return data


def joined(first: Node, second: Node, *, top: bool = True) -> Node:
    """Two files as one: maps join key by key, lists at the top one after the other; the rest stays twice."""
    if not (isinstance(first, MappingNode) and isinstance(second, MappingNode)):
        return MappingNode(first.tag, [], first.start_mark)
    pairs = list(first.value)
    at = {key.value: index for index, (key, _) in enumerate(pairs) if isinstance(key, ScalarNode)}
    for key, value in second.value:
        known = at.pop(key.value, None) if isinstance(key, ScalarNode) else None
        ours = pairs[known][1] if known is not None else None
        if known is not None and isinstance(ours, MappingNode) and isinstance(value, MappingNode):
            pairs[known] = (pairs[known][0], joined(ours, value, top=False))
        elif known is not None and top and isinstance(ours, SequenceNode) and isinstance(value, SequenceNode):
            both = SequenceNode(ours.tag, [*ours.value, *value.value], ours.start_mark)
            pairs[known] = (pairs[known][0], both)
        else:
            pairs.append((key, value))
    return MappingNode(first.tag, pairs, first.start_mark)
