"""What tells of the calls of a simulated P-Series, looked at from outside."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Call
from streams.runtime.ingest import Delivery, SourceStatus
from streams.sim import CallPlan, SimOptions
from streams.sim.telephony.sim_call import SimCall
from streams.yeastar.call_routes import CallRoutes
from streams.yeastar.catchup import Catchup
from streams.yeastar.p_series import PSeriesConnection, frames_of
from tests.streams.pbxs.conftest import Linked, linked

NATIONAL, INTERNATIONAL, SOFTPHONES = "National", "International", "Softphones E.164"
HOME, ABROAD, SOFTPHONE = "912125550147", "9011493090182000", "+4930901820"
ROUTES = {HOME: NATIONAL, ABROAD: INTERNATIONAL, SOFTPHONE: SOFTPHONES}
TALKING = CallPlan(ring=0, talk=None)
EVERYTHING = [{"pattern": "X.", "strip": 0, "prepend": ""}, {"pattern": "+.", "strip": 0, "prepend": ""}]
Names = tuple[str, ...]


def names_of(call: Call) -> Names:
    """The one route it went by, or all that are possible."""
    return (call.route,) if call.route else call.possible_routes


class Log:
    """The beginning of the log."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.grown = asyncio.Event()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        self.calls += [event for event in events if isinstance(event, Call)]
        self.grown.set()

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)

    def of(self, call: SimCall, *phases: str) -> list[Call]:
        return [each for each in self.calls if each.call_id == call.call_id and each.phase in phases]

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not wanted():
                self.grown.clear()
                await self.grown.wait()


class Watched:
    """What tells of the calls of one PBX, with a clock that is moved by hand."""

    def __init__(self, one: Linked) -> None:
        assert isinstance(one.connection, PSeriesConnection)
        self.one, self.sim, self.client = one, one.sim, one.connection.client
        self.log, self.status, self.seconds = Log(), SourceStatus("test"), 0.0
        self.restart()

    def restart(self) -> None:
        """Another process takes over."""
        self.frames = frames_of(self.one.pbx, self.one.profile, str)
        self.routes = CallRoutes(self.client, "hq", frozenset({"911", "9911"}), clock=lambda: self.seconds)
        self.frames.find_routes = self.routes.find
        self.catchup = Catchup(self.client, self.frames, routes=self.routes)

    async def poll(self) -> None:
        await self.catchup.fill(Delivery(self.log, self.status))

    async def change(self, route: str, **fields: object) -> None:
        """Somebody changes a route."""
        await self.client.update_outbound_route(self.sim.route(route).id, fields)

    def call(self, dialled: str, number: str = "1001") -> SimCall:
        """A call that is up."""
        self.sim.register(number)
        made = self.sim.dial(number, dialled, plan=TALKING).call
        assert made is not None
        return made

    def frames_of(self, call: SimCall, received_at: datetime) -> list[Call]:
        """What the frames that told of it while it was up are read as."""
        shown = [{"type": kind, "msg": message} for kind, message in self.sim.events
                 if kind == 30011 and message["call_id"] == call.call_id]  # fmt: skip
        found = [event for frame in shown for event in self.frames.read(frame, received_at)]
        return [event for event in found if isinstance(event, Call)]

    def live(self, call: SimCall) -> Names:
        """The route of the first of them, read now."""
        return names_of(self.frames_of(call, datetime.now(UTC))[0])

    async def record(self, call: SimCall) -> Names:
        """What its record says, read now."""
        if call.call_id in self.sim.core.calls.up:
            self.sim.core.calls.hang_up(call.members[0].channel_id)
        await self.poll()
        return names_of(self.log.of(call, "ended")[-1])


@asynccontextmanager
async def watched(**options: Any) -> AsyncIterator[Watched]:
    async with linked(SimOptions(**options)) as one:
        made = Watched(one)
        await made.poll()
        yield made
