"""One PBX with an API, by all that goes on between it and us."""

import asyncio

from detector.contract.codec import to_micros
from streams.pbxs.guard_facts import TargetFacts
from streams.pbxs.pbx import PbxConnection, PbxSources
from streams.pbxs.pbx_status import PbxStatus, copied
from streams.runtime.clock import micros_now


class Connected:
    """A PBX's connection with what listens there, and the facts that are kept about it."""

    def __init__(self, connection: PbxConnection, sources: PbxSources, facts: TargetFacts) -> None:
        self.connection = connection
        self.sources = sources
        self._facts = facts

    async def listen(self) -> None:
        """Feed the log, and keep the facts fresh, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sources.run())
            tasks.create_task(self._facts.run())

    async def close(self) -> None:
        """End the session in good order, whoever is cancelled meanwhile."""
        await asyncio.shield(self.connection.close())

    def status(self) -> PbxStatus:
        """How the PBX is doing."""
        times, heard = self.connection.times, self.sources.heard_at
        return PbxStatus(
            at=micros_now(), sources=copied(self.sources.statuses()), locked=self.connection.locked,
            date_format=times.date if times is not None else None,
            time_format=times.time if times is not None else None,
            heard_at=to_micros(heard) if heard is not None else None,
        )  # fmt: skip
