"""The immutable tables the core reads: countries by address, and the operator's tariffs."""

from hashlib import blake2b
from pathlib import Path

import maxminddb

from detector.engine.site import Tables
from detector.enrich.addresses import AddressTable
from detector.settings import Settings
from streams.config import read_tariffs


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


def tables(settings: Settings) -> Tables:
    """The tables that the settings name. Raises TariffError and TableError."""
    reader = MmdbCountries(settings.country_database) if settings.country_database is not None else None
    return Tables(addresses=AddressTable(reader), tariffs=read_tariffs(settings))
