"""What can go wrong in a store: try again (`UnavailableError`), or give up (the rest)."""


class StoreError(Exception):
    """Base of all errors of the store."""


class UnavailableError(StoreError):
    """The database is locked, full or not reachable; the same call may succeed later."""


class FullError(UnavailableError):
    """There is no room on the disk; nothing was written."""


class SpoolError(StoreError):
    """What waits on disk for Kafka cannot be used: by another process, with these settings, or by this version."""


class Fenced(StoreError):  # noqa: N818 - the name used throughout the design
    """Somebody else owns this partition or log now; the process must end without acknowledging anything."""


class OffsetError(StoreError):
    """A checkpoint older than the stored one was offered; saving it would replay over newer memory."""


class VaultError(StoreError):
    """The key file is unusable, or a sealed value was not made with this key for this purpose."""
