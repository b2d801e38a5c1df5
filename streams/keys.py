"""The keyed hash that names PINs without telling them."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from hmac import digest
from pathlib import Path
from secrets import token_bytes

from streams.store.vault import Vault

KEY_FILE = "key"


def pin_hash(data: Path) -> Callable[[str], str]:
    """Of the installation in `data`; without one, of a key that lasts as long as this process.

    Raises `VaultError` if the installation's key cannot be used.
    """
    file = data / KEY_FILE
    if file.exists():
        return partial(Vault(file).keyed_hash, "pin")
    key = token_bytes(32)
    return lambda pin: digest(key, pin.encode("utf-8", "backslashreplace"), sha256).hex()
