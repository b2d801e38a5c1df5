"""Whom an action would hit on one PBX: who is registered from there, whose calls are up, who uses that way out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from msgspec import Struct

from detector.audit.posture import Fact
from detector.contract.vocabulary import State, SubjectKind
from detector.decide.acts import ACTS, Reach, said
from detector.decide.blast import Blast
from detector.decide.guard import Network, block_range
from streams.pbxs.dialling import Dialling
from streams.pbxs.discovery import CallUp, Discovery, FoundRoute, FoundTrunk
from streams.pbxs.guarding.emergency_ways import emergency_ways
from streams.pbxs.pbx import Present
from streams.pbxs.pbx_errors import PbxError
from streams.store.rows import ActionRow

FRESH_SECONDS = 2.0
"""One look serves all that is decided at a time."""
PATIENCE_SECONDS = 1.0
"""A slow PBX holds up containment by so much at most; then it is said that nobody knows."""
NOBODY = "this PBX has no connection to ask"


class LastLook:
    """What was last discovered on a PBX, for who does not want to ask again."""

    def __init__(self, discover: Callable[[], Awaitable[Discovery]]) -> None:
        self._discover = discover
        self.found: Discovery | None = None

    async def __call__(self) -> Discovery:
        """Discover anew, and keep it."""
        self.found = await self._discover()
        return self.found


class WaysOut(Struct, frozen=True):
    """Outbound routes, trunks and how many extensions there are, as last discovered; None is not known."""

    routes: tuple[FoundRoute, ...] | None = None
    trunks: tuple[FoundTrunk, ...] | None = None
    extensions: int | None = None


class Bystanders:
    """Looks at one PBX before something is done to it; `present` and `look` are None where nobody can be asked.

    `spares`: what is shut there lets emergency calls through.
    """

    def __init__(
        self,
        dialling: Dialling,
        emergency_routes: Collection[str],
        present: Callable[[], Awaitable[Present]] | None = None,
        look: LastLook | None = None,
        *,
        spares: bool = False,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dialling = dialling
        self._emergency_routes = frozenset(emergency_routes)
        self._present = present
        self._look = look
        self._spares = spares
        self._patience = patience
        self._clock = clock
        self._seen: Present | None = None
        self._at = float("-inf")
        self._turn = asyncio.Lock()

    async def of(self, row: ActionRow, accused: Collection[str]) -> Blast:
        """Whom it hits besides the extensions that are `accused`; never an error."""
        ways, traits = self._ways(), ACTS[row.kind]
        if traits.reach is Reach.REGISTERED:
            return block(row, await self._now(), ways, accused)
        if (
            traits.reach is Reach.CALLS
            and row.target.kind is not SubjectKind.DESTINATION
            and row.state is State.APPROVED
        ):
            return Blast(loses=f"Ends calls of {row.target.kind} {row.target.id} that are up")  # of nobody else
        if traits.reach is Reach.CALLS:
            return hang_up(row, await self._now(), ways, accused, self._dialling)
        limited = self._limited(row.target.id, traits.reach, ways)
        return Blast(
            limited=limited, extensions=ways.extensions, loses=said(traits.words.loses, row.target),
            emergency=self._emergency(row, ways),
            unknown="which routes there are and who may use them" if limited is None else "",
        )  # fmt: skip

    async def _now(self) -> Present:
        """Who is there now; one look for all that ask at a time."""
        async with self._turn:
            if self._seen is None or self._clock() - self._at > FRESH_SECONDS:
                self._seen, self._at = await self._ask(), self._clock()
            return self._seen

    async def _ask(self) -> Present:
        if self._present is None:
            return Present(Fact(None, NOBODY), Fact(None, NOBODY))
        try:
            async with asyncio.timeout(self._patience):
                return await self._present()
        except TimeoutError:
            why = f"the PBX did not answer within {self._patience:.0f} s"
        except PbxError as error:
            why = str(error)
        return Present(Fact(None, why), Fact(None, why))

    def _ways(self) -> WaysOut:
        found = self._look.found if self._look is not None else None
        if found is None:
            return WaysOut()
        extensions = found.extensions.value
        counted = len(extensions) if extensions is not None else None
        return WaysOut(found.routes.value, found.trunks.value, counted)

    def _limited(self, target: str, reach: Reach, ways: WaysOut) -> int | None:
        """How many extensions lose a way to call; None is not known."""
        if reach is Reach.ROUTE:
            return users(ways, lambda route: route.name == target)
        return users(ways, lambda route: target in route.trunks) if reach is Reach.TRUNK else 0

    def _emergency(self, row: ActionRow, ways: WaysOut) -> str:
        """Whether emergency calls work afterwards, and by what."""
        traits, target = ACTS[row.kind], row.target.id
        if "emergency" not in traits.keeps:
            return f"Until then no emergency calls from {target} either"
        if traits.reach is Reach.NOBODY or self._spares:
            return "Emergency calls work as before"
        stay = emergency_ways(ways.routes, ways.trunks, self._emergency_routes, row.kind, target)
        return f"Emergency calls leave over {', '.join(stay)}" if stay else "NO WAY FOR EMERGENCY CALLS IS KNOWN"


def block(row: ActionRow, present: Present, ways: WaysOut, accused: Collection[str]) -> Blast:
    """Who registers from there and is not accused, with the calls they have up."""
    network, loses = block_range(row.target.id), said(ACTS[row.kind].words.loses, row.target)
    here = present.registered.value
    if here is None:
        why = f"who is registered from there ({present.registered.source})"
        return Blast(cut_off=None, extensions=ways.extensions, loses=loses, unknown=why)
    inside = {one.extension for one in here if _inside(one.address, network)}
    hit = tuple(sorted(inside - set(accused)))
    up = present.calls.value
    calls = sum(not set(hit).isdisjoint(call.extensions) for call in up or ())
    emergency = (
        f"{len(hit)} telephones there can make no emergency call by this PBX" if hit
        else f"Nobody else is registered from there{': only ' + ', '.join(sorted(inside)) if inside else ''}"
    )  # fmt: skip
    return Blast(cut_off=hit, calls=calls, extensions=ways.extensions, loses=loses, emergency=emergency)


def hang_up(row: ActionRow, present: Present, ways: WaysOut, accused: Collection[str], dialling: Dialling) -> Blast:
    """The calls it ends, and how many of them are of others."""
    up, about = present.calls.value, f"calls of {row.target.kind} {row.target.id}"
    if up is None:
        why = f"which calls are up ({present.calls.source})"
        return Blast(calls=None, extensions=ways.extensions, loses=f"Ends {about} that are up", unknown=why)
    cut = [call for call in up if _is_cut(call, row, dialling)]
    others = [call for call in cut if call.id != row.target.id and set(accused).isdisjoint(call.extensions)]
    return Blast(
        calls=len(others), extensions=ways.extensions, loses=f"Ends {len(cut)} {about} that are up now",
        emergency="Emergency calls go on",
    )  # fmt: skip


def users(ways: WaysOut, over: Callable[[FoundRoute], bool]) -> int | None:
    """How many extensions may use these routes: all, where a group may whose members nobody reads."""
    if ways.routes is None:
        return None
    routes = [route for route in ways.routes if over(route)]
    if any(route.groups for route in routes):
        return ways.extensions
    return len({extension for route in routes for extension in route.extensions})


def _is_cut(call: CallUp, row: ActionRow, dialling: Dialling) -> bool:
    target = row.target
    if any(dialling.emergency.may_be(number) for number in call.called):
        return False
    if target.kind is SubjectKind.EXTENSION:
        return target.id in call.extensions and bool(call.called)
    if target.kind is SubjectKind.DESTINATION:
        forms = tuple(dialling.forms(target.id))
        return any(number.startswith(forms) for number in call.called)
    return target.id == call.id


def _inside(address: str, network: Network) -> bool:
    try:
        other = block_range(address)
    except ValueError:
        return False
    return other.version == network.version and other.subnet_of(network)  # type: ignore[arg-type]  # same version
