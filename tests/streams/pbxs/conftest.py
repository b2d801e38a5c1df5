"""A simulated PBX of each make over real HTTP, connected through the seam."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from msgspec import Struct
from pydantic import SecretStr

from detector.detect.catalogue import catalogue
from detector.settings import PbxProfile, profile
from streams.config.connection import Connection
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.makes import connect
from streams.pbxs.pbx import NoMemory, PbxConnection
from streams.sim import SimOptions, SimulatedPbx
from streams.sim.settings import DialPattern, RouteMember, SimRoute


class Linked(Struct, frozen=True, kw_only=True):
    """A PBX, what is configured of it, and our way to it."""

    sim: SimulatedPbx
    pbx: InstalledPbx
    profile: PbxProfile
    connection: PbxConnection

    def change_trunk(self, name: str, **fields: object) -> None:
        """What somebody does in the portal."""
        trunks = self.sim.core.settings.trunks
        [trunk] = [trunk for trunk in trunks if trunk.name == name]
        trunks.put(trunk.model_copy(update=fields))

    def add_route(self, name: str, pattern: str, *, trunks: int = 2, **fields: Any) -> None:
        """A route that everybody may use over the first `trunks` trunks, unless told otherwise."""
        ways = self.sim.route("National").trunk_list[:trunks]
        members = self.sim.route("National").ext_list
        given = {"dial_pattern_list": (DialPattern(pattern=pattern),), "trunk_list": ways, "ext_list": members} | fields
        self.sim.core.settings.routes.add(lambda new: SimRoute.model_validate({"id": new, "name": name, **given}))


def group(name: str) -> RouteMember:
    """A group of extensions that may use a route."""
    return RouteMember(id=7, ext_name=name, type="ext_group")


@asynccontextmanager
async def linked(
    options: SimOptions, *, secret: str | None = None, way: dict[str, Any] | None = None, **configured: Any
) -> AsyncIterator[Linked]:
    """`way` is how it is reached, over and above where and with which secret."""
    async with SimulatedPbx(options) as sim:
        reached = Connection(
            url=sim.url, client_id=SecretStr(sim.client_id), client_secret=SecretStr(secret or sim.client_secret),
            **way or {},
        )  # fmt: skip
        pbx = InstalledPbx.model_validate(
            {"id": "hq", "region": "US", "access_digit": "9", **configured, "connection": reached}
        )
        flat = profile(core_settings(Installation(pbxs=(pbx,))), "hq", catalogue())
        connection = connect(pbx, flat, NoMemory())
        yield Linked(sim=sim, pbx=pbx, profile=flat, connection=connection)
        await connection.close()


Link = Callable[..., AbstractAsyncContextManager[Linked]]


@pytest.fixture
def link() -> Link:
    return linked
