"""Sealed values open only where they belong; the key file is ours alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streams.store.store_errors import VaultError
from streams.store.vault import Vault

SECRET = b"registration password"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "key"


def test_what_is_sealed_opens_again_after_a_restart(key_file: Path) -> None:
    sealed = Vault(key_file).encrypt(SECRET, "act-1")
    assert SECRET not in sealed
    assert Vault(key_file).decrypt(sealed, "act-1") == SECRET
    assert Vault(key_file).encrypt(SECRET, "act-1") != sealed


def test_it_opens_nowhere_else(key_file: Path, tmp_path: Path) -> None:
    vault = Vault(key_file)
    sealed = vault.encrypt(SECRET, "act-1")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for body, context in [(sealed, "act-2"), (changed, "act-1"), (b"", "act-1"), (sealed[:5], "act-1"),
                          (b"\x02" + sealed[1:], "act-1")]:  # fmt: skip
        with pytest.raises(VaultError):
            vault.decrypt(body, context)
    with pytest.raises(VaultError):
        Vault(tmp_path / "other").decrypt(sealed, "act-1")


def test_the_key_file_is_ours_alone_and_stays(key_file: Path) -> None:
    Vault(key_file)
    first = key_file.read_bytes()
    Vault(key_file)
    assert key_file.read_bytes() == first
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


def test_processes_that_start_at_once_share_one_key(key_file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(lambda _: Vault(key_file).keyed_hash("pin", "1234"), range(8)))
    assert len(set(hashes)) == 1


def test_a_key_others_may_read_is_refused(key_file: Path) -> None:
    Vault(key_file)
    key_file.chmod(0o640)
    with pytest.raises(VaultError, match="640"):
        Vault(key_file)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_file_that_is_no_key_is_refused(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    key_file.chmod(0o600)
    with pytest.raises(VaultError, match="32 bytes"):
        Vault(key_file)


def test_a_key_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="No such file"):
        Vault(tmp_path / "missing" / "key")


def test_keyed_hashes_agree_and_keep_kinds_apart(key_file: Path, tmp_path: Path) -> None:
    vault = Vault(key_file)
    name = vault.keyed_hash("pin", "1234")
    assert name == Vault(key_file).keyed_hash("pin", "1234")
    others = {
        vault.keyed_hash("credential", "1234"),
        vault.keyed_hash("pin1", "234"),
        vault.keyed_hash("pin", "12345"),
        Vault(tmp_path / "other").keyed_hash("pin", "1234"),
    }
    assert len(others | {name}) == 5
    assert len(name) == 64


def test_no_secret_in_its_representation(key_file: Path) -> None:
    vault = Vault(key_file)
    assert key_file.read_bytes().hex() not in repr(vars(vault))
    assert repr(vault).startswith("<streams.store.vault.Vault object")
