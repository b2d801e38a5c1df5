"""From a stolen extension's calls on a simulated P-Series to the lock of the route they really go by."""

import asyncio
from datetime import timedelta

from detector.contract.events import AnyEvent, Call
from detector.contract.findings import AnyFinding, Detection
from detector.contract.vocabulary import Act, SubjectKind
from detector.engine.engine import Engine
from streams.pbxs.pbx import Order
from tests.detector.engine.builders import decisions, engine, guesses, moment, outcome, registration, settings
from tests.streams.yeastar.watching import EVERYTHING, INTERNATIONAL, SOFTPHONES, Watched, watched

SOMALIA = "9011252612345678"
ALLOWED = {"call.route": {"allowed": {INTERNATIONAL: ["1000-1006"], SOFTPHONES: ["1000-1006"]}}}


class Desk:
    """The core at work on what a PBX tells; whatever it decides is confirmed."""

    def __init__(self, pbx: Watched) -> None:
        self.pbx = pbx
        self.core: Engine = engine(settings(rules=ALLOWED))
        self.found: list[AnyFinding] = []

    def take(self, *events: AnyEvent) -> None:
        for event in events:
            self.found += self.core.process(event)
        assert not self.core.errors

    async def call(self, seconds: float) -> list[Call]:
        """The thief calls and is answered; what was read of it."""
        made = self.pbx.call(SOMALIA, "1007")
        async with asyncio.timeout(20):
            while made.answered_at is None:  # noqa: ASYNC110 - the PBX's own state
                await asyncio.sleep(0.005)
        told = self.pbx.frames_of(made, moment(seconds))
        self.take(*told)
        return told

    def confirm(self, seconds: float) -> None:
        for each in decisions(self.found):
            self.take(outcome(seconds, each.id, "confirmed"))

    def routes(self) -> list[str]:
        """Those that are to be locked."""
        return [each.target.id for each in decisions(self.found, Act.LOCK_ROUTE)]


async def test_calls_that_go_on_after_all_else_have_their_route_locked() -> None:
    async with watched() as pbx:
        desk = Desk(pbx)
        desk.take(*guesses(0), registration(10, "accepted"))
        phases = await desk.call(60)
        assert [each.route for each in phases] == [INTERNATIONAL] * len(phases)
        for seconds in (120, 180):
            desk.confirm(seconds - 20)
            assert desk.routes() == []
            await desk.call(seconds)
        assert desk.routes() == [INTERNATIONAL]
        fired = [each for each in desk.found if isinstance(each, Detection) and each.rule == "call.route"]
        assert [(each.subject.id, each.values["route"]) for each in fired] == [("1007", INTERNATIONAL)] * 3
        [lock] = decisions(desk.found, Act.LOCK_ROUTE)
        assert lock.target.kind is SubjectKind.ROUTE
        action = pbx.one.connection.actions()[Act.LOCK_ROUTE]
        order = Order(key=lock.id, target=lock.target, until=moment(0) + timedelta(days=1))
        before = await action.prepare(order)
        handle = await action.apply(order, before)
        assert await action.confirmed(order, before, handle)
        assert not pbx.sim.dial("1007", SOMALIA).placed, "the PBX lets nobody out by it"
        assert pbx.sim.dial("1007", "912125550147").placed, "and everybody by the others"


async def test_a_route_that_is_not_certain_is_never_locked() -> None:
    async with watched(show_route_positions=False) as pbx:
        await pbx.change(SOFTPHONES, dial_pattern_list=EVERYTHING)
        await pbx.poll()
        desk = Desk(pbx)
        desk.take(*guesses(0), registration(10, "accepted"))
        for seconds in (60, 120, 180):
            await desk.call(seconds)
            desk.confirm(seconds + 20)
        assert desk.routes() == []
        fired = [each for each in desk.found if isinstance(each, Detection) and each.rule == "call.route"]
        assert {each.values["route"] for each in fired} == {f"{INTERNATIONAL} or {SOFTPHONES}"}


async def test_a_route_that_becomes_known_by_a_later_transport_is_asked_about_then() -> None:
    async with watched() as pbx:
        known = pbx.frames.find_routes
        pbx.frames.find_routes = lambda call: ()  # a receiver that has no session with the PBX
        desk = Desk(pbx)
        desk.take(*guesses(0), registration(10, "accepted"))
        for seconds in (60, 120):
            await desk.call(seconds)
            desk.confirm(seconds + 20)
        third = await desk.call(180)
        assert {each.route for each in third} == {None}
        assert desk.routes() == []
        desk.confirm(200)
        pbx.frames.find_routes = known
        await pbx.poll()
        desk.take(*pbx.log.calls)
        fired = [each for each in desk.found if isinstance(each, Detection) and each.rule == "call.route"]
        assert {each.subject.id for each in fired} == {"1007"}
