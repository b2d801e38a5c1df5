"""Tells what we have written into Kafka ourselves from what is forged."""

import hmac
from collections.abc import Iterable, Sequence

from streams.store.vault import Vault

Headers = Sequence[tuple[str, bytes]]
ORIGIN = ("origin", b"ringfence")
SEAL = "seal"
PURPOSE = "kafka control"


class Seals:
    """HMAC-SHA256 of a record's value under the key of the installation, which all its processes share."""

    def __init__(self, vault: Vault, purpose: str = PURPOSE) -> None:
        self._vault = vault
        self._purpose = purpose

    def headers(self, value: bytes) -> list[tuple[str, bytes]]:
        """The headers that a record of ours carries. `value` is UTF-8."""
        return [ORIGIN, (SEAL, self._seal(value))]

    def sealed(self, value: bytes, headers: Iterable[tuple[str, bytes]]) -> bool:
        """Whether somebody who has the key wrote exactly this value."""
        given = [seal for name, seal in headers if name == SEAL]
        return len(given) == 1 and self._holds(value, given)

    def _holds(self, value: bytes, given: Sequence[bytes]) -> bool:
        try:
            return hmac.compare_digest(self._seal(value), given[0])
        except UnicodeDecodeError:
            return False

    def _seal(self, value: bytes) -> bytes:
        return bytes.fromhex(self._vault.keyed_hash(self._purpose, value.decode()))
