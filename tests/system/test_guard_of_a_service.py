"""The guard of a service that runs, with the simulated PBX and hands on both: whom it spares, and until when."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from detector.contract.events import Registration
from detector.contract.vocabulary import Act, State
from streams.cli.demo_command import AUTO, settings_for
from streams.config.dangers.risks import open_risks
from streams.config.installation import Installation
from streams.processes.run import Service
from streams.runtime.clock import micros_now, utc_now
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.store.rows import ActionRow
from tests.ports import free_ports

THIEF = "203.0.113.77"
CARRIER = "198.51.100.10"
LONG = CallPlan(ring=0, talk=600)
TOKEN = "a-token-of-more-than-16"


def settings(pbx: SimulatedPbx, data: Path, **changes: Any) -> Installation:
    """People in New York dial 9 for a line, and nobody has said so."""
    return Installation.model_validate({
        "data": data,
        "console": {"port": free_ports(1)}, "webhook": {"port": free_ports(1)}, "metrics": {"run": 0},
        "feed": {"enabled": True, "token": SecretStr(TOKEN)}, "enforcers": {"feed": {}},
        "defaults": {
            "region": "US", "timezone": "America/New_York", "rules": {rule: {"mode": "auto"} for rule in AUTO},
            "business_hours": {"mon-sun": "00:00-24:00"},
        },
        "pbxs": [{
            "id": "hq", "routes": {"Emergency": {"emergency": True}}, **changes,
            "connection": {
                "url": pbx.url, "client_id": SecretStr(pbx.client_id), "client_secret": SecretStr(pbx.client_secret),
                "poll_cdr": 1,
            },
        }],
    })  # fmt: skip


async def eventually(what: str, condition: Callable[[], Any]) -> Any:
    """What `condition` returns once it is true; the limit is generous, so that it never decides."""
    async with asyncio.timeout(90):
        while not (found := condition()):  # noqa: ASYNC110 - the state of other tasks
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def serving(installation: Installation) -> AsyncIterator[Service]:
    """A service at work, connected to its PBX."""
    service, ready = Service(installation), asyncio.Event()
    running = asyncio.create_task(service.run(lambda _: ready.set()))
    try:
        await eventually("it runs", ready.is_set)
        await eventually("it listens", lambda: any(one.connected for one in service.status().sources))
        yield service
    finally:
        service.stop()
        await running
        gc.unfreeze()  # the service spares itself the search of what is there at its start


def actions(service: Service, act: Act) -> list[ActionRow]:
    return [row for row in service.journal.actions.in_states(list(State), 200) if row.kind is act]


async def steal(sim: SimulatedPbx, calls: int = 6) -> None:
    """1007 registers from the thief's address and pumps."""
    sim.register("1007", source_ip=THIEF)
    for number in range(calls):
        sim.dial("1007", f"90112526123456{number:02}", source_ip=THIEF, plan=LONG)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("dialled", ["911", "9911", "+1911", "*67911", "112", "9112"])
async def test_an_emergency_call_stays_up_while_its_extension_is_hung_up(dialled: str, tmp_path: Path) -> None:
    options = SimOptions(emergency_route=True, emergency_numbers=("911", dialled))
    async with SimulatedPbx(options) as sim, serving(settings(sim, tmp_path)) as service:
        sim.register("1007")
        assert sim.dial("1007", dialled, plan=LONG).placed
        await steal(sim)
        await eventually("only the emergency call is up", lambda: [call.dialled for call in sim.calls] == [dialled])
        await eventually("1007 is restricted", lambda: sim.extension("1007").disable_outb_call == 1)
        assert sim.dial("1007", dialled, plan=LONG).placed
        assert not sim.dial("1007", "901125261234567", plan=LONG).placed
        await eventually(
            "the record says what was spared",
            lambda: any(dialled in (row.error or "") for row in actions(service, Act.HANG_UP)),
        )
        assert [call.dialled for call in sim.calls] == [dialled, dialled]


def refused_invites() -> list[Registration]:
    """Somebody's gateway sends calls without the right password."""
    now = utc_now()
    return [
        Registration(
            pbx="hq", id=f"invite-{n}", at=now + timedelta(milliseconds=n), source="test", outcome="rejected",
            account="4711", method="INVITE", source_ip=CARRIER, reason="bad_password",
        )
        for n in range(6)
    ]  # fmt: skip


@pytest.mark.parametrize("known", [False, True], ids=["it never could be looked up", "an earlier process knew it"])
async def test_a_carrier_whose_name_cannot_be_looked_up_is_not_blocked(known: bool, tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions(emergency_route=True)) as sim:
        installation = settings(sim, tmp_path, trunks={"a": {"hosts": ["sip.never.invalid"]}})
        if known:
            before = Service(installation)
            for name in ("sip.never.invalid", "sip.carrier-a.example", "sip.carrier-b.example"):
                before.journal.guard.remember(name, [CARRIER], micros_now(), 0)
            await before.close()
        async with serving(installation) as service:
            await service.runtime.put(refused_invites())
            [block] = await eventually("it is decided", lambda: [
                row for row in actions(service, Act.BLOCK_IP) if row.state in {State.REQUESTED, State.REFUSED}
            ])  # fmt: skip
            assert block.target.id == CARRIER
            assert block.state is (State.REFUSED if known else State.REQUESTED)
            assert ("an address of a trunk" if known else "sip.never.invalid") in (block.error or "")
            shown = service.pbxs.connected["hq"].status().differences
            assert any("sip.never.invalid" in text for text in shown) is not known


async def test_what_people_allow_is_lifted_while_the_service_runs(tmp_path: Path) -> None:
    async with (
        SimulatedPbx(SimOptions(emergency_route=True)) as sim,
        serving(settings(sim, tmp_path)) as service,
    ):
        await steal(sim)
        await eventually("1007 is restricted", lambda: sim.extension("1007").disable_outb_call == 1)
        await eventually("that is confirmed", lambda: [
            row for row in actions(service, Act.RESTRICT_EXTENSION) if row.state is State.CONFIRMED
        ])  # fmt: skip
        now = micros_now()
        service.journal.guard.allow(
            "1007", pbx="hq", reason="our own test", by="anna", now=now, until=now + 3_600_000_000
        )
        await eventually("1007 may call again", lambda: sim.extension("1007").disable_outb_call == 0)
        [row] = await eventually("that is known", lambda: [
            row for row in actions(service, Act.RESTRICT_EXTENSION) if row.state is State.UNDONE
        ])  # fmt: skip
        assert row.by == "guard"


async def test_the_demonstration_has_no_dangerous_setting(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions(emergency_route=True)) as sim:
        installation = settings_for(sim, tmp_path, 1, 2, TOKEN)
        assert [str(risk) for risk in open_risks(installation, fresh=True)] == []


async def test_a_service_repeats_its_dangerous_settings_to_people(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions()) as sim, serving(settings(sim, tmp_path)) as service:
        assert any("guessed" in problem for problem in service.status().problems)
