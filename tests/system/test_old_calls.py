"""Calls of hours ago, imported or caught up with, change nothing of how soon a theft is stopped."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.sim.telephony.cdr import CdrPart
from tests.system.programs import PROGRAM, STOLEN, THIEF
from tests.system.scenes import SOMALIA, Scene, come_true, theatre

HOURS, LONG = 5, 50 * 60
PACE, CALLS = 0.7, 30
OLD = [(index * 30, f"{SOMALIA}2000{index}") for index in range(4)]
"""Seconds after the first, and the number called: all four are up at once."""


def bring_in(scene: Scene, *events: dict[str, object]) -> None:
    """`ringfence import` of these events."""
    file = scene.installation.folder / "old.jsonl"
    file.write_text("".join(json.dumps({"pbx": "hq", **event}) + "\n" for event in events))
    command = [sys.executable, "-c", PROGRAM, "import", "-c", str(scene.installation.config), str(file)]
    environment = {"SIM_ID": "x", "SIM_SECRET": "x", "FEED_TOKEN": "x" * 16, "HOOK": "json://127.0.0.1:1/"}
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert ran.returncode == 0, ran.stderr
    assert f"{len(events)} events imported" in ran.stderr


def nothing(scene: Scene) -> None:
    """No history at all."""


def imported(scene: Scene) -> None:
    begun = datetime.now(UTC) - timedelta(hours=HOURS)
    bring_in(scene, *({
        "kind": "call", "id": f"old{number}", "call_id": f"old{number}", "phase": "ended", "direction": "outbound",
        "extension": STOLEN, "to": number, "disposition": "answered", "talk": LONG, "duration": LONG,
        "trunk": "carrier-a", "started_at": (begun + timedelta(seconds=after)).isoformat(),
        "at": (begun + timedelta(seconds=after + LONG)).isoformat(),
    } for after, number in OLD))  # fmt: skip


def caught_up_with(scene: Scene) -> None:
    """The PBX was last heard before those calls, and has records of them."""
    begun = time.time() - HOURS * 3_600
    before = datetime.fromtimestamp(begun - 60, UTC).isoformat()
    bring_in(
        scene,
        {
            "kind": "registration",
            "id": "r1",
            "outcome": "accepted",
            "extension": "1001",
            "at": before,
            "account": "1001",
            "source_ip": "192.168.20.21",
        },
    )
    for after, number in OLD:
        scene.sim.core.cdrs.add(CdrPart(
            call_id=f"{int(begun)}.{after}", kind="Outbound", from_number=STOLEN, from_name="", to_number=number,
            to_name="", started_at=begun + after, answered_at=begun + after, ended_at=begun + after + LONG,
            src_addr=THIEF, dst_trunk="carrier-a", disposition="ANSWERED",
        ))  # fmt: skip


HISTORIES: tuple[Callable[[Scene], None], ...] = (nothing, imported, caught_up_with)


async def count_placed(folder: Path, history: Callable[[Scene], None]) -> int:
    """How many calls of the same theft get through, until its extension can make none."""
    async with theatre(folder) as scene:
        await asyncio.to_thread(history, scene)
        async with scene.running():
            if history is caught_up_with:
                await come_true("it is seen what was", lambda: scene.installation.incidents())
            assert scene.installation.actions() == [], "because of the old calls"
            scene.sim.register(STOLEN, source_ip=THIEF)
            for done in range(CALLS):
                if scene.sim.extension(STOLEN).disable_outb_call:
                    return done
                scene.call()
                await asyncio.sleep(PACE)
    raise AssertionError("all calls were placed")


@pytest.mark.slow
async def test_old_calls_do_not_change_how_many_calls_of_a_theft_get_through(tmp_path: Path) -> None:
    folders = [tmp_path / history.__name__ for history in HISTORIES]
    for folder in folders:
        folder.mkdir()
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(count_placed(*each)) for each in zip(folders, HISTORIES, strict=True)]
    found = [run.result() for run in runs]
    assert max(found) - min(found) <= 1, found
