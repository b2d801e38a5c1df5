"""Ringing people through the simulated PBX over real HTTP."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from detector.detect.catalogue import catalogue
from detector.settings import profile
from streams.config.connection import Connection
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.notify.sender import SendError
from streams.notify.senders.phone import HOUR_SECONDS, CallCeiling, Phone
from streams.pbxs.makes import connect
from streams.pbxs.pbx import NoMemory, PbxConnection
from streams.sim import SimOptions, SimulatedPbx

MOBILE = "912125550123"
UNHEARD = "912125550124"
SPEED = 12.0


@pytest.fixture
def options() -> SimOptions:
    return SimOptions(speed=SPEED, unanswered_numbers=frozenset({UNHEARD}))


@pytest.fixture
async def sim(options: SimOptions) -> AsyncIterator[SimulatedPbx]:
    async with SimulatedPbx(options) as sim:
        sim.register("1001")
        yield sim


@pytest.fixture
async def pbx(sim: SimulatedPbx) -> AsyncIterator[PbxConnection]:
    way = Connection(url=sim.url, client_id=SecretStr(sim.client_id), client_secret=SecretStr(sim.client_secret))
    hq = InstalledPbx(id="hq", connection=way)
    settings = core_settings(Installation(pbxs=(hq,)))
    connection = connect(hq, profile(settings, "hq", catalogue()), NoMemory())
    yield connection
    await connection.close()


async def test_a_prompt_is_played(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    await Phone(lambda: pbx, MOBILE, "1001", ["toll-fraud-alarm"]).send("title", "text")
    assert sim.core.prompts == [(MOBILE, ("toll-fraud-alarm",))]


async def test_without_prompts_the_extension_is_connected(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    await Phone(lambda: pbx, MOBILE, "1001").send("title", "text")
    assert [row["call_to_number"] for row in sim.cdrs] == [MOBILE]
    assert sim.calls == []


async def test_a_call_that_nobody_answers_is_a_failure(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    with pytest.raises(SendError, match="nobody answered"):
        await Phone(lambda: pbx, UNHEARD, "1001", ["toll-fraud-alarm"]).send("title", "text")
    assert sim.calls == []


@pytest.mark.parametrize("options", [SimOptions(speed=SPEED, unsupported_endpoints=frozenset({"call/play_prompt"}))])
async def test_a_firmware_that_plays_no_prompts(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    await Phone(lambda: pbx, MOBILE, "1001", ["toll-fraud-alarm"]).send("title", "text")
    assert [row["call_to_number"] for row in sim.cdrs] == [MOBILE]


async def test_a_call_that_cannot_be_placed_is_a_failure(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    with pytest.raises(SendError, match="did not place the call"):
        await Phone(lambda: pbx, MOBILE, "1099").send("title", "text")


async def test_above_the_ceiling_nobody_is_rung_until_the_hour_is_over(sim: SimulatedPbx, pbx: PbxConnection) -> None:
    now = [0.0]
    ceiling = CallCeiling(2, lambda: now[0])
    phones = [Phone(lambda: pbx, MOBILE, "1001", ("alarm",), ceiling) for _ in range(2)]
    for phone in phones:
        await phone.send("", "")
    now[0] = HOUR_SECONDS - 1
    with pytest.raises(SendError, match="2 calls to people"):
        await phones[0].send("", "")
    assert len(sim.core.prompts) == 2
    now[0] = HOUR_SECONDS
    await phones[0].send("", "")
    assert len(sim.core.prompts) == 3
