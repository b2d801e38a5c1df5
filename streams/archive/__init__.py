"""The archive: raw events as Parquet by PBX and UTC day, in a folder or any store that fsspec reaches."""

from streams.archive.archive_errors import ArchiveError, BusyError, DamagedError
from streams.archive.reading import frame, read
from streams.archive.store import Archive

__all__ = ["Archive", "ArchiveError", "BusyError", "DamagedError", "frame", "read"]
