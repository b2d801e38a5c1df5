"""A login outlives the process that made it."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from streams.pbxs.login_memory import in_file
from streams.pbxs.pbx_errors import LockedOut, PbxError
from streams.sim import SimOptions, SimulatedPbx
from streams.store.vault import Vault
from streams.yeastar.client import YeastarClient


def client(pbx: SimulatedPbx, folder: Path, secret: str | None = None) -> YeastarClient:
    return YeastarClient(
        pbx.url,
        pbx.client_id,
        SecretStr(secret or pbx.client_secret),
        zone=ZoneInfo("America/New_York"),
        pause=0.01,
        memory=in_file(folder / "logins" / "hq", Vault(folder / "key")),
    )


async def test_processes_that_die_share_one_token(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions()) as pbx:
        tokens = set()
        for _ in range(12):  # more than the eight tokens that a PBX gives out; none of them is given back
            dying = client(pbx, tmp_path)
            await dying.information()
            tokens.add(await dying.session.token())
        assert len(tokens) == 1


async def test_a_token_that_the_pbx_has_forgotten_is_replaced(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions()) as pbx:
        await client(pbx, tmp_path).information()
    async with SimulatedPbx(SimOptions(client_secret=SecretStr(pbx.client_secret))) as reborn:
        after = client(reborn, tmp_path)
        await after.information()
        assert after.session.failures == 0


async def test_failures_are_counted_over_restarts(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions()) as pbx:
        for _ in range(2):
            with pytest.raises(PbxError):
                await client(pbx, tmp_path, "wrong").information()
        for _ in range(5):
            with pytest.raises(LockedOut):
                await client(pbx, tmp_path, "wrong").information()
        assert not pbx.blocked_api_ips
        await client(pbx, tmp_path).information()  # other credentials start with a clean slate


async def test_what_is_kept_tells_nothing(tmp_path: Path) -> None:
    async with SimulatedPbx(SimOptions()) as pbx:
        alive = client(pbx, tmp_path)
        await alive.information()
        kept = (tmp_path / "logins" / "hq").read_bytes()
        assert (await alive.session.token()).encode() not in kept
        assert pbx.client_secret.encode() not in kept
        assert (tmp_path / "logins" / "hq").stat().st_mode & 0o077 == 0
