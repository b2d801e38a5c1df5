"""Secrets at rest: seals what stood in a PBX before a change, and names secrets by keyed hashes."""

import hashlib
import hmac
import os
import stat
from pathlib import Path
from secrets import token_bytes, token_hex

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from streams.store.store_errors import VaultError

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Vault:
    """AES-256-GCM and HMAC-SHA256 under keys derived from one file, made at first use for us alone.

    Raises `VaultError` when the file is no key, or others may read it. Who loses it loses every sealed value.
    """

    def __init__(self, key_file: Path) -> None:
        secret = _secret(key_file)
        self._cipher = AESGCM(_derived(secret, b"ringfence seal"))
        self._hash_key = _derived(secret, b"ringfence keyed hash")

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Seal `plain`; only `decrypt` with the same `context` (the action's id) opens it."""
        nonce = token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, _bytes(context))

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """Open what `encrypt` sealed; raises `VaultError` if it was changed or belongs elsewhere."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != VERSION or len(nonce) != NONCE_BYTES:
            raise VaultError("not a sealed value")
        try:
            return self._cipher.decrypt(nonce, body, _bytes(context))
        except InvalidTag:
            raise VaultError("sealed with another key, for another purpose, or changed since") from None

    def keyed_hash(self, purpose: str, secret: str) -> str:
        """A name for `secret` (64 hexadecimal digits) that only this installation can make.

        `purpose` (`pin`, `credential`) keeps equal secrets of different kinds apart.
        """
        message = len(_bytes(purpose)).to_bytes(4) + _bytes(purpose) + _bytes(secret)
        return hmac.digest(self._hash_key, message, hashlib.sha256).hex()


def _secret(key_file: Path) -> bytes:
    try:
        if not key_file.exists():
            _create(key_file)
        with key_file.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            secret = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise VaultError(f"key file {key_file}: {error.strerror}") from error
    if mode & 0o077:
        raise VaultError(f"key file {key_file}: others may read it (mode {mode:03o}); make it 600")
    if len(secret) != KEY_BYTES:
        raise VaultError(f"key file {key_file}: not {KEY_BYTES} bytes")
    return secret


def _create(key_file: Path) -> None:
    """Write a new key beside its place, then put it there whole, unless another process did."""
    fresh = key_file.with_name(f".{key_file.name}.{token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, key_file)
        except FileExistsError:
            return
    finally:
        fresh.unlink()


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
