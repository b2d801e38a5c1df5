"""Three silences that must not be: what goes on again, what is graver than the newest, a PBX that is not heard."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from streams.sim import SimOptions, SimulatedPbx
from tests.system.programs import SECRET, STOLEN, free_port
from tests.system.scenes import Scene, Visitor, come_true, password_of, theatre

WITHIN = 10.0
"""Seconds in which people must be told."""


@pytest.mark.slow
async def test_what_was_contained_and_goes_on_is_told_again(tmp_path: Path) -> None:
    async with theatre(tmp_path) as scene, scene.running():
        await scene.theft()
        await come_true("it is contained", scene.held)
        await come_true("it is told", lambda: scene.told("The attack is contained."))
        scene.sim.change_extension(STOLEN, disable_outb_call=0)
        scene.call()
        (again,) = await come_true("people are told that it goes on", lambda: scene.told("AGAIN: "), 2 * WITHIN)
        assert again["title"].startswith("[CRITICAL] hq: AGAIN: ")
        assert again["message"].startswith("It goes on, although it was contained: calls get through again.")
        assert " a minute" in again["message"].partition("\n")[0]
        assert "Status: contained" not in again["message"]


def forget_the_ladder(scene: Scene) -> None:
    scene.configure("ask", notify=[{"name": "ops", "url": "env:HOOK", "repeat": "5s"}])


@pytest.mark.slow
async def test_a_theft_is_first_and_reminded_of_whatever_is_newer(tmp_path: Path) -> None:
    async with theatre(tmp_path) as scene:
        forget_the_ladder(scene)
        async with scene.running() as program:
            password = password_of(program)
            await scene.theft()
            await come_true("the theft is told", lambda: scene.told("Somalia"))
            await asyncio.to_thread(scene.guess, 250, minutes=60)
            await come_true("it is reminded of", lambda: scene.told("nobody has said yet"))
            await asyncio.to_thread(look, scene, password)
            assert program.end() == 0
        scene.receiver.messages.clear()
        async with scene.running():
            await come_true("it is reminded of after the restart", lambda: scene.told("nobody has said yet"))
            assert all("Somalia" in one["title"] for one in scene.told("nobody has said yet"))
            await asyncio.to_thread(acknowledge, scene, password)
            before = len(scene.told("nobody has said yet"))
            await asyncio.sleep(WITHIN + 2)
            assert len(scene.told("nobody has said yet")) <= before + 1, "one may have been on its way"


def theft_of(scene: Scene) -> str:
    (theft,) = [one["id"] for one in scene.installation.incidents() if one["stage"] == "pumping"]
    return str(theft)


def look(scene: Scene, password: str) -> None:
    with Visitor(scene.installation.console_url) as admin:
        assert admin.log_in(password) == 303
        page = admin.get("/").text
        live = page[page.index("Live incidents</h2>") :]
        assert live.index(f"incident-{theft_of(scene)}") < live.index("inc-guess-")
        assert "251 incidents open" in page
        assert "Restrict extension 1007" in page[page.index("Waiting for you") : page.index("Live incidents</h2>")]
        pages = [admin.get("/incidents", params={"page": number}).text for number in range(1, 8)]
        assert theft_of(scene) in pages[0]
        assert sum(text.count('href="/incidents/inc-guess-') for text in pages) == 250


def acknowledge(scene: Scene, password: str) -> None:
    with Visitor(scene.installation.console_url) as admin:
        assert admin.log_in(password) == 303
        page = f"/incidents/{theft_of(scene)}"
        answer = admin.post(f"/acknowledge/{theft_of(scene)}", data={"csrf": admin.csrf(page), "back": "incident"})
        assert answer.headers["location"].endswith("done=acknowledge")
        assert "<bdi>admin</bdi></b> looks after it" in admin.get(page).text


@pytest.mark.slow
async def test_a_pbx_that_is_not_heard_wakes_people_once_and_they_hear_when_it_is_back(tmp_path: Path) -> None:
    notify = [{"name": "ops", "url": "env:HOOK", "severity": "critical", "repeat": "5s"}]
    port = free_port()
    secret = SecretStr(SECRET)
    async with theatre(tmp_path, port=port) as scene, contextlib.AsyncExitStack() as stack:
        scene.configure(notify=notify, rules={"pbx.silent": {"limit": 5}})
        await stack.enter_async_context(scene.running())
        await scene.power.aclose()
        await come_true("it is told that it is gone", lambda: scene.told("Nothing is heard from"))
        stranger = ("192.0.2.1/32",)
        async with SimulatedPbx(SimOptions(port=port, client_secret=secret, api_allowed_ips=stranger)):
            await asyncio.sleep(WITHIN + 2)
        assert len(scene.told("Nothing is heard from")) == 1, "it is the same silence when it is there and refuses us"
        assert scene.receiver.messages[-1]["title"].startswith("[CRITICAL] hq: Nothing is heard from")
        async with SimulatedPbx(SimOptions(port=port, client_secret=secret)):
            (over,) = await come_true("its end is told", lambda: scene.told("It is over."), 180)
            assert "is heard again after" in over["message"]
        await stack.aclose()
