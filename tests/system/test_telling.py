"""Many incidents at once: who is rung, what is told first, and what becomes of the rest."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.contract.vocabulary import Stage
from tests.system.scenes import Scene, Visitor, come_true, password_of, theatre

ON_CALL = "1002"
LOOK_SECONDS = 0.1


class Deaf:
    """A web server that takes connections and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in self._held:
            one.close()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    made = Deaf()
    yield made
    made.close()


@pytest.mark.slow
async def test_the_theft_is_told_at_once_whatever_waits_and_whoever_is_dead(tmp_path: Path, deaf: Deaf) -> None:
    notify = [{"name": "dead", "url": "env:DEAD"}, {"name": "ops", "url": "env:HOOK"}]
    async with theatre(tmp_path) as scene:
        scene.configure(notify=notify)
        async with scene.running(env={"DEAD": f"json://127.0.0.1:{deaf.port}/"}) as program:
            await asyncio.to_thread(scene.guess, 300)
            await asyncio.sleep(1)
            await scene.theft()
            await come_true("the theft is decided", lambda: bool(theft(scene)))
            await come_true("the theft is told", lambda: scene.told("Somalia"), 20)
            await come_true("all are told", lambda: waiting(scene) == 0, 180)
            guessed = [one for one in scene.receiver.messages if "Somalia" not in one["title"]]
            assert len(guessed) <= 12, "a few summaries"
            assert scene.told("messages in one")
            await asyncio.to_thread(found_in_the_console, scene, password_of(program))


def theft(scene: Scene) -> list[str]:
    return [one["id"] for one in scene.installation.incidents() if one["stage"] == "pumping"]


def waiting(scene: Scene) -> int:
    """How many messages the channel that works has not been given."""
    query = "SELECT id FROM notification WHERE channel = 'ops' AND state IN ('pending', 'sending')"
    incidents = scene.installation.rows("SELECT id FROM incident WHERE id LIKE 'inc-guess-%'")
    told = scene.installation.rows("SELECT DISTINCT incident_id FROM notification WHERE channel = 'ops'")
    return len(scene.installation.rows(query)) + max(0, len(incidents) - len(told))


def found_in_the_console(scene: Scene, password: str) -> None:
    with Visitor(scene.installation.console_url) as admin:
        assert admin.log_in(password) == 303
        pages = [admin.get("/incidents", params={"page": number}).text for number in range(1, 8)]
        assert sum(text.count('href="/incidents/inc-guess-') for text in pages) == 300
        assert "Who was told" in admin.get("/incidents/inc-guess-17").text


@pytest.mark.slow
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "not answered"])
async def test_sixty_incidents_ring_one_telephone(tmp_path: Path, answered: bool) -> None:
    deaf = frozenset() if answered else frozenset({ON_CALL})
    async with theatre(tmp_path, unanswered_numbers=deaf, speed=4) as scene:
        scene.configure(calls=[{"extension": ON_CALL, "prompt": "alarm"}])
        async with scene.running() as program:
            await asyncio.to_thread(scene.guess, 60, stage=Stage.PUMPING)
            await come_true("somebody is rung", lambda: scene.sim.core.prompts)
            seen = [count_calls(scene)]
            for _ in range(150):
                await asyncio.sleep(LOOK_SECONDS)
                seen.append(count_calls(scene))
            assert max(seen) == 1
            assert len(scene.sim.core.prompts) == 1
            states = scene.installation.rows("SELECT DISTINCT state FROM notification WHERE channel = 'call-1'")
            if answered:
                assert ("sent",) in states
                return
            await come_true("somebody is rung again", lambda: len(scene.sim.core.prompts) == 2, 120)
            await asyncio.to_thread(acknowledge_all, scene, password_of(program))
            await come_true("nobody is rung any more", lambda: not ringing(scene), 120)
            assert len(scene.sim.core.prompts) <= 3
            assert max(count_calls(scene) for _ in range(3)) <= 1


def count_calls(scene: Scene) -> int:
    return sum(call.dialled == ON_CALL for call in scene.sim.calls)


def ringing(scene: Scene) -> int:
    query = "SELECT id FROM notification WHERE channel = 'call-1' AND state IN ('pending', 'sending')"
    return len(scene.installation.rows(query))


def acknowledge_all(scene: Scene, password: str) -> None:
    with Visitor(scene.installation.console_url) as admin:
        assert admin.log_in(password) == 303
        csrf = admin.csrf("/incidents/inc-guess-1")
        for n in range(60):
            assert admin.post(f"/acknowledge/inc-guess-{n}", data={"csrf": csrf}).status_code == 303
