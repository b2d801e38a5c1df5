"""The route of each call of a simulated P-Series: live, in the record, and after somebody changed the routes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from detector.contract.events import Call
from streams.config.connection import Transport
from streams.pbxs.makes import webhook_of
from streams.pbxs.pbx import PbxSources, WebhookSource
from streams.pbxs.webhook_receiver import Receiver, webhook_router
from streams.pbxs.webhook_seen import SqliteSeen
from streams.sim import SimOptions, SimulatedPbx, SimWebhook
from streams.sim.settings import RouteMember, SimGroup
from streams.yeastar.call_routes import WHOLE_SECONDS
from streams.yeastar.p_series import PSeriesConnection
from tests.streams.pbxs.conftest import Linked, linked
from tests.streams.yeastar.watching import (
    ABROAD,
    EVERYTHING,
    HOME,
    INTERNATIONAL,
    NATIONAL,
    ROUTES,
    SOFTPHONE,
    SOFTPHONES,
    TALKING,
    Log,
    Names,
    Watched,
    names_of,
    watched,
)

SECRET = "s" * 32


@asynccontextmanager
async def receiving(hook: WebhookSource, log: Log, sim: SimulatedPbx) -> AsyncIterator[None]:
    """The PBX pushes what happens to a receiver on a port of its own."""
    seen = SqliteSeen(Path(":memory:"), time.time)
    app = FastAPI()
    app.include_router(webhook_router(Receiver({"hq": hook}, log, seen)))
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 - another task's state
            await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    push = SimWebhook(url=f"http://127.0.0.1:{port}/webhook/hq", secret=SECRET)
    sim.core.webhooks = sim.core.webhooks.model_copy(update={"webhook_event_push_list": (push,)})
    yield
    await sim.webhooks_settled()
    server.should_exit = True
    await task
    seen.close()


@asynccontextmanager
async def working(sources: PbxSources) -> AsyncIterator[None]:
    task = asyncio.create_task(sources.run())
    await heard(sources)
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def heard(sources: PbxSources) -> None:
    """Until the PBX was asked once more from the beginning."""
    async with asyncio.timeout(20):
        for _ in range(2):
            before = sources.heard_at
            while sources.heard_at == before or not all(one.connected for one in sources.statuses()):  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def on_each(sim: SimulatedPbx, log: Log) -> dict[str, list[Names]]:
    """Call over every route; by which one each phase was told to go, live and in the record."""
    sim.register("1001")
    told = {}
    for dialled in ROUTES:
        call = sim.dial("1001", dialled, plan=TALKING).call
        assert call is not None
        await log.until(lambda call=call: log.of(call, "answered"))
        sim.core.calls.hang_up(call.members[0].channel_id)
        await log.until(lambda call=call: any(each.source == "yeastar-cdr" for each in log.of(call, "ended")))
        told[dialled] = [names_of(each) for each in log.of(call, "started", "answered", "ended")]
    return told


@pytest.mark.parametrize("events", list(Transport))
async def test_a_call_over_each_of_three_routes_carries_it_live_and_in_the_record(events: Transport) -> None:
    log, way = Log(), {"events": events, "webhook_secret": SecretStr(SECRET), "poll_cdr": 0.02}
    async with linked(SimOptions(), way=way) as one:
        sources = one.connection.sources(log, str, since=None)
        hook = sources.webhook or webhook_of(one.pbx, one.profile, str)
        async with working(sources):
            if hook is None:
                before = await on_each(one.sim, log)
                await changed(one, sources)
                after = await on_each(one.sim, log)
            else:
                async with receiving(hook, log, one.sim):
                    before = await on_each(one.sim, log)
                    await changed(one, sources)
                    after = await on_each(one.sim, log)
    assert {dialled: set(told) for dialled, told in before.items()} == {to: {(ROUTES[to],)} for to in ROUTES}
    assert {dialled: set(told) for dialled, told in after.items()} == {
        HOME: {("Home",)}, ABROAD: {("All",)}, SOFTPHONE: {("All",)},
    }  # fmt: skip
    assert all(len(told) >= 3 for told in (*before.values(), *after.values())), "its beginning, its end and its record"


async def changed(one: Linked, sources: PbxSources) -> None:
    """Two routes get other names, and numbers abroad go by another."""
    assert isinstance(one.connection, PSeriesConnection)
    client = one.connection.client
    await client.update_outbound_route(one.sim.route(NATIONAL).id, {"name": "Home"})
    await client.update_outbound_route(one.sim.route(INTERNATIONAL).id, {"dial_pattern_list": [{"pattern": "90115."}]})
    await client.update_outbound_route(one.sim.route(SOFTPHONES).id, {"name": "All", "dial_pattern_list": EVERYTHING})
    await heard(sources)


async def test_a_receiver_without_a_session_knows_no_route_and_the_poll_adds_it() -> None:
    log = Log()
    async with linked(SimOptions(), way={"events": Transport.WEBHOOK, "webhook_secret": SecretStr(SECRET)}) as one:
        hook = webhook_of(one.pbx, one.profile, str)
        assert hook is not None
        other = Watched(one)
        async with receiving(hook, log, one.sim):
            call = other.call(HOME)
            await log.until(lambda: log.of(call, "answered"))
            await other.poll()
            first, known = log.of(call, "answered")[0], other.log.of(call, "answered")[0]
            assert (names_of(first), names_of(known)) == ((), (NATIONAL,))
            assert (known.id, known.revision) == (first.id, first.revision + 1)
            one.sim.core.calls.hang_up(call.members[0].channel_id)
            await log.until(lambda: log.of(call, "ended"))
            assert await other.record(call) == (NATIONAL,)
        [end], [record] = log.of(call, "ended"), other.log.of(call, "ended")
        assert (names_of(end), record.id) == ((), end.id)
        assert record.revision > end.revision


async def test_the_order_is_what_the_pbx_says() -> None:
    async with watched() as pbx:
        await pbx.change(SOFTPHONES, dial_pattern_list=EVERYTHING)
        await pbx.poll()
        assert pbx.live(pbx.call(ABROAD)) == (INTERNATIONAL,)
        pbx.sim.move_route(SOFTPHONES, 1)
        await pbx.poll()
        assert pbx.live(pbx.call(ABROAD)) == (SOFTPHONES,)
        assert pbx.live(pbx.call(HOME, "1002")) == (NATIONAL,), "the first is not for them"


async def test_where_the_pbx_shows_no_order_both_routes_are_possible_and_it_is_said() -> None:
    with structlog.testing.capture_logs() as said:
        async with watched(show_route_positions=False) as pbx:
            await pbx.change(SOFTPHONES, dial_pattern_list=EVERYTHING)
            await pbx.poll()
            calls = [pbx.call(ABROAD), pbx.call(ABROAD), pbx.call(SOFTPHONE)]
            both = (INTERNATIONAL, SOFTPHONES)
            assert [pbx.live(call) for call in calls] == [both, both, (SOFTPHONES,)]
            assert [await pbx.record(call) for call in calls] == [both, both, (SOFTPHONES,)]
    told = [line["event"] for line in said if line["log_level"] == "warning"]
    assert told.count("the PBX does not show the order of its routes") >= 1
    assert told.count("the route of a call is not certain") == 1


async def test_a_route_is_changed_while_a_call_is_up() -> None:
    async with watched() as pbx:
        call = pbx.call(HOME)
        assert pbx.live(call) == (NATIONAL,)
        pbx.seconds += 1
        await pbx.poll()
        await pbx.change(NATIONAL, name="Home")
        assert await pbx.record(call) == (NATIONAL,)
        assert pbx.live(pbx.call(HOME)) == ("Home",)


async def test_a_route_may_have_been_changed_before_a_call_that_was_told_by_the_old_ones() -> None:
    async with watched() as pbx:
        await pbx.change(NATIONAL, name="Home")
        call = pbx.call(HOME)
        assert pbx.live(call) == (NATIONAL,), "nobody has looked yet"
        assert await pbx.record(call) == (NATIONAL, "Home")


async def test_a_call_that_no_route_explains_makes_us_look_who_may_use_them() -> None:
    async with watched() as pbx:
        listed = pbx.client.outbound_routes

        async def bare() -> Any:  # as the PBX's list is: without those who may use a route
            return [type(one)(id=one.id, name=one.name, pos=one.pos) for one in await listed()]

        pbx.client.outbound_routes = bare  # type: ignore[method-assign]  # a list as documented, which shows less
        await pbx.poll()
        everybody = pbx.sim.route(NATIONAL).ext_list
        await pbx.change(INTERNATIONAL, ext_list=[each.model_dump() for each in everybody])
        await pbx.poll()
        call = pbx.call(ABROAD, "1002")
        assert pbx.live(call) == ()
        assert await pbx.record(call) == (INTERNATIONAL,)
        await pbx.change(SOFTPHONES, ext_list=[])
        await pbx.poll()
        pbx.seconds += WHOLE_SECONDS
        await pbx.poll()
        assert pbx.routes.find(Call(pbx="hq", id="1", at=datetime.now(UTC), phase="started", call_id="1", to=SOFTPHONE,
                                    direction="outbound", extension="1001", trunk="carrier-a")) == ()  # fmt: skip


async def test_members_of_groups_may_use_a_route() -> None:
    async with watched() as pbx:
        groups = pbx.sim.core.settings.groups
        carter = RouteMember(id=2, ext_number="1001")
        for group in (
            groups.add(lambda new: SimGroup(id=new, name="Sales", members=(carter,))),
            groups.add(lambda new: SimGroup(id=new, name="Everybody", member_select="sel_all_ext")),
        ):
            await pbx.change(SOFTPHONES, dial_pattern_list=EVERYTHING)
            await pbx.change(INTERNATIONAL, ext_list=[{"id": group.id, "ext_name": group.name, "type": "ext_group"}])
            await pbx.poll()
            assert pbx.live(pbx.call(ABROAD)) == (INTERNATIONAL,), group.name


@pytest.mark.parametrize("kind", ["ext_group", "organization"])
async def test_where_nobody_shows_who_is_in_a_group_the_next_route_is_possible_too(kind: str) -> None:
    async with watched(unsupported_endpoints={"extensiongroup/get"}) as pbx:
        everybody = SimGroup(id=1, name="Everybody", member_select="sel_all_ext")
        pbx.sim.core.settings.groups.add(lambda new: everybody)
        await pbx.change(SOFTPHONES, dial_pattern_list=EVERYTHING)
        await pbx.change(INTERNATIONAL, ext_list=[{"id": 1, "ext_name": "Everybody", "type": kind}])
        await pbx.poll()
        assert pbx.live(pbx.call(ABROAD)) == (INTERNATIONAL, SOFTPHONES)


@pytest.mark.parametrize("path", ["outbound_route/list", "outbound_route/get"])
async def test_routes_that_cannot_be_read_are_as_they_were_and_it_is_said(path: str) -> None:
    async with watched() as pbx:
        assert pbx.catchup.problem is None
        await pbx.change(NATIONAL, name="Home")
        sound = pbx.sim.core.options
        pbx.sim.core.options = sound.model_copy(update={"unsupported_endpoints": frozenset({path})})
        await pbx.poll()
        assert pbx.catchup.problem is not None
        assert pbx.catchup.problem.startswith(f"routes are as they were: {path}")
        assert pbx.live(pbx.call(HOME)) == (NATIONAL,)
        pbx.restart()
        await pbx.poll()
        assert (pbx.catchup.problem or "").startswith(f"calls have no route: {path}")
        call = pbx.call(HOME)
        assert pbx.live(call) == ()
        pbx.sim.core.options = sound
        assert await pbx.record(call) == ("Home",)
        assert pbx.catchup.problem is None


async def test_after_a_restart_the_record_of_a_call_agrees_with_what_was_told() -> None:
    async with watched() as pbx:
        calls = [pbx.call(dialled) for dialled in ROUTES]
        live = [pbx.live(call) for call in calls]
        pbx.restart()
        assert [await pbx.record(call) for call in calls] == live == [(name,) for name in ROUTES.values()]


async def test_calls_that_go_by_no_route() -> None:
    async with watched() as pbx:
        pbx.sim.register("1002")
        emergency = pbx.call("911")
        inside = pbx.call("1002")
        refused = pbx.sim.dial("1001", "55")
        inbound = pbx.sim.inbound("+12125550199", "1001", plan=TALKING).call
        assert inbound is not None
        assert [pbx.live(call) for call in (emergency, inside, inbound)] == [(), (), ()]
        assert [await pbx.record(call) for call in (emergency, inside, inbound)] == [(), (), ()]
        assert [names_of(each) for each in pbx.log.calls if each.call_id == refused.call_id] == [()]


async def test_a_forwarded_call_goes_by_a_route_of_who_forwards() -> None:
    async with watched() as pbx:
        pbx.sim.change_extension("1001", forward_to=ABROAD)
        call = pbx.sim.inbound("+12125550199", "1001", plan=TALKING).call
        assert call is not None
        assert pbx.live(call) == (INTERNATIONAL,)
        await pbx.record(call)
        assert {(each.direction, names_of(each)) for each in pbx.log.of(call, "ended")} == {
            ("inbound", ()), ("transit", (INTERNATIONAL,)),
        }  # fmt: skip
