"""The immutable tables the core reads: countries by address, the operator's block lists and tariffs."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import maxminddb

from detector.enrich.addresses import AddressTable
from detector.enrich.premises import Tables
from streams.config.block_list_settings import BlockListSource
from streams.config.installation import Installation
from streams.config.tariffs import read_tariffs
from streams.runtime.block_lists import ListShelf, TableError, again_without, own_addresses, read_file
from streams.store.list_copies import ListCopies, ListCopy


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


def tables(
    settings: Installation, copies: ListCopies | None = None, lists: Sequence[ListCopy | None] | None = None
) -> Tables:
    """The tables that the settings name; lists that are fetched as their last `copies`.

    `lists` are those of `first_lists`, where they were read already.
    Raises TariffError and TableError.
    """
    reader = MmdbCountries(settings.country_database) if settings.country_database is not None else None
    shelf = ListShelf(copies)
    known = first_lists(settings, copies) if lists is None else lists
    return Tables(
        addresses=AddressTable(reader), block_lists=shelf.together(copy for copy in known if copy is not None),
        tariffs=read_tariffs(settings), find_lists=shelf.find,
    )  # fmt: skip


def first_lists(settings: Installation, copies: ListCopies | None) -> list[ListCopy | None]:
    """Each list as it is now: files as they are, and what is fetched as it was had last. Raises TableError."""
    own = own_addresses(settings)
    return [
        read_file(each.name, each.file, own) if each.file is not None else last_copy(each, copies, own)
        for each in settings.block_lists
    ]  # fmt: skip


def last_copy(settings: BlockListSource, copies: ListCopies | None, own: Sequence[str]) -> ListCopy | None:
    """A list that is fetched as it was had last, without what is ours by now."""
    kept = copies.newest(settings.name, settings.source) if copies is not None else None
    return None if kept is None else again_without(kept, own)
