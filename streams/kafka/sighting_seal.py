"""Sightings on their way from workers to gateways: sealed, and naming no PBX."""

from collections.abc import Iterable
from functools import partial

from msgspec import Struct

from detector.contract.codec import Rejected, reject
from detector.contract.findings import AnyFinding
from detector.decide.sightings import MAX_SIGHTING_BYTES, Sighting, decode, encode, sightings_of
from streams.kafka.seal import Headers, Seals
from streams.store.vault import Vault

SEAL, NAME = "kafka sighting", "fleet pbx"


class Sealed(Struct, frozen=True):
    """A record of the topic of sightings."""

    key: str
    value: bytes
    headers: Headers


class Sightings:
    """Writes and reads records. Whoever forges them could get an address blocked everywhere: so they are sealed."""

    def __init__(self, vault: Vault) -> None:
        self._seals = Seals(vault, SEAL)
        self._hashed = partial(vault.keyed_hash, NAME)

    def of(self, findings: Iterable[AnyFinding]) -> list[Sealed]:
        """What of these findings concerns the whole fleet."""
        found = []
        for sighting in sightings_of(findings, self._hashed):
            value = encode(sighting)
            found.append(Sealed(sighting.id, value, self._seals.headers(value, SEAL)))
        return found

    def read(self, value: bytes | None, headers: Headers) -> Sighting | Rejected:
        """The sighting in a record; never raises."""
        if not value or len(value) > MAX_SIGHTING_BYTES or not self._seals.sealed(value, headers, SEAL):
            return reject("no sighting of ours: it is empty, too long or without our seal", value or b"")
        return decode(value)


def nothing(_: Iterable[AnyFinding]) -> list[Sealed]:
    """What a worker tells where there is no fleet list."""
    return []
