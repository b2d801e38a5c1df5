"""Scripted attacks and honest traffic against the simulated PBX, and what stops them."""

import asyncio
import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from streams.sim import CallPlan, SimOptions, SimulatedPbx, serve
from streams.sim.attacks import attacks
from streams.sim.core import PbxCore
from streams.sim.portal import LoginResult
from streams.sim.telephony.network import parse_feed
from streams.sim.telephony.registrar import RegistrationResult
from streams.sim.telephony.traffic import HonestTraffic
from streams.sim.web import WebServer

THIEF = "203.0.113.77"
FAST = SimOptions(speed=3000, seed=3)


async def test_every_attack_is_registered_once():
    assert set(attacks()) == {"stolen_extension", "slow_pumping", "guessing_only", "prefix_hunt"}
    with pytest.raises(KeyError, match="guessing_only"):
        SimulatedPbx().start_attack("nothing")


async def test_stolen_extension_guesses_registers_probes_and_pumps(until):
    async with SimulatedPbx(FAST) as pbx:
        progress = pbx.start_attack("stolen_extension")
        await until(lambda: sum(call.up for call in progress.calls) == 10)
        names = [m["event_name"] for event, m in pbx.events if event == 30036]
        assert names.count("web_login_fail") == 3
        assert names.count("extension_registration_blocked_out") == 2
        registrations = [m for event, m in pbx.events if event == 30007]
        assert [(m["extension"], m["registered_ip"]) for m in registrations] == [("1007", THIEF)]
        agents = {c.user_agent for c in pbx.core.registrar.contacts("1007")}
        assert agents == {"friendly-scanner"}
        assert not progress.calls[0].up
        assert all(call.dialled.startswith("90112526126") for call in progress.calls)
        assert progress.phase == "pumping"


async def test_restricted_extension_makes_him_take_another_and_then_give_up(until, api_of):
    async with SimulatedPbx(SimOptions(speed=1000)) as pbx, api_of(pbx) as api:
        progress = pbx.start_attack("stolen_extension")
        await until(lambda: len(progress.calls) >= 4)
        await api.post("extension/update", id=8, disable_outb_call=1)
        for call in pbx.calls:
            await api.post("call/hangup", channel_id=call.channel)
        await until(lambda: "1012" in progress.extensions)
        await until(lambda: any("1012" in call.extensions for call in progress.calls))
        await api.post("extension/update", id=13, disable_outb_call=1)
        for call in pbx.calls:
            await api.post("call/hangup", channel_id=call.channel)
        await until(lambda: progress.finished_at is not None)
        assert progress.gave_up
        assert pbx.calls == []
        assert progress.refused >= 30


async def test_locked_international_route_makes_him_try_another_prefix(until, api_of):
    async with SimulatedPbx(FAST) as pbx, api_of(pbx) as api:
        await api.post("outbound_route/update", id=2, pin_protect="single_pin", pin="83920174")
        progress = pbx.start_attack("stolen_extension")
        await until(lambda: progress.calls)
        assert progress.calls[0].dialled.startswith("+252")
        assert progress.refused >= 3


async def test_firewall_drops_new_packets_but_not_calls_that_are_up(until):
    async with SimulatedPbx(FAST) as pbx:
        pbx.register("1007", THIEF)
        running = pbx.dial("1007", "9011252612600001", plan=CallPlan(ring=0, talk=None)).call
        pbx.core.firewall.block(["203.0.113.0/24"])
        events = len(pbx.events)
        assert pbx.dial("1007", "9011252612600002", source_ip=THIEF).outcome == "dropped"
        assert pbx.register("1012", THIEF) is RegistrationResult.DROPPED
        assert pbx.register("1012", f"::ffff:{THIEF}") is RegistrationResult.DROPPED
        assert pbx.login("admin", "x", THIEF) is LoginResult.DROPPED
        assert len(pbx.events) == events
        assert running.up
        assert pbx.register("1012", "198.51.100.140") is RegistrationResult.ACCEPTED


async def test_firewall_follows_its_feed_and_keeps_the_list_when_the_feed_fails(receiver, until):
    receiver.page = b"# thieves\n203.0.113.77 # found today\n\nnonsense\n2001:db8::/64\n"
    options = SimOptions(firewall_feed_url=receiver.url, firewall_poll_seconds=0.01)
    async with SimulatedPbx(options) as pbx:
        firewall = pbx.core.firewall
        await until(lambda: firewall.polls)
        assert firewall.blocked == ["203.0.113.77/32", "2001:db8::/64"]
        assert firewall.unreadable == 1
        receiver.statuses = [500]
        await until(lambda: firewall.failed_polls)
        assert firewall.drops(THIEF)
        receiver.page = b""
        await until(lambda: not firewall.drops(THIEF))


