"""Blocks of addresses on the running service: confirmed is what a firewall has fetched, and decoys are one customer."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from detector.contract.events import AnyEvent, Registration
from streams.config.loading import load
from streams.containment.enforcers.enforcer import enforcer_settings
from streams.processes.run import Service
from streams.runtime.clock import micros_now
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from tests.system.programs import (
    FEED_TOKEN,
    SECRET,
    STOLEN,
    THIEF,
    Installation,
    Receiver,
    eventually,
    free_port,
    simulated,
)

SPEED = 25.0
OVERDUE = 4
SOMALIA = "90112526123456{:02}"


def blocks(installation: Installation, state: str) -> list[str]:
    """The addresses whose block is in this state, oldest first."""
    found = installation.rows(
        "SELECT state, decision.body FROM action JOIN decision ON decision.id = decision_id "
        "WHERE kind = 'block_ip' ORDER BY action.created_at, action.id"
    )
    return [json.loads(body)["target"]["id"] for reached, body in found if reached == state]


def rules(installation: Installation) -> list[str]:
    return [rule for (rule,) in installation.rows("SELECT rule FROM detection ORDER BY at")]


def theft(installation: Installation) -> dict[str, Any]:
    (found,) = [each for each in installation.incidents() if STOLEN in {one["id"] for one in each["subjects"]}]
    return found


@pytest.fixture
def receiver() -> Any:
    receiving = Receiver()
    yield receiving
    receiving.close()


def test_a_list_that_nobody_fetches_confirms_nothing(tmp_path: Path, receiver: Receiver) -> None:
    installation = Installation(
        tmp_path, enforcers={"feed": {"overdue": OVERDUE}}, notify=[{"name": "oncall", "url": "env:HOOK"}]
    )
    health = free_port()
    environment = {"HOOK": f"json://127.0.0.1:{receiver.port}/", "RINGFENCE_METRICS_PORT": str(health)}

    def ailing() -> str:
        return httpx.get(f"http://127.0.0.1:{health}/healthz", trust_env=False).text

    def said(words: str) -> bool:
        return any(words in message["title"] + message["message"] for message in receiver.messages)

    with simulated(tmp_path, speed=SPEED) as sim:
        installation.reach(sim.url)
        with installation.running(env=environment) as program:
            program.hear('"connected"')
            sim.attack()
            eventually("the theft is held on the PBX", lambda: sim.extension(STOLEN)["disable_outb_call"] == 1)
            eventually("the block is done as far as we can", lambda: blocks(installation, "applied") == [THIEF])
            eventually("people are told that nobody fetches the list", lambda: said("Nobody fetches the list"))
            assert "feed.unfetched" in rules(installation)
            assert (theft(installation)["status"], theft(installation)["loss"]["avoided"]) == ("open", 0)
            assert not said("The attack is contained")
            assert blocks(installation, "confirmed") == []
            assert "nobody has ever fetched the list" in ailing()
            assert installation.rows("SELECT error FROM action WHERE kind = 'block_ip'") == [
                ("waiting for the firewall: nobody has ever fetched the list of blocked addresses",)
            ]
            assert httpx.get(installation.feed_url, trust_env=False).text == f"{THIEF}\n"
            eventually("the fetch confirms it", lambda: blocks(installation, "confirmed") == [THIEF])
            eventually("now it is contained", lambda: theft(installation)["status"] == "contained")
            eventually("and told", lambda: said("The attack is contained"))
            eventually("that the fetching stopped is health's affair", lambda: "has not fetched" in ailing())
            assert "the firewall at 127.0.0.1 has not fetched the list of blocked addresses since 20" in ailing()
            assert program.end() == 0


def put_off(installation: Installation) -> bool:
    return bool(installation.rows("SELECT id FROM action WHERE state = 'requested' AND waits"))


async def until(what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """As `eventually`, while the simulated PBX and the service go on in this very loop."""
    began = time.monotonic()
    while not await asyncio.to_thread(condition):
        assert time.monotonic() - began < seconds, what
        await asyncio.sleep(0.05)


@asynccontextmanager
async def served(installation: Installation) -> AsyncIterator[Service]:
    """The service in this process, so that a source that a P-Series does not have can put events into its log."""
    installation.data.mkdir(mode=0o700)
    service = Service(load(installation.config, enforcers=enforcer_settings()))
    ready = asyncio.Event()
    running = asyncio.create_task(service.run(lambda _: ready.set()))
    try:
        async with asyncio.timeout(60):
            await ready.wait()
        yield service
    finally:
        service.stop()
        await running


def guesses(source: str) -> list[AnyEvent]:
    """Five passwords, seen one by one."""
    at = datetime.now(UTC)
    return [
        Registration(
            pbx="hq", id=f"{source}/{n}", at=at + timedelta(milliseconds=n), outcome="rejected", account=f"{1002 + n}",
            source_ip=source,
        )
        for n in range(5)
    ]  # fmt: skip


DECOYS = [
    ("thirty networks of one customer", "2001:db8:77:{:x}::1", True),
    ("thirty addresses of thirty networks", "198.51.{}.7", False),
]


@pytest.mark.parametrize(("decoys", "done"), [pytest.param(*case[1:], id=case[0]) for case in DECOYS])
async def test_decoys_do_not_spend_what_the_thief_is_blocked_by(
    tmp_path: Path, receiver: Receiver, decoys: str, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = {"name": "oncall", "url": "env:HOOK"}
    installation = Installation(tmp_path, notify=[hook], metrics={"run": 0})
    secrets = {"HOOK": f"json://127.0.0.1:{receiver.port}/", "SIM_ID": "ringfence", "SIM_SECRET": SECRET,
               "FEED_TOKEN": FEED_TOKEN}  # fmt: skip
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)

    def told(words: str) -> bool:
        return any(words in message["message"] for message in receiver.messages)

    options = SimOptions(client_secret=SecretStr(SECRET), firewall_feed_url=installation.feed_url)
    async with SimulatedPbx(options) as sim:
        installation.reach(sim.url)
        async with served(installation) as service:
            await until("it listens", lambda: any(one.connected for one in service.status().sources))
            for n in range(30):
                await service.runtime.put(guesses(decoys.format(n)))
            await until("the decoys are blocked", lambda: len(blocks(installation, "confirmed")) == 30)
            await service.runtime.put(guesses(THIEF))
            sim.register(STOLEN, THIEF)
            for n in range(6):
                sim.dial(STOLEN, SOMALIA.format(n), source_ip=THIEF, plan=CallPlan(talk=600))
                await asyncio.sleep(0.05)
            await until("the theft is held on the PBX", lambda: sim.extension(STOLEN).disable_outb_call == 1, 15)
            await until("its calls are gone", lambda: not sim.calls, 15)
            if done:
                await until("the thief is blocked", lambda: THIEF in blocks(installation, "confirmed"), 15)
                assert not put_off(installation)
            else:
                await until("a person is asked", lambda: blocks(installation, "requested") == [THIEF], 15)
                assert put_off(installation)
                await until("in a message", lambda: told(f"Approval is needed to block address {THIEF}"), 15)
                await asyncio.to_thread(approve, service, installation)
                await until("approved, it is done", lambda: THIEF in blocks(installation, "confirmed"), 15)


def approve(service: Service, installation: Installation) -> None:
    """As a person does at the console."""
    ((action,),) = installation.rows("SELECT id FROM action WHERE waits")
    assert service.journal.actions.approve(action, "anna", now=micros_now())
