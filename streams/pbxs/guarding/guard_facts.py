"""What the guard must know of an action's target now: as configured, as found on the PBX, and as names resolve."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import TypeVar
from urllib.parse import urlsplit

import structlog

from detector.audit.posture import Fact
from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, SubjectKind
from detector.decide.acts import ACTS, Protection
from detector.decide.guard import GuardFacts
from detector.enrich.premises import compile_plan
from detector.settings import PbxProfile
from streams.config.installation import InstalledPbx
from streams.pbxs.dialling import dialling_of
from streams.pbxs.discovery import CallUp, Discovery, FoundRoute, FoundTrunk
from streams.pbxs.guarding.emergency_ways import emergency_ways
from streams.pbxs.guarding.guard_memory import GuardMemory, NothingKept
from streams.pbxs.guarding.known_names import KnownNames, LookUp, is_address, resolve
from streams.pbxs.guarding.reconciling import misfits
from streams.pbxs.guarding.this_machine import machine_addresses
from streams.pbxs.pbx_errors import PbxError
from streams.store.rows import ActionRow

OURSELVES = ("127.0.0.0/8", "::1/128")
FRESH_SECONDS = 300.0
OLD_SECONDS = 2 * FRESH_SECONDS
PATIENCE_SECONDS = 2.0
"""How long an action waits for facts that are old; then it is decided by what is known."""
NEVER_FOUND = "was never found by any name server: blocks of addresses that send calls wait for a person"
MOST_SAID = 50
NOT_ASKED = "nobody has asked yet"
SPARES_BY_ITSELF = {SubjectKind.EXTENSION, SubjectKind.DESTINATION}
"""Targets of a hang-up that are many calls: it looks at each of them."""

Discover = Callable[[], Awaitable[Discovery]]
CallsNow = Callable[[], Awaitable[Sequence[CallUp]]]
"""The calls that are up at this moment. Raises `PbxError`."""
T = TypeVar("T")

log = structlog.get_logger(__name__)


class TargetFacts:
    """Facts for the actions on one PBX. What is found on the PBX adds to what is configured, and takes nothing away.

    `discover` and `calls` are None where nobody can be asked. `run` keeps the facts fresh; else they are refreshed when
    needed. `patience` and `clock` are in seconds.
    """

    def __init__(
        self,
        pbx: InstalledPbx,
        profile: PbxProfile,
        discover: Discover | None = None,
        *,
        calls: CallsNow | None = None,
        memory: GuardMemory | None = None,
        look_up: LookUp | None = None,
        machine: Callable[[], Sequence[str]] = machine_addresses,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pbx = pbx.id
        self._profile = profile
        self._dialling = dialling_of(profile)
        self._discover = discover
        self._calls = calls
        self._memory = memory or NothingKept()
        self._patience = patience
        self._clock = clock
        self._names = KnownNames(look_up or resolve, clock, self._memory)
        self._machine_addresses = machine
        self._machine: Sequence[str] = ()
        url = str(pbx.connection.url) if pbx.connection is not None else ""
        named = [name for name in profile.protected if not is_address(name)]
        self._own = [host for host in (urlsplit(url).hostname, *named) if host]
        self._carriers = [host for trunk in profile.trunks.values() for host in trunk.hosts]
        self._routes: Fact[tuple[FoundRoute, ...]] = Fact(None, NOT_ASKED)
        self._trunks: Fact[tuple[FoundTrunk, ...]] = Fact(None, NOT_ASKED)
        self._addresses: Fact[tuple[str, ...]] = Fact(None, NOT_ASKED)
        self._at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._misfits: tuple[str, ...] = ()
        self._said: tuple[str, ...] = ()

    async def run(self) -> None:
        """Keep the facts fresh until cancelled."""
        while True:
            await self._refreshed()
            await asyncio.sleep(FRESH_SECONDS)

    async def of(self, row: ActionRow) -> GuardFacts:
        """The facts for one action. Raises `PbxError` where calls that are up have to be known and are not."""
        await self._freshen()
        profile, target = self._profile, row.target.id
        return GuardFacts(
            protected=profile.protected,
            allow_list=tuple(await self._memory.allowed(self._pbx)),
            trunk_addresses=self._names.addresses(self._every_carrier()),
            own_addresses=(*OURSELVES, *self._machine, *self._names.addresses(self._every_own())),
            in_use=tuple(await self._memory.logged_in()),
            unknown_names=self._unknown_names(),
            own_numbers=self._own_numbers(),
            emergency_device=profile.extension(target).emergency_device,
            emergency_call=await self._in_emergency(row.kind, row.target),
            emergency_path=self._emergency_path(row.kind, target),
            emergency=self._dialling.emergency,
        )

    @property
    def differences(self) -> tuple[str, ...]:
        """Sentences on where settings and PBX do not say the same, and on names that nobody could ever look up."""
        names = () if self._at is None else self._unknown_names()
        return (*self._misfits[:MOST_SAID], *(f"{name} {NEVER_FOUND}" for name in names[:MOST_SAID]))

    def _unknown_names(self) -> tuple[str, ...]:
        return self._names.unknown([*self._every_carrier(), *self._every_own()])

    async def _in_emergency(self, act: Act, target: Subject) -> bool:
        """Whether the calls that would be cut off are, or may be, emergency calls; asked at this moment."""
        if Protection.EMERGENCY_CALL not in ACTS[act].protections or self._calls is None:
            return False
        if act is Act.HANG_UP and target.kind in SPARES_BY_ITSELF:
            return False
        used = [call for call in await self._calls() if target.id in call.uses]
        return any(self._dialling.emergency.may_be(number) for call in used for number in call.called)

    def _emergency_path(self, act: Act, target: str) -> bool:
        """Whether a route for emergency calls stays.

        None is needed where emergency calls pass what is shut: that they do is read from the PBX before anything is
        written.
        """
        if self._profile.spares_emergency:
            return True
        configured = {name for name, route in self._profile.routes.items() if route.emergency}
        return bool(emergency_ways(self._routes.value, self._trunks.value, configured, act, target))

    def _every_carrier(self) -> list[str]:
        return [*self._carriers, *(host for trunk in self._trunks.value or () for host in trunk.hosts)]

    def _every_own(self) -> list[str]:
        return [*self._own, *(self._addresses.value or ())]

    def _own_numbers(self) -> tuple[str, ...]:
        """The numbers under which the PBX calls and is called, in international form."""
        plan = compile_plan(self._profile)
        read = [plan.read(number, outside=True).e164 for trunk in self._trunks.value or () for number in trunk.numbers]
        return tuple(dict.fromkeys(number for number in read if number is not None))

    async def _freshen(self) -> None:
        """See to it that the facts are renewed in time; wait only for those that are too old to go by."""
        age = inf if self._at is None else self._clock() - self._at
        if age > FRESH_SECONDS:
            refreshing = self._refreshed()
            await asyncio.wait([refreshing], timeout=self._patience if age > OLD_SECONDS else 0)

    def _refreshed(self) -> asyncio.Task[None]:
        """Whoever asks waits for the same look."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        """What is configured is looked up while the PBX is asked, which may take its time."""
        self._machine = await asyncio.to_thread(self._machine_addresses)
        await asyncio.gather(self._names.refresh([*self._own, *self._carriers]), self._ask())
        self._at = self._clock()
        self._say_differences()

    async def _ask(self) -> None:
        if self._discover is None:
            return
        try:
            found = await self._discover()
        except PbxError as error:
            log.info("nothing found out for the guard", pbx=self._pbx, error=str(error))
            return
        self._routes = newest(found.routes, self._routes)
        self._trunks = newest(found.trunks, self._trunks)
        self._addresses = newest(found.addresses, self._addresses)
        self._misfits = tuple(misfits(self._profile, found))
        await self._names.refresh([*self._every_carrier(), *(self._addresses.value or ())])

    def _say_differences(self) -> None:
        """Say once what is not as it should be for the guard."""
        differences = self.differences
        for one in differences:
            if one not in self._said:
                log.warning("the guard does not know enough", pbx=self._pbx, problem=one)
        self._said = differences


def newest(fact: Fact[T], before: Fact[T]) -> Fact[T]:
    """What could not be read this time is as it was."""
    return before if fact.value is None and before.value is not None else fact
