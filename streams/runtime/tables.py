"""The immutable tables the core reads: countries by address, the operator's block lists and tariffs."""

from hashlib import blake2b
from pathlib import Path

import maxminddb

from detector.enrich import blocklists
from detector.enrich.addresses import AddressTable
from detector.enrich.blocklists import BlockList, BlockListing, BlockLists
from detector.enrich.networks import Networks
from detector.enrich.premises import Tables
from streams.config.installation import Installation
from streams.config.tariffs import read_tariffs

LARGEST_LIST = 64 * 1024 * 1024


class TableError(Exception):
    """A file of a table cannot be used; says which and why."""


class MmdbCountries:
    """An operator's mmdb file of countries or autonomous systems. Raises TableError."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(str(path), maxminddb.MODE_MEMORY)
        except (maxminddb.InvalidDatabaseError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a MaxMind database (.mmdb)"
            raise TableError(f"country_database: {path}: {reason}") from None
        self.digest = f"mmdb-{blake2b(path.read_bytes(), digest_size=8).hexdigest()}"

    def get(self, address: str) -> tuple[str | None, int | None]:
        """Country code and number of the autonomous system, as far as the file knows them."""
        record = self._reader.get(address)
        if not isinstance(record, dict):
            return None, None
        country = record.get("country")
        code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code")
        number = record.get("autonomous_system_number") or record.get("asn")
        return (code if isinstance(code, str) else None), (number if isinstance(number, int) else None)


def block_list(name: str, path: Path) -> BlockList:
    """One list, its age the file's. Raises TableError."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LIST:
            raise TableError(f"block_lists: {path}: no file, or larger than {LARGEST_LIST} bytes")
        at, content = round(path.stat().st_mtime) * 1_000_000, path.read_bytes()
    except OSError as error:
        raise TableError(f"block_lists: {path}: {error.strerror}") from None
    networks, _ = blocklists.read(content.decode("utf-8-sig", "replace").splitlines())
    if content.strip() and not networks:
        raise TableError(f"block_lists: {path}: no public address in it")
    digest = blake2b(content + at.to_bytes(8), digest_size=8).hexdigest()
    return BlockList(BlockListing(name, at), Networks(networks), f"{name}-{digest}")


def tables(settings: Installation) -> Tables:
    """The tables that the settings name. Raises TariffError and TableError."""
    reader = MmdbCountries(settings.country_database) if settings.country_database is not None else None
    lists = BlockLists(block_list(each.name, each.file) for each in settings.block_lists)
    return Tables(addresses=AddressTable(reader), block_lists=lists, tariffs=read_tariffs(settings))
