"""A real Asterisk with a carrier, on addresses of this machine, connected through the seam: once of each version."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from detector.detect.catalogue import catalogue
from detector.settings import PbxProfile, profile
from streams.asterisk.asterisk_pbx import AsteriskConnection
from streams.asterisk.dialplan_hook import hook_text
from streams.asterisk.make import MAKE
from streams.config.connection import Connection, PbxMake
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.pbxs.dialling import dialling_of
from streams.pbxs.pbx import NoMemory
from tests.asterisk import AMI_PORT, SECRET, USER, VERSIONS, Asterisk, asterisk, at_home
from tests.sipp import Phone


def installed(
    manager: str, *, secret: str = SECRET, user: str = USER, port: int = AMI_PORT
) -> tuple[InstalledPbx, PbxProfile]:
    """The PBX as it is configured with us, and flat."""
    reached = Connection(
        make=PbxMake.ASTERISK, url=f"ami://{manager}:{port}", client_id=SecretStr(user),
        client_secret=SecretStr(secret),
    )  # fmt: skip
    pbx = InstalledPbx.model_validate(
        {"id": "hq", "region": "US", "access_digit": "9", "trunks": {"carrier": {}}, "connection": reached}
    )
    return pbx, profile(core_settings(Installation(pbxs=(pbx,))), "hq", catalogue())


HOOK = hook_text(dialling_of(installed("127.0.0.1")[1]).emergency)


@pytest.fixture(scope="module", params=VERSIONS)
def pbx(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    with asterisk(at_home(), request.param, HOOK) as found:
        yield found


@pytest_asyncio.fixture
async def connection(pbx: Asterisk) -> AsyncIterator[AsteriskConnection]:
    made = MAKE.connect(*installed(pbx.manager), NoMemory())
    yield made
    await made.close()


def phone(pbx: Asterisk, number: str) -> Phone:
    """The telephone of an extension, where it belongs."""
    where = pbx.addresses
    return Phone(where=where, address=where.phone(number), account=number, password=f"right-{number}")
