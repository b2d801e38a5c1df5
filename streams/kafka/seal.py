"""Tells what we have written into Kafka ourselves from what is forged."""

import hmac
from collections.abc import Iterable, Sequence

from streams.store.vault import Vault

Headers = Sequence[tuple[str, bytes]]
ORIGIN = ("origin", b"ringfence")
SEAL = "seal"
PURPOSE = "kafka control"
EVENTS = ".events"


class Seals:
    """HMAC-SHA256 of a record's place and value under the key of the installation, which all its processes share.

    A record that is copied elsewhere, as it is and with its seal, is not ours there.
    """

    def __init__(self, vault: Vault, purpose: str = PURPOSE) -> None:
        self._vault = vault
        self._purpose = purpose

    def headers(self, value: bytes, place: str) -> list[tuple[str, bytes]]:
        """The headers that a record of ours carries at this place (`name_place`). `value` is UTF-8."""
        return [ORIGIN, (SEAL, self._seal(value, place))]

    def sealed(self, value: bytes, headers: Iterable[tuple[str, bytes]], place: str) -> bool:
        """Whether somebody who has the key wrote exactly this value to this place."""
        given = [seal for name, seal in headers if name == SEAL]
        return len(given) == 1 and self._holds(value, given, place)

    def _holds(self, value: bytes, given: Sequence[bytes], place: str) -> bool:
        try:
            return hmac.compare_digest(self._seal(value, place), given[0])
        except UnicodeDecodeError:
            return False

    def _seal(self, value: bytes, place: str) -> bytes:
        return bytes.fromhex(self._vault.keyed_hash(self._purpose, f"{place}\n{value.decode()}"))


def name_place(topic: str, partition: int) -> str:
    """Where a record stands: of events to the partition, of everything else the topic, which any partition may hold."""
    return f"{topic}/{partition}" if topic.endswith(EVENTS) else topic
