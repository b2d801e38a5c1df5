"""Every make of PBX fills the seam: the same questions to each, on its own far end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

import streams
from detector.audit.declared import Declared
from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent
from detector.contract.vocabulary import Act
from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.config.connection import PbxMake
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.makes import connect, make_of, webhook_of
from streams.pbxs.pbx import NoMemory, PbxConnection
from streams.pbxs.pbx_errors import GiveUp
from streams.sim import SimOptions
from tests.asterisk import SECRET, asterisk, at_home
from tests.streams.asterisk.conftest import HOOK, installed
from tests.streams.pbxs.conftest import linked


@asynccontextmanager
async def a_p_series(secret: str | None = None) -> AsyncIterator[PbxConnection]:
    async with linked(SimOptions(), secret=secret) as one:
        yield one.connection


@asynccontextmanager
async def an_asterisk(secret: str = SECRET) -> AsyncIterator[PbxConnection]:
    with asterisk(at_home(), hook=HOOK) as far:
        connection = connect(*installed(far.manager, secret=secret), NoMemory())
        yield connection
        await connection.close()


FarEnd = Callable[..., AbstractAsyncContextManager[PbxConnection]]
FAR_ENDS: dict[PbxMake, FarEnd] = {PbxMake.YEASTAR: a_p_series, PbxMake.ASTERISK: an_asterisk}


class Log:
    async def put(self, events: Sequence[AnyEvent]) -> None:
        """Take them."""

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)


every_make = pytest.mark.parametrize("name", PbxMake)


def test_every_make_has_a_far_end_here() -> None:
    assert FAR_ENDS.keys() == set(PbxMake)


@every_make
def test_a_make_is_the_package_of_its_name_with_an_action_for_each_act_it_names(name: PbxMake) -> None:
    make = make_of(name)
    assert make.name is name
    assert type(make).__module__ == f"streams.{name}.make"
    assert {act: kind.act for act, kind in make.actions().items()} == {act: act for act in make.actions()}
    folder = Path(streams.__path__[0]) / name / "actions"
    assert {path.stem for path in folder.glob("[!_]*.py")} == {act.value for act in make.actions()}


@every_make
async def test_it_tells_what_it_can_and_what_is_on_it(name: PbxMake) -> None:
    async with FAR_ENDS[name]() as pbx:
        can, found = await pbx.capabilities(), await pbx.discover()
        posture = await pbx.posture(Declared(), datetime.now(UTC))
        assert not pbx.locked
    assert can.make == name
    assert {one.act for one in can.does} == pbx.actions().keys() == make_of(name).actions().keys()
    assert (Act.BLOCK_IP in pbx.actions()) is (name is PbxMake.ASTERISK), "elsewhere that belongs to no make"
    parts = [getattr(found, part) for part in found.__struct_fields__]
    assert all(part.source for part in parts)
    assert {one.number for one in found.extensions.known()} == {one.number for one in posture.extensions.known()}
    assert {one.name for one in found.routes.known()} == {one.name for one in posture.routes.known()}
    assert {one.name for one in found.trunks.known()} == {one.name for one in posture.trunks.known()}


@every_make
async def test_its_sources_work_until_they_are_cancelled(name: PbxMake) -> None:
    async with FAR_ENDS[name]() as pbx:
        sources = pbx.sources(Log(), lambda pin: "hash", since=None)
        statuses = sources.statuses()
        assert statuses
        assert sources.heard_at is None
        running = asyncio.create_task(sources.run())
        async with asyncio.timeout(20):
            while sources.heard_at is None or not all(one.connected for one in statuses):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        assert {one.pbx for one in statuses} == {"hq"}


@every_make
async def test_it_stops_asking_before_it_is_shut_out(name: PbxMake) -> None:
    async with FAR_ENDS[name](secret="wrong") as pbx:
        for _ in range(8):
            with pytest.raises(GiveUp):
                await pbx.discover()
        assert pbx.locked


@every_make
@pytest.mark.parametrize("connected", [False, True], ids=["none", "without credentials"])
def test_settings_that_lack_what_it_needs_are_named(name: PbxMake, connected: bool) -> None:
    scheme = "ami" if name is PbxMake.ASTERISK else "http"
    given = {"connection": {"make": name, "url": f"{scheme}://127.0.0.1:1"}} if connected else {}
    pbx = InstalledPbx.model_validate({"id": "hq", **given})
    flat = profile(core_settings(Installation(pbxs=(pbx,))), "hq", catalogue())
    with pytest.raises(ValueError, match="PBX hq has no connection"):
        connect(pbx, flat, NoMemory())
    assert webhook_of(pbx, flat, str) is None


def test_a_connection_that_names_no_make_is_a_p_series() -> None:
    pbx = InstalledPbx.model_validate({"id": "hq", "connection": {"url": "http://127.0.0.1:1"}})
    assert pbx.connection is not None
    assert pbx.connection.make is PbxMake.YEASTAR
