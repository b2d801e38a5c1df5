"""One PBX with an API, by all that goes on between it and us."""

import asyncio

import structlog

from detector.contract.codec import to_micros
from streams.pbxs.discovery import Capabilities
from streams.pbxs.guarding.guard_facts import TargetFacts
from streams.pbxs.pbx import PbxConnection, PbxSources
from streams.pbxs.pbx_errors import PbxError
from streams.pbxs.pbx_status import PbxStatus, copied
from streams.runtime.clock import micros_now

ASK_AGAIN_SECONDS = 3_600.0
"""Rights and firmware change now and then, and nobody tells us."""
TRY_AGAIN_SECONDS = 60.0
LOOK_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Connected:
    """A PBX's connection with what listens there, and the facts that are kept about it."""

    def __init__(self, connection: PbxConnection, sources: PbxSources, facts: TargetFacts) -> None:
        self.connection = connection
        self.sources = sources
        self._facts = facts
        self._can: Capabilities | None = None

    async def listen(self) -> None:
        """Feed the log, and keep the facts fresh, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sources.run())
            tasks.create_task(self._facts.run())
            tasks.create_task(self._keep_asking())

    async def _keep_asking(self) -> None:
        """Know what it can tell us, on this firmware and with our rights, once its sources are at work."""
        while True:
            pause = LOOK_SECONDS
            if any(one.connected for one in self.sources.statuses()):
                try:
                    self._can, pause = await self.connection.capabilities(), ASK_AGAIN_SECONDS
                except PbxError as error:
                    log.info("not known what the PBX can tell", error=str(error))
                    pause = TRY_AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """End the session in good order, whoever is cancelled meanwhile."""
        await asyncio.shield(self.connection.close())

    def status(self) -> PbxStatus:
        """How the PBX is doing."""
        times, heard, can = self.connection.times, self.sources.heard_at, self._can
        return PbxStatus(
            at=micros_now(), sources=copied(self.sources.statuses()), locked=self.connection.locked,
            model=can.model if can is not None else None, firmware=can.firmware if can is not None else None,
            no_records=next((one.lacking for one in can.records), None) if can is not None else None,
            date_format=times.date if times is not None else None,
            time_format=times.time if times is not None else None,
            heard_at=to_micros(heard) if heard is not None else None, differences=self._facts.differences,
        )  # fmt: skip
