"""The installation's key, and the keyed hash that names PINs without telling them."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from hmac import digest
from pathlib import Path
from secrets import token_bytes

import structlog

from streams.store.vault import Vault

KEY_FILE = "key"

log = structlog.get_logger(__name__)


def shared_vault(data: Path) -> Vault:
    """The installation's key, which every process of it must have a copy of. Raises `VaultError`."""
    if not (data / KEY_FILE).exists():
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        log.warning("a new key is made; what is sealed under any other is refused", file=str(data / KEY_FILE))
    return Vault(data / KEY_FILE)


def pin_hash(data: Path) -> Callable[[str], str]:
    """Of the installation in `data`; without one, of a key that lasts as long as this process.

    Raises `VaultError` if the installation's key cannot be used.
    """
    file = data / KEY_FILE
    if file.exists():
        return partial(Vault(file).keyed_hash, "pin")
    key = token_bytes(32)
    return lambda pin: digest(key, pin.encode("utf-8", "backslashreplace"), sha256).hex()