def test_feed_lines():
    networks, unreadable = parse_feed("10.1.2.3/8\n  ::1 \n#x\n1.2.3\n")
    assert [str(n) for n in networks] == ["10.0.0.0/8", "::1/128"]
    assert unreadable == 1


async def test_guessing_only_never_registers(until):
    async with SimulatedPbx(FAST) as pbx:
        progress = pbx.start_attack("guessing_only")
        await until(lambda: progress.finished_at)
        names = [m["event_name"] for _, m in pbx.events]
        assert names.count("extension_registration_blocked_out") == 12
        assert names.count("web_user_blocked_out") == 1
        assert not [m for event, m in pbx.events if event == 30007]
        assert progress.calls == []


async def test_prefix_hunt_dials_one_number_in_many_ways(until):
    async with SimulatedPbx(FAST) as pbx:
        progress = pbx.start_attack("prefix_hunt")
        await until(lambda: progress.finished_at and not pbx.calls)
        dialled = [str(row["call_to_number"]) for row in pbx.cdrs]
        assert progress.attempts == 13
        assert len({number[-12:] for number in dialled}) == 1
        assert {call.dialled[:2] for call in progress.calls} == {"+2", "90"}


async def test_slow_pumping_keeps_to_two_lines(until):
    async with SimulatedPbx(SimOptions(speed=20000)) as pbx:
        progress = pbx.start_attack("slow_pumping")
        most = 0
        async with asyncio.timeout(15):
            while progress.finished_at is None:
                most = max(most, sum(call.up for call in progress.calls))
                await asyncio.sleep(0.001)
        assert most == 2
        assert len(progress.calls) > 4


@pytest.mark.parametrize("name", ["stolen_extension", "slow_pumping", "prefix_hunt"])
async def test_attack_that_cannot_register_gives_up(until, name):
    async with SimulatedPbx(FAST) as pbx:
        progress = pbx.start_attack(name)
        pbx.change_extension("1007", reg_password="changed in time")
        await until(lambda: progress.finished_at)
        assert progress.gave_up
        assert progress.attempts == 0


async def test_honest_office_registers_everybody_and_breaks_no_rule(until):
    async with SimulatedPbx(SimOptions(speed=2000, calls_per_hour=400)) as pbx:
        pbx.start_honest_traffic()
        await until(lambda: len(pbx.cdrs) >= 150)
        addresses = {m["extension"]: m["registered_ip"] for event, m in pbx.events if event == 30007}
        assert len(addresses) == 30
        assert addresses["1003"] == "198.51.100.23"
        assert {row["call_type"] for row in pbx.cdrs} == {"Internal", "Inbound", "Outbound"}
        assert set(pbx.core.calls.attempts) == {"placed"}
        assert not [m for event, m in pbx.events if m.get("event_type") == "security"]


async def test_same_seed_gives_the_same_calls():
    async def first_calls():
        async with SimulatedPbx(FAST) as pbx:
            traffic = HonestTraffic(pbx.core)
            traffic.register_phones()
            for _ in range(20):
                traffic.one_call()
            return [(call.kind, call.dialled, call.plan) for call in pbx.calls]

    assert await first_calls() == await first_calls()


async def test_control_page_shows_the_state_and_starts_attacks(until):
    options = FAST.model_copy(update={"control": True})
    async with SimulatedPbx(options) as pbx, httpx.AsyncClient(base_url=pbx.url) as client:
        started = await client.post("/sim/attack/prefix_hunt")
        assert started.json() == {"started": "prefix_hunt"}
        await until(lambda: pbx.progress["prefix_hunt"].finished_at and not pbx.calls)
        state = (await client.get("/sim/state")).json()
        assert state["cdr_calls"] == [row["call_id"] for row in pbx.cdrs]
        assert state["attacks"]["prefix_hunt"]["attempts"] == sum(state["attempts"].values()) == 13
        assert json.dumps(state).count(pbx.client_secret) == 0
        assert (await client.post("/sim/attack/nothing")).status_code == 404
        assert (await client.get("/sim/attack/prefix_hunt")).status_code == 404


@pytest.mark.parametrize(("address", "status"), [("192.0.2.1", 10001), ("127.0.0.1", None)])
async def test_control_page_is_for_local_callers_only(address, status):
    async def page(request: Request) -> JSONResponse:
        return JSONResponse({"path": request.url.path})

    app = WebServer(PbxCore(SimOptions()), page)
    transport = httpx.ASGITransport(app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://pbx") as client:
        assert (await client.get("/sim/state")).json().get("errcode") == status


async def test_serve_runs_traffic_and_attack_until_cancelled(until):
    options = SimOptions(speed=3000, honest_traffic=True, attack="guessing_only", attack_after=1)
    running: list[SimulatedPbx] = []
    task = asyncio.create_task(serve(options, running.append))
    await until(lambda: running and running[0].progress)
    assert running[0].core.registrar.contacts("1000")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(running[0].url)
