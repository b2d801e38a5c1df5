"""A list that changes while the service runs holds from then on, without a restart, and after one."""

import asyncio
import gc
import os
import time
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from streams.config.installation import Installation
from streams.processes.run import Service
from streams.runtime.clock import utc_now
from tests.detector.engine.builders import registration
from tests.ports import free_ports

OLD, NEW = "203.0.113.7", "203.0.113.8"


async def served(settings: Installation, *steps) -> int:
    """How many detections there were while the service ran and went through these steps."""
    service, ready = Service(settings), asyncio.Event()
    running = asyncio.create_task(service.run(lambda _: ready.set()))
    async with asyncio.timeout(60):
        await ready.wait()
        for step in steps:
            await step(service)
        service.stop()
        await running
    gc.unfreeze()
    return service.runtime.found["detection"]


def refused(source: str):
    """Somebody is refused from there."""
    event = registration(0, source=source)
    now = utc_now()

    async def put(service: Service) -> None:
        await service.runtime.put([replace(event, id=f"{event.id}/{now}", at=now, received_at=now)])

    return put


def rewrite(file: Path, content: str) -> None:
    """The file is another one now, and younger."""
    file.write_text(content)
    later = (utc_now() + timedelta(seconds=5)).timestamp()
    os.utime(file, (later, later))


def rewritten(file: Path, content: str):
    """The service has looked at a file that changed."""

    async def write(service: Service) -> None:
        rewrite(file, content)
        for _ in range(2):
            await service.lists.look(service.runtime.put_control, time.monotonic())

    return write


async def test_a_list_that_changes_holds_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "bad.netset"
    file.write_text(f"{OLD}\n")
    (tmp_path / "data").mkdir()
    settings = Installation.model_validate({
        "data": tmp_path / "data", "pbxs": [{"id": "hq"}], "metrics": {"run": 0}, "console": {"port": free_ports(1)},
        "block_lists": [{"name": "bad", "file": str(file)}],
    })  # fmt: skip
    assert await served(settings, refused(NEW)) == 0
    assert await served(settings, refused(NEW), rewritten(file, f"{NEW}\n"), refused(NEW)) == 1
    assert await served(settings, refused(OLD)) == 0
