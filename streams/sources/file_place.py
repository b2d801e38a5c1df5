"""How far a log that is followed has been taken in, so that it is found again by what stands there, wherever it is."""

from gzip import GzipFile
from hashlib import blake2b
from io import FileIO

import msgspec
from msgspec import Struct

COMPARED = 1_024


class FilePlace(Struct, frozen=True, kw_only=True):
    """Behind a line of the file that stood at `path` when it was begun; `device` and `inode` are its own.

    `since`, in nanoseconds, is when a file of which nothing was taken was last changed; `ended`: all of it was taken.
    `begins`, `compared` and `digest` are of the line: where it begins, and the bytes there that the digest is of. All
    are 0 and empty where nothing was taken yet.
    """

    path: str
    device: int
    inode: int
    offset: int = 0
    begins: int = 0
    compared: int = 0
    digest: str = ""
    since: int = 0
    ended: bool = False


class Taken(Struct, frozen=True, kw_only=True):
    """How far all files of a source were taken in.

    `patterns` are what they are found by: a file that a pattern finds later began meanwhile. `settled`: what waited for
    lines to come was told without them.
    """

    patterns: tuple[str, ...]
    places: tuple[FilePlace, ...] = ()
    settled: bool = False


DECODER = msgspec.json.Decoder(Taken)


def decode_taken(kept: bytes | None) -> Taken | None:
    """What was kept, if anything was that can be read."""
    if kept is None:
        return None
    try:
        return DECODER.decode(kept)
    except msgspec.DecodeError:
        return None


def behind(place: FilePlace, line: bytes, begins: int, offset: int) -> FilePlace:
    """The place behind this line of the same file, which ends at `offset`; of an empty one there is none like it."""
    compared = line[:COMPARED]
    if not compared.strip():
        return msgspec.structs.replace(place, offset=offset)
    return msgspec.structs.replace(
        place, offset=offset, begins=begins, compared=len(compared), digest=digest_of(compared)
    )  # fmt: skip


def holds(stream: FileIO | GzipFile, place: FilePlace) -> bool:
    """Whether the line stands there in this file. Raises OSError, and EOFError or zlib.error of what gzip packed."""
    if not place.compared:
        return False
    stream.seek(place.begins)
    return digest_of(stream.read(place.compared) or b"") == place.digest


def digest_of(line: bytes) -> str:
    """Which line it is."""
    return blake2b(line, digest_size=16).hexdigest()
