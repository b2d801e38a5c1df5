"""What can go wrong with an archive: not to be reached (try again), busy (try later), damaged (look at it)."""

from streams.store.store_errors import StoreError


class ArchiveError(StoreError):
    """The archive cannot be used now."""


class BusyError(ArchiveError):
    """Another process rewrites it."""


class DamagedError(ArchiveError):
    """A file does not hold what was written into it."""
