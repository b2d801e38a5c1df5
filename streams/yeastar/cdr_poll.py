"""The PBX's call records and running calls, asked for again and again: the address of a caller is only there."""

import asyncio

from streams.pbxs.pbx_errors import PbxError
from streams.pbxs.trouble import say_trouble
from streams.runtime.clock import micros_now
from streams.runtime.ingest import Delivery, Ingest, SourceStatus
from streams.yeastar.catchup import Catchup

NAME = "yeastar-cdr"


class CdrPoll:
    """Asks every `interval` seconds; `run` ends only when it is cancelled."""

    def __init__(self, pbx: str, ingest: Ingest, catchup: Catchup, *, interval: float = 30.0) -> None:
        self.status = SourceStatus(NAME, pbx)
        self._catchup = catchup
        self._delivery = Delivery(ingest, self.status)
        self._interval = interval

    async def run(self) -> None:
        """Ask until cancelled, whatever the PBX does."""
        while True:
            try:
                await self._catchup.fill(self._delivery)
            except PbxError as error:
                self.status.connected = False
                say_trouble(self.status, error)
            else:
                self.status.connects += not self.status.connected
                self.status.connected, self.status.problem = True, self._catchup.problem
                self.status.heard_at = micros_now()
            await asyncio.sleep(self._interval)
