"""By which outbound route of a PBX a call went: from its routes, their order, and who may use them (C22)."""

from collections.abc import Iterable

from msgspec import Struct

from detector.enrich.dialling.patterns import Pattern, parse


class DialRule(Struct, frozen=True, kw_only=True):
    """Which numbers a route takes, how many digits it takes off them, and what it puts before them."""

    pattern: str
    strip: int = 0
    prepend: str = ""


class OutboundRoute(Struct, frozen=True, kw_only=True):
    """One route as the PBX shows it.

    `order` counts from 1 as the PBX tries them, None where it does not show that. `trunks` are names, None where they
    are not all known. `everybody`: all extensions may use it; `others`: extensions that nobody can name may, too.
    """

    name: str
    order: int | None = None
    patterns: tuple[DialRule, ...] = ()
    trunks: frozenset[str] | None = None
    extensions: frozenset[str] = frozenset()
    everybody: bool = False
    others: bool = False

    def permits(self, extension: str | None) -> bool | None:
        """Whether an extension may use it; None where that is not known."""
        if self.everybody or extension in self.extensions:
            return True
        return None if self.others or extension is None else False


class _Compiled(Struct, frozen=True):
    """A route with its patterns as dialled and as sent, each with whether all of them could be read."""

    route: OutboundRoute
    dialled: tuple[tuple[str, Pattern], ...]
    sent: tuple[tuple[str, Pattern], ...]
    readable: bool


class RouteTable:
    """All outbound routes of one PBX. `emergency` are numbers that a PBX sends out past its routes.

    Where the PBX does not show the order of all its routes, none is taken for granted.
    """

    def __init__(self, routes: Iterable[OutboundRoute], emergency: frozenset[str] = frozenset()) -> None:
        found = list(routes)
        self.ordered = all(route.order is not None for route in found)
        if self.ordered:
            found.sort(key=lambda route: route.order or 0)
        self._routes = [_compile(route) for route in found]
        self._emergency = emergency

    def find(self, number: str, extension: str | None, trunk: str) -> tuple[str, ...]:
        """The routes by which `extension` may have called `number` over `trunk`: one is certain, none explains it.

        Numbers are taken as dialled; only where no route takes one so, as sent to the trunk.
        """
        if number in self._emergency:
            return ()
        may = [
            each for each in self._routes
            if each.route.permits(extension) is not False and (each.route.trunks is None or trunk in each.route.trunks)
        ]  # fmt: skip
        sent = not any(_takes(each, number, sent=False) for each in may)
        names: dict[str, None] = {}
        for each in may:
            takes = _takes(each, number, sent=sent)
            if takes is False:
                continue
            names[each.route.name] = None
            if self.ordered and takes and each.route.permits(extension):
                break  # no route behind it was tried
        return tuple(names)


def _takes(each: _Compiled, number: str, *, sent: bool) -> bool | None:
    """Whether a route takes a number; None where one of its patterns cannot be read."""
    for prefix, pattern in each.sent if sent else each.dialled:
        if number.startswith(prefix) and pattern.matches(number[len(prefix) :]):
            return True
    return False if each.readable else None


def _compile(route: OutboundRoute) -> _Compiled:
    dialled, sent = [], []
    for given in route.patterns:
        try:
            pattern = parse(given.pattern)
        except ValueError:
            continue
        dialled.append(("", pattern))
        sent.append((given.prepend, _strip(pattern, given.strip)))
    return _Compiled(route, tuple(dialled), tuple(sent), len(dialled) == len(route.patterns))


def _strip(pattern: Pattern, digits: int) -> Pattern:
    """What is left of the numbers of a pattern without their first digits."""
    beyond = max(0, digits - len(pattern.places))
    rest = None if pattern.rest is None else max(0, pattern.rest - beyond)
    return Pattern(pattern.places[digits:], rest, pattern.text)
