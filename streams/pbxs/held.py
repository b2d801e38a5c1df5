"""The PBXs that are in our hands at the moment: what goes on with each, and what can be done to it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from detector.contract.events import Call
from detector.contract.vocabulary import Act
from detector.decide.blast import Blast
from detector.decide.guard import GuardFacts
from detector.settings import Policies
from streams.config.installation import InstalledPbx
from streams.pbxs.connected import Connected
from streams.pbxs.dialling import dialling_of
from streams.pbxs.guarding.bystanders import Bystanders, LastLook
from streams.pbxs.guarding.guard_facts import TargetFacts
from streams.pbxs.guarding.guard_memory import GuardMemory
from streams.pbxs.makes import connect
from streams.pbxs.pbx import AnyAction, Fence, LoginMemory, PbxConnection
from streams.runtime.ingest import Ingest
from streams.store.rows import ActionRow
from streams.store.vault import Vault


class HeldPbxs:
    """Opens and closes PBXs. `hands` are the actions on each, `connected` are those that have an API.

    `everywhere` is what can be done for any PBX, whatever its make, and without its API; `memory` is where the
    guard keeps what it is told.
    """

    def __init__(
        self,
        policies: Policies,
        vault: Vault,
        ingest: Ingest,
        everywhere: Mapping[Act, AnyAction],
        memory: GuardMemory | None = None,
    ) -> None:
        self._policies = policies
        self._memory = memory
        self._ingest = ingest
        self._everywhere = everywhere
        self._keyed_hash = partial(vault.keyed_hash, "pin")
        self._facts: dict[str, TargetFacts] = {}
        self._bystanders: dict[str, Bystanders] = {}
        self.hands: dict[str, Mapping[Act, AnyAction]] = {}
        self.connected: dict[str, Connected] = {}

    def open(
        self,
        pbx: InstalledPbx,
        memory: Callable[[], LoginMemory],
        *,
        since: datetime | None = None,
        up: Sequence[Call] = (),
        fence: Fence | None = None,
    ) -> Connected | None:
        """Have this PBX from now on; None where it has no API, and only addresses can be blocked.

        `memory` is asked for where there is something to log in to. `since` and `up` are what the log knows of it.
        """
        profile = self._policies.of(pbx.id)
        dialling = dialling_of(profile)
        emergency = [name for name, route in profile.routes.items() if route.emergency]
        if pbx.connection is None:
            self._facts[pbx.id] = TargetFacts(pbx, profile, memory=self._memory)
            self._bystanders[pbx.id] = Bystanders(dialling, emergency)
            self.hands[pbx.id] = self._everywhere
            return None
        connection = connect(pbx, profile, memory(), fence)
        look = LastLook(connection.discover)
        facts = self._facts[pbx.id] = TargetFacts(pbx, profile, look, calls=connection.calls, memory=self._memory)
        self._bystanders[pbx.id] = Bystanders(
            dialling, emergency, connection.present, look, spares=profile.spares_emergency
        )
        own = connection.actions()
        both = {act: self._everywhere[act].beside(own[act]) for act in own.keys() & self._everywhere.keys()}
        self.hands[pbx.id] = {**own, **self._everywhere, **both}
        sources = connection.sources(self._ingest, self._keyed_hash, since=since, up=up)
        made = self.connected[pbx.id] = Connected(connection, sources, facts)
        return made

    def close(self, pbx: str) -> None:
        """Have this PBX no more; whoever runs its sources ends them."""
        for known in (self._facts, self._bystanders, self.hands, self.connected):
            known.pop(pbx, None)

    async def facts(self, row: ActionRow) -> GuardFacts:
        """What the guard must know of an action's target now. Raises KeyError for a PBX we do not have."""
        return await self._facts[row.pbx].of(row)

    async def blast(self, row: ActionRow, accused: Collection[str]) -> Blast:
        """Whom an action hits besides the accused. Raises KeyError for a PBX we do not have."""
        return await self._bystanders[row.pbx].of(row, accused)

    def connection(self) -> PbxConnection | None:
        """Any PBX that we have and that is not locked to us, to call people by; None if there is none."""
        usable = (one.connection for one in self.connected.values() if not one.connection.locked)
        return next(usable, None)
