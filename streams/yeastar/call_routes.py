"""The outbound route of each call, which the P-Series never says: derived from its routes, kept as they are now."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import structlog
from msgspec import Struct

from detector.contract.events import MAX_ACCOUNTS, Call
from detector.contract.vocabulary import OUTWARD
from detector.enrich.dialling.outbound_routes import DialRule, OutboundRoute, RouteTable
from streams.pbxs.pbx_errors import AccessDenied, NotFound, NotSupported, PbxError
from streams.yeastar.answers import GroupAnswer, Item, RouteAnswer
from streams.yeastar.client import YeastarClient
from streams.yeastar.settings_reader import Reader, plain

WHOLE_SECONDS = 300.0
"""A list of routes may not show who may use them: so often all of them are read."""
MAX_TOLD = 10_000
MAX_NAME = 256
MAX_STRIP = 64
EVERYBODY = "sel_all_ext"
GROUP = "ext_group"

log = structlog.get_logger(__name__)


class Told(Struct):
    """What was told of a call that `who` made, and when."""

    names: tuple[str, ...]
    who: str | None
    at: float


class CallRoutes:
    """Knows the routes of one PBX from the last time they were read; until then calls have none.

    What a call was told to go by stays, so that its record says the same though the routes were changed meanwhile. Only
    where the change may have been before the call, both routes are possible. `emergency` are numbers as dialled that
    the PBX sends past its routes. `clock` in seconds.
    """

    def __init__(
        self, client: YeastarClient, pbx: str, emergency: frozenset[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._pbx = pbx
        self._emergency = emergency
        self._clock = clock
        self._listed: list[RouteAnswer] | None = None
        self._routes: list[OutboundRoute] = []
        self._table = RouteTable(())
        self._looked_at = 0.0
        self._read_at = 0.0
        self._puzzled = False
        self._told: OrderedDict[tuple[str, str, str], Told] = OrderedDict()
        self._unclear: set[tuple[str, ...]] = set()
        self.problem: str | None = None
        """Why the routes could not be read the last time."""

    async def refresh(self) -> None:
        """Look whether routes were changed, and read all of them if they were, if it is time, or a call fits none.

        While they cannot be read, they are as they were.
        """
        try:
            now = self._clock()
            listed = await self._client.outbound_routes()
            fresh = listed != self._listed
            if fresh or self._puzzled or now - self._read_at >= WHOLE_SECONDS:
                self._take(await read_routes(self._client, listed), self._looked_at if fresh else self._read_at)
                self._read_at = now
            self._listed, self._looked_at = listed, now
        except PbxError as error:
            self._say(f"{'calls have no route' if self._listed is None else 'routes are as they were'}: {error}")
        else:
            self._say(None)

    def find(self, call: Call) -> tuple[str, ...]:
        """The route it went by, all of them where it is one of several, none where nothing explains it."""
        if call.direction not in OUTWARD or not call.trunk or not call.to:
            return ()
        key = call.call_id, call.trunk, call.to
        told = self._told.get(key)
        if told is None:
            who = call.on_behalf_of or call.extension
            told = Told(self._table.find(call.to, who, call.trunk)[:MAX_ACCOUNTS], who, self._clock())
            if not told.names:
                self._puzzled = self._puzzled or call.to not in self._emergency
                return ()
            self._told[key] = told
            if len(self._told) > MAX_TOLD:
                self._told.popitem(last=False)
            self._say_unclear(told.names)
        return told.names

    def _take(self, routes: list[OutboundRoute], since: float) -> None:
        """Go by these from now on; they may have been changed at any time since then."""
        if routes != self._routes:
            self._routes, self._table = routes, RouteTable(routes, self._emergency)
            if len(routes) > 1 and not self._table.ordered:
                log.warning("the PBX does not show the order of its routes", pbx=self._pbx)
            for (_, trunk, number), told in self._told.items():
                if told.at >= since:
                    now = self._table.find(number, told.who, trunk)
                    told.names = tuple(dict.fromkeys((*told.names, *now)))[:MAX_ACCOUNTS]
        self._puzzled = False

    def _say(self, problem: str | None) -> None:
        """Say it once."""
        if problem is not None and problem != self.problem:
            log.warning("the PBX's outbound routes cannot be read", pbx=self._pbx, problem=problem)
        self.problem = problem

    def _say_unclear(self, names: tuple[str, ...]) -> None:
        """Say of each several routes once that calls may go by any of them."""
        if len(names) > 1 and names not in self._unclear and len(self._unclear) < MAX_ACCOUNTS:
            self._unclear.add(names)
            log.warning("the route of a call is not certain", pbx=self._pbx, possible=names)


async def read_routes(client: YeastarClient, listed: Sequence[RouteAnswer]) -> list[OutboundRoute]:
    """All routes, complete, with the members of the groups that may use them where they can be read."""
    read = Reader(client)
    shown = await read.each(listed, lambda one: client.outbound_route(one.id))
    wanted = sorted({group for route in shown for item in route.ext_list if (group := group_of(item)) is not None})
    groups = await read.each(wanted, lambda group: read_group(client, group))
    return [as_route(route, dict(zip(wanted, groups, strict=True))) for route in shown]


async def read_group(client: YeastarClient, group: int) -> GroupAnswer | None:
    """A group of extensions; None if the PBX or our rights there do not show it."""
    try:
        return await client.extension_group(group)
    except (AccessDenied, NotFound, NotSupported):
        return None


def as_route(shown: RouteAnswer, groups: Mapping[int, GroupAnswer | None]) -> OutboundRoute:
    """One route as it is compared with calls; departments have members that nobody reads."""
    trunks = [str(item.get("name") or "") for item in shown.trunk_list]
    found: list[GroupAnswer | None] = [groups.get(group_of(item) or 0) for item in shown.ext_list if not plain(item)]
    members = [number_of(item) for item in shown.ext_list if plain(item)]
    members += [number_of(item) for group in found if group is not None for item in group.members]
    return OutboundRoute(
        name=shown.name[:MAX_NAME],
        order=shown.pos,
        patterns=tuple(map(as_pattern, shown.dial_pattern_list)),
        trunks=frozenset(trunks) if all(trunks) else None,
        extensions=frozenset(filter(None, members)),
        everybody=any(group is not None and group.member_select == EVERYBODY for group in found),
        others=None in found or "" in members,
    )


def as_pattern(item: Item) -> DialRule:
    """One entry of `dial_pattern_list`."""
    strip = str(item.get("strip") or "")
    return DialRule(
        pattern=str(item.get("pattern") or "").strip(),
        strip=min(int(strip[:4]), MAX_STRIP) if strip.isascii() and strip.isdecimal() else 0,
        prepend=str(item.get("prepend") or "").strip(),
    )


def group_of(item: Item) -> int | None:
    """The id of the group that an entry of `ext_list` is."""
    found = item.get("id")
    return found if item.get("type") == GROUP and isinstance(found, int) else None


def number_of(item: Item) -> str:
    """The number of an extension in a list, `""` where it shows none."""
    return str(item.get("ext_number") or item.get("number") or "")
