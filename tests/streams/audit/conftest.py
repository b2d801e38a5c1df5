"""A simulated PBX over real HTTP, and the audit of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from detector.audit.declared import Declared
from detector.audit.posture import Posture
from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.audit.read_pbx import SeenPbx, read_pbx
from streams.config.connection import Connection
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.sim import SimOptions, SimulatedPbx


class Audited:
    """A PBX and hands to audit it."""

    def __init__(self, sim: SimulatedPbx) -> None:
        self.sim = sim
        connection = Connection(
            url=sim.url, client_id=SecretStr(sim.client_id), client_secret=SecretStr(sim.client_secret)
        )
        self.pbx = InstalledPbx(id="hq", region="US", access_digit="9", connection=connection)

    async def posture(self, declared: Declared | None = None) -> Posture:
        return (await self.seen(declared)).posture

    async def seen(self, declared: Declared | None = None) -> SeenPbx:
        said = Declared.model_validate(self.sim.portal()) if declared is None else declared
        settings = core_settings(Installation(pbxs=(self.pbx,)))
        return await read_pbx(self.pbx, profile(settings, "hq", catalogue()), said, datetime.now(UTC))


@asynccontextmanager
async def office(**options: Any) -> AsyncIterator[Audited]:
    async with SimulatedPbx(SimOptions(**options)) as sim:
        yield Audited(sim)


Office = Callable[..., AbstractAsyncContextManager[Audited]]


@pytest.fixture(name="office")
def office_fixture() -> Office:
    return office
