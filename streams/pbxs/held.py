"""The PBXs that are in our hands at the moment: connections, means of action, and what the guard must know of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from detector.decide.guard import GuardFacts
from detector.settings import Policies
from streams.config.installation import Installation, InstalledPbx
from streams.containment.enforcers.enforcer import Enforcer
from streams.notify.sender import Channel, channels_of
from streams.pbxs.connected import Connected, LiveFacts, dialling
from streams.pbxs.pbx import Means
from streams.runtime.ingest import Ingest
from streams.store.rows import ActionRow
from streams.store.vault import Vault
from streams.yeastar.client import YeastarClient
from streams.yeastar.http import Fence
from streams.yeastar.remembered import LoginMemory


class Sites:
    """Opens and closes PBXs. `means` is how each is acted on, `connected` those that have an API."""

    def __init__(
        self, settings: Installation, policies: Policies, vault: Vault, ingest: Ingest, enforcers: Sequence[Enforcer]
    ) -> None:
        self._settings = settings
        self._policies = policies
        self._ingest = ingest
        self._enforcers = tuple(enforcers)
        self._keyed_hash = partial(vault.keyed_hash, "pin")
        self._facts: dict[str, LiveFacts] = {}
        self.means: dict[str, Means] = {}
        self.connected: dict[str, Connected] = {}

    def open(
        self,
        pbx: InstalledPbx,
        memory: Callable[[], LoginMemory],
        *,
        since: datetime | None = None,
        fence: Fence | None = None,
    ) -> Connected | None:
        """Have this PBX from now on; None where it has no API, and only addresses can be blocked.

        `memory` is asked for where there is something to log in to.
        """
        profile = self._policies.of(pbx.id)
        url = str(pbx.connection.url) if pbx.connection is not None else ""
        self._facts[pbx.id] = LiveFacts(profile, url)
        if pbx.connection is None:
            self.means[pbx.id] = Means(client=None, enforcers=self._enforcers, dialling=dialling(profile))
            return None
        made = self.connected[pbx.id] = Connected(
            pbx, profile, self._ingest, self._enforcers, self._keyed_hash, since=since, memory=memory(), fence=fence,
        )  # fmt: skip
        self.means[pbx.id] = made.site
        return made

    def close(self, pbx: str) -> None:
        """Have this PBX no more; whoever runs its sources ends them."""
        for known in (self._facts, self.means, self.connected):
            known.pop(pbx, None)

    async def facts(self, row: ActionRow) -> GuardFacts:
        """What the guard must know of an action's target now. Raises KeyError for a PBX we do not have."""
        return await self._facts[row.pbx].of(row)

    def channels(self) -> list[Channel]:
        """Everybody who is told; calls go through any PBX that we have at the time."""
        return channels_of(self._settings, self._client)

    def _client(self) -> YeastarClient | None:
        return next((pbx.client for pbx in self.connected.values()), None)
