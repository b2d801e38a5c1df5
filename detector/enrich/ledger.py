"""The ledger of calls that are up: who calls whom through which trunk since when, never counted by +1/-1."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import ROW, Call
from detector.contract.vocabulary import OUTWARD, Direction, Disposition, Phase, PricedBy, SubjectKind
from detector.enrich.dialling.numbers import Klass

MICROS = 1_000_000
FAMILIAR = 3
GRACE = 15 * 60 * MICROS
UNANSWERED = 10 * 60 * MICROS
LONGEST = 24 * 3_600 * MICROS
MAX_LEGS = 20_000
TAIL = 7
AGAIN = "\x1e"
"""Stands between the name of a leg and its number, where another number was called under that name before."""
SILENT = frozenset({Disposition.NO_ANSWER, Disposition.BUSY, Disposition.FAILED})
"""Words of a PBX that nobody here knows may stand for an answer: then its talk counts."""
TRUNK, EXTENSION, DESTINATION = SubjectKind.TRUNK, SubjectKind.EXTENSION, SubjectKind.DESTINATION
INSIDE = frozenset({Klass.INTERNAL, Klass.EMERGENCY})


class Leg(Struct, kw_only=True, gc=False, array_like=True):
    """One leg of a call. Times in microseconds; 0 means not yet. `price` in micro-units a minute.

    In a checkpoint its fields stand in this order: a new one goes to the end, with a default.
    `number` counts the legs of the ledger in the order in which they were opened.
    `closed`: it began outside business hours; `land`: with what every number of its country abroad begins.
    `familiar`: calls went to its block of numbers on `FAMILIAR` earlier days. `other`: how another transport names it.
    `possible_routes`: the routes it may have gone by, where it is not known which. `doubts`: what is said against all
    that is known of it. `forwarded`: somebody else called, and the extension only sent it on.
    """

    call_id: str
    leg: str
    started: int
    answered: int = 0
    ended: int = 0
    direction: str = ""
    extension: str = ""
    trunk: str = ""
    route: str = ""
    destination: str = ""
    block: str = ""
    country: str = ""
    klass: str = ""
    abroad: bool = False
    costly: bool = False
    source: str = ""
    channel: str = ""
    price: int = 0
    increment: int = 60
    priced_by: PricedBy = PricedBy.DEFAULT
    talk: int = 0
    event: str = ""
    incident: str = ""
    number: int = 0
    conference: bool = False
    closed: bool = False
    land: str = ""
    familiar: bool = False
    trunk_in: str = ""
    other: str = ""
    possible_routes: tuple[str, ...] = ()
    doubts: int = 0
    forwarded: bool = False

    @property
    def up(self) -> bool:
        """Whether it holds a line now, ringing or talking."""
        return self.ended == 0

    def talked(self, at: int) -> int:
        """Microseconds of talk until `at`."""
        if not self.answered:
            return 0
        return max(0, at - self.answered) if self.up else self.talk

    def as_call(self, pbx: str) -> Call:
        """What is known of it, as an event of the phase it is in."""
        phase, at = (Phase.ANSWERED, self.answered) if self.answered else (Phase.STARTED, self.started)
        return Call(
            pbx=pbx, id=self.event, at=from_micros(at), phase=phase, call_id=self.call_id,
            leg=self.leg.partition(AGAIN)[0] or None, direction=self.direction or None,
            extension=self.extension or None, to=self.destination or None, trunk=self.trunk or None,
            trunk_in=self.trunk_in or None, route=self.route or None, channel=self.channel or None,
            started_at=from_micros(self.started),
        )  # fmt: skip

    @property
    def key(self) -> str:
        """Identity within the PBX."""
        return f"{self.call_id}\x1f{self.leg}"


class Ledger:
    """Legs of one PBX that are up, and those that ended a short while ago.

    A leg without an end is dropped after `LONGEST`, one never answered after `UNANSWERED`: a lost event
    does not count for ever. An end that comes before its start leaves the leg ended.
    """

    __slots__ = ("_by", "_charged", "_of_call", "_opened", "_up", "dirty", "legs")

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self.dirty: set[str] = set()
        self._by: dict[tuple[SubjectKind, str], dict[str, dict[str, None]]] = {}
        self._up: dict[str, None] = {}
        self._charged: Counter[tuple[str, str]] = Counter()
        self._of_call: dict[str, list[Leg]] = {}
        self._opened = 0

    def restore(self, legs: Iterable[Leg]) -> None:
        """Take all legs from a checkpoint."""
        for leg in sorted(legs, key=lambda leg: leg.number):
            self._opened = leg.number
            self._keep(leg)

    def find(self, call_id: str, leg: str | None) -> Leg | None:
        """The leg as far as it is still known."""
        known = self.legs.get(f"{call_id}\x1f{leg or ''}")
        if known is None and leg:
            return next((each for each in self._of_call.get(call_id, ()) if each.other == leg), None)
        return known

    def latest(self, leg: Leg) -> Leg:
        """The leg of the same name that was opened last."""
        named = f"{leg.leg}{AGAIN}"
        later = [each for each in self._of_call.get(leg.call_id, ()) if each.leg.startswith(named)]
        return later[-1] if later else leg

    def has(self, call_id: str) -> bool:
        """Whether a leg of this call is still known."""
        return call_id in self._of_call

    def known_as(self, told: Leg) -> Leg | None:
        """The leg that another transport told of: one of this call, on the same line and to the same number.

        One transport names it by its channel, the other by the row of a call record. Of several it is the one that
        began at about the same time. Where one of them does not know the number, it is the only leg on that line.
        """
        of_record = told.leg.startswith(ROW)
        found = [
            leg for leg in self._of_call.get(told.call_id, ())
            if leg.leg.startswith(ROW) is not of_record and not leg.other and _on_one_line(leg, told)
        ]  # fmt: skip
        for alike in (str.__eq__, _end_alike):
            if same := [leg for leg in found if alike(leg.destination, told.destination)]:
                return min(same, key=lambda leg: abs(leg.started - told.started))
        return found[0] if len(found) == 1 and not (found[0].destination and told.destination) else None

    def open(self, leg: Leg) -> Leg | None:
        """A new leg; returns the one dropped for it, where the ledger is full."""
        dropped = None
        if len(self.legs) >= MAX_LEGS:
            dropped = next(iter(self.legs.values()))
            self.drop(dropped)
        self._opened += 1
        leg.number = self._opened
        self.dirty.add(self._keep(leg))
        return dropped

    def first(self, leg: Leg) -> bool:
        """Whether no other outbound leg of its call is charged to the same extension."""
        return self._charged[leg.call_id, leg.extension] <= 1

    def end(self, leg: Leg, at: int) -> None:
        """The leg is down since `at`; it is remembered for `GRACE`."""
        if leg.up:
            self.dirty.add(self._unindex(leg))
            leg.ended = max(at, 1)

    def drop(self, leg: Leg) -> None:
        """Forget the leg."""
        key = self._unindex(leg) if leg.up else leg.key
        known = self.legs.pop(key, None)
        if known is not None:
            of_call = self._of_call[leg.call_id]
            of_call.remove(known)
            if not of_call:
                del self._of_call[leg.call_id]
        if known is not None and leg.direction in OUTWARD:
            self._charged[leg.call_id, leg.extension] -= 1
            if not self._charged[leg.call_id, leg.extension]:
                del self._charged[leg.call_id, leg.extension]
        self.dirty.add(key)

    def amend(self, leg: Leg, change: Callable[[Leg], None]) -> None:
        """Change what a leg that is up is indexed by: its trunk, number or direction became known only now."""
        up, outward = leg.up, leg.direction in OUTWARD
        if up:
            self._unindex(leg)
        if outward:
            self._charged[leg.call_id, leg.extension] -= 1
        change(leg)
        self._index(leg)
        self.dirty.add(leg.key)

    def touch(self, leg: Leg) -> None:
        """The leg was changed by its holder (never in what it is indexed by)."""
        self.dirty.add(leg.key)

    def expires(self, leg: Leg) -> int:
        """When the leg is to be looked at again, in microseconds."""
        if leg.ended:
            return leg.ended + GRACE
        return leg.answered + LONGEST if leg.answered else leg.started + UNANSWERED

    def calls(self, kind: SubjectKind, name: str) -> int:
        """How many distinct calls are up on a trunk, of an extension outbound, or to a block as destination."""
        return len(self._by.get((kind, name), ()))

    def up(self, kind: SubjectKind, name: str) -> list[Leg]:
        """The legs that are up there, in the order in which they were opened."""
        found = (self.legs[key] for legs in self._by.get((kind, name), {}).values() for key in legs)
        return sorted(found, key=lambda leg: leg.number)

    def recent(self, area: str) -> list[Leg]:
        """Outbound legs, up or ended a short while ago, to a block of numbers or a country as in `Leg.land`."""
        return [leg for leg in self.legs.values() if area in {leg.block, leg.land} and leg.direction in OUTWARD]

    @property
    def legs_up(self) -> int:
        """How many legs are up in all."""
        return len(self._up)

    def _keep(self, leg: Leg) -> str:
        key = leg.key
        self.legs[key] = leg
        self._of_call.setdefault(leg.call_id, []).append(leg)
        self._index(leg)
        return key

    def _index(self, leg: Leg) -> None:
        key = leg.key
        if leg.up:
            self._up[key] = None
        if leg.direction in OUTWARD:
            self._charged[leg.call_id, leg.extension] += 1
            for place in places(leg) if leg.up else ():
                self._by.setdefault(place, {}).setdefault(leg.call_id, {})[key] = None

    def _unindex(self, leg: Leg) -> str:
        key = leg.key
        self._up.pop(key, None)
        for place in places(leg) if leg.direction in OUTWARD else ():
            calls = self._by.get(place, {})
            legs = calls.get(leg.call_id, {})
            legs.pop(key, None)
            if not legs:
                calls.pop(leg.call_id, None)
            if not calls:
                self._by.pop(place, None)
        return key


def places(leg: Leg) -> Iterator[tuple[SubjectKind, str]]:
    """Where a leg counts: on its trunk, of its extension where it goes outside; nowhere if it is an emergency."""
    if leg.klass == Klass.EMERGENCY:
        return
    if leg.trunk:
        yield TRUNK, leg.trunk
    if leg.extension and leg.klass not in INSIDE:
        yield EXTENSION, leg.extension
    if leg.block:
        yield DESTINATION, leg.block


def is_same_number(one: str, other: str) -> bool:
    """Whether one may be the other before or after a trunk or an access digit changed it."""
    return one.endswith(other) or other.endswith(one) or _end_alike(one, other)


def _on_one_line(one: Leg, other: Leg) -> bool:
    """Whether both go out by one trunk, or come in by one; who failed early may not know which it would have been."""
    if _without_line(one) or _without_line(other):
        return True
    return one.trunk == other.trunk and (one.trunk != "" or one.trunk_in == other.trunk_in)


def _without_line(leg: Leg) -> bool:
    return not leg.up and leg.direction in {"", Direction.OUTBOUND} and not (leg.trunk or leg.trunk_in)


def _end_alike(one: str, other: str) -> bool:
    """Whether one transport may tell the number before the trunk changed it, the other after."""
    return min(len(one), len(other)) > TAIL and one[-TAIL:] == other[-TAIL:]


def charged_extension(call: Call) -> str:
    """Who is charged with an outbound leg: the extension that forwards, else the one that calls."""
    return call.on_behalf_of or call.extension or ""


def talked(call: Call, at: int) -> tuple[int, int]:
    """`(answered_at, talk)` of a call that ended at `at`: both in microseconds, 0 where it was never answered."""
    if call.disposition in SILENT:
        return 0, 0
    if call.answered_at is not None:
        answered = to_micros(call.answered_at)
        return answered, int(call.talk * MICROS) if call.talk is not None else max(0, at - answered)
    if call.talk:
        return at - int(call.talk * MICROS), int(call.talk * MICROS)
    return 0, 0
