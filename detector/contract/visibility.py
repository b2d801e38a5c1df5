"""What sources of events tell, what rules need, and what of it a source can show.

A field may be written `a|b`, which is either, and `a=x|y`, which is one of these values; an empty value among them is
the field left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct, structs

from detector.contract.events import KINDS, Event
from detector.contract.vocabulary import Trust

E = TypeVar("E", bound=Event)
Values = frozenset[str] | None
"""Those a field can have; None is any, or none at all."""
SHARED = frozenset(field.encode_name for field in structs.fields(Event))


class Telling(Struct, frozen=True, kw_only=True):
    """One kind of event, as `call.ended`: kind and, where it has one, phase or outcome; with the fields it can have.

    Only events whose fields are as `only` says are told. `text`: they are parsed out of free text, and bear that mark.
    `provided` says what must be set on the PBX for it to come. `lacking` says why it will not; None if nothing is known
    that stands in the way.
    """

    kind: str
    fields: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    text: bool = False
    provided: str | None = None
    lacking: str | None = None


class Source(Struct, frozen=True, kw_only=True):
    """Something that tells of a PBX. `live`: of what is going on, and not only of what is over."""

    name: str
    title: str
    live: bool
    gives: tuple[Telling, ...]


class Want(Struct, frozen=True):
    """A kind of event, as `login.accepted|rejected` or `call` whatever its phase, with fields that it cannot lack."""

    kind: str
    fields: tuple[str, ...] = ()


Needs = tuple[tuple[Want, ...], ...]
"""Each of these is enough, if all of it is told."""


def visible(needs: Needs, gives: Iterable[Telling]) -> bool:
    """Whether somebody who needs this finds it in what is told."""
    told = [one for one in gives if one.lacking is None]
    return any(all(any(feeds(one, want) for one in told) for want in enough) for enough in needs)


def feeds(telling: Telling, want: Want) -> bool:
    """Whether events that are told so are of the kind, and have the fields."""
    return any(alike(telling.kind, kind) for kind in kinds_of(want)) and all(
        has(telling, field) for field in want.fields
    )


def missing(needs: Needs, gives: Iterable[Telling]) -> tuple[str, ...]:
    """What is not told of that which comes nearest to being enough; nothing where it is visible."""
    told = [one for one in gives if one.lacking is None]
    return min((tuple(part for want in enough for part in untold(want, told)) for enough in needs), key=len, default=())


def untold(want: Want, told: Sequence[Telling]) -> list[str]:
    """The fields that events of this kind lack where they come nearest to it, or the kind itself."""
    near = [one for one in told if any(alike(one.kind, kind) for kind in kinds_of(want))]
    lacking = ([field for field in want.fields if not has(one, field)] for one in near)
    return min(([f"{field} in {want.kind}" for field in fields] for fields in lacking), key=len, default=[want.kind])


def kinds_of(want: Want) -> list[str]:
    """The kinds that will do, each written out."""
    kind, dot, how = want.kind.partition(".")
    return [f"{kind}{dot}{one}" for one in how.split("|")]


def alike(one: str, other: str) -> bool:
    """Whether one kind is the other, or one of it: `call` is every phase."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def has(telling: Telling, needed: str) -> bool:
    """Whether events that are told so can have what is needed."""
    names, values = read_field(needed)
    known = defaults_of(KINDS[telling.kind.partition(".")[0]])
    for name in names:
        if name in known:
            told = values_of(telling, name, known)
            if told is None or (told - {""} if values is None else told & values):
                return True
    return False


def values_of(telling: Telling, name: str, known: Mapping[str, object]) -> Values:
    """The values of a field in events that are told so."""
    told = dict(map(name_and_values, telling.fields))
    limited = dict(map(name_and_values, telling.only)).get(name)
    untold = None if known[name] is NODEFAULT else frozenset({shown(known[name])})
    values = told.get(name, untold)
    return values if limited is None else limited if values is None else values & limited


@lru_cache(maxsize=4_096)
def read_field(text: str) -> tuple[tuple[str, ...], Values]:
    """The names and the values of a field as it is written."""
    names, equals, values = text.partition("=")
    return tuple(names.split("|")), frozenset(values.split("|")) if equals else None


def one_of(name: str, values: Iterable[object]) -> str:
    """A field that has one of some values, as it is written; None is the field left out."""
    return f"{name}={'|'.join(sorted(map(shown, values)))}"


def name_and_values(text: str) -> tuple[str, Values]:
    """The name and the values of a field of which there is one name."""
    (name,), values = read_field(text)
    return name, values


@cache
def defaults_of(kind: type[Event]) -> Mapping[str, object]:
    """The fields that are of this kind alone, with what they are where they are not told."""
    return {one.encode_name: one.default for one in structs.fields(kind) if one.encode_name not in SHARED}


def shown(value: object) -> str:
    """A value of an event as it is written among those of a field."""
    return "" if value in {None, ()} else str(value)


def kind_of(event: Event) -> str:
    """Kind and, where it has one, phase or outcome."""
    kind = str(event.__struct_config__.tag)
    how = getattr(event, "phase", None) or getattr(event, "outcome", None)
    return f"{kind}.{how}" if how else kind


class Teller:
    """Tells events as a source does that gives so much; our own, and time, it lets pass."""

    def __init__(self, gives: Sequence[Telling]) -> None:
        self._gives = [one for one in gives if one.lacking is None]
        self._matching: dict[str, list[Telling]] = {}

    def tell(self, event: E) -> E | None:
        """The event without what the source does not say of it; None if it tells of no such event."""
        if event.__struct_config__.tag in {"tick", "control"}:
            return event
        matching = [one for one in self._of_kind(kind_of(event)) if all(fits(event, field) for field in one.only)]
        if not matching:
            return None
        changes: dict[str, Any] = {
            name: default for name, encoded, default in optional_of(type(event))
            if getattr(event, name) != default and not any(says(one, encoded, getattr(event, name)) for one in matching)
        }  # fmt: skip
        if all(one.text for one in matching):
            changes["trust"] = Trust.TEXT.value
        return structs.replace(event, **changes) if changes else event

    def _of_kind(self, kind: str) -> list[Telling]:
        found = self._matching.get(kind)
        if found is None:
            found = self._matching[kind] = [one for one in self._gives if alike(kind, one.kind)]
        return found


@cache
def optional_of(kind: type[Event]) -> list[tuple[str, str, object]]:
    """The fields of this kind alone that may be left out: name, name in JSON, and what they are then."""
    return [
        (one.name, one.encode_name, one.default)
        for one in structs.fields(kind)
        if one.encode_name not in SHARED and one.default is not NODEFAULT
    ]


def fits(event: Event, field: str) -> bool:
    """Whether an event has one of the values of a field."""
    name, values = name_and_values(field)
    return values is None or shown(getattr(event, attribute(name))) in values


def says(telling: Telling, name: str, value: object) -> bool:
    """Whether events that are told so can have this value."""
    for field in telling.fields:
        named, values = name_and_values(field)
        if named == name:
            return values is None or shown(value) in values
    return False


def attribute(name: str) -> str:
    """How a field of JSON is named in Python."""
    return f"{name}_" if name in {"from", "object"} else name


def as_told_by(source: Source, event: E) -> E | None:
    """An event as this source tells it; None if it does not."""
    return teller_of(source).tell(event)


@lru_cache(maxsize=64)
def teller_of(source: Source) -> Teller:
    """What tells events as this source does."""
    return Teller(source.gives)
