"""The disk is full while events come: nobody is told that it was taken, people hear of it, and nothing is lost."""

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest

from tests.system.programs import STOLEN, WEBHOOK_SECRET, free_port
from tests.system.scenes import Scene, come_true, theatre
from tests.system.small_disk import SmallDisk

SERIAL = "3631A2124001"
END_SOON = """
import sqlite3, sys, time
with sqlite3.connect(f"{sys.argv[1]}/journal.db", timeout=30) as journal:
    soon = int((time.time() + 2) * 1_000_000)
    journal.execute("UPDATE action SET until = ? WHERE kind = 'restrict_extension'", (soon,))
"""
"""The time of every restriction passes in two seconds."""


@pytest.mark.slow
async def test_a_full_disk_loses_nothing_and_is_told(tmp_path: Path) -> None:
    metrics = free_port()
    async with theatre(tmp_path) as scene:
        connection = scene.installation.settings["pbxs"][0]["connection"]
        connection |= {"events": "both", "webhook_secret": "env:WEBHOOK_SECRET"}
        scene.configure()
        disk = SmallDisk(scene.installation)
        async with scene.running(wrapped=disk.wrapped, env={"RINGFENCE_METRICS_PORT": str(metrics)}) as program:
            disk.belongs_to(program)
            await come_true("it is healthy", lambda: health(metrics) == 200)
            before = [await asyncio.to_thread(post, scene, n) for n in range(20)]
            assert set(before) == {200}
            await asyncio.to_thread(disk.fill)
            await asyncio.to_thread(use_up, scene)
            await scene.theft()
            await come_true("it is told", lambda: scene.told("Nothing can be written"))
            assert await asyncio.to_thread(health, metrics) == 503
            refused = [await asyncio.to_thread(post, scene, n) for n in range(1_000, 1_003)]
            assert set(refused) == {503}, "so that the PBX sends them again"
            await asyncio.to_thread(disk.make_room)
            await come_true("it is over", lambda: scene.told("It can be written again"))
            again = [await asyncio.to_thread(post, scene, n) for n in range(1_000, 1_003)]
            assert set(again) == {200}
            await come_true("it is healthy again", lambda: health(metrics) == 200)
            await come_true("the theft is contained", scene.held)
            assert "Traceback" not in program.said()
            assert program.end() == 0


@pytest.mark.slow
async def test_what_was_due_while_the_disk_was_full_is_undone_afterwards(tmp_path: Path) -> None:
    async with theatre(tmp_path) as scene:
        disk = SmallDisk(scene.installation)
        async with scene.running(wrapped=disk.wrapped) as program:
            disk.belongs_to(program)
            await scene.theft()
            await come_true("the theft is contained", scene.held)
            await asyncio.to_thread(disk.run_inside, END_SOON)
            await asyncio.to_thread(disk.fill)
            await asyncio.sleep(5)
            scene.call()
            await asyncio.to_thread(disk.make_room)
            await come_true("it is undone", lambda: scene.sim.extension(STOLEN).disable_outb_call == 0)
            program.kill()


def use_up(scene: Scene) -> None:
    """Post until nothing is taken any more: what was reserved is used up."""
    for n in range(100, 600):
        if post(scene, n) == 503:
            return
    raise AssertionError("the disk is not full")


def post(scene: Scene, n: int) -> int:
    """What the PBX is answered for an event of its webhook."""
    message = {"call_id": f"1650012665.{n}", "reason": "x" * 900, "members": []}
    body = json.dumps({"type": 30015, "sn": SERIAL, "msg": json.dumps(message)}).encode()
    signature = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256)).decode()
    url = f"http://127.0.0.1:{scene.installation.outside_port}/webhook/hq"
    return httpx.post(url, content=body, headers={"X-Signature": signature}, timeout=10, trust_env=False).status_code


def health(port: int) -> int:
    """What the health check is answered."""
    return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10, trust_env=False).status_code
