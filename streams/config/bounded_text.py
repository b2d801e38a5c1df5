"""The text of files that people write for us: within bounds, and never from what is no file."""

from pathlib import Path


class FileError(Exception):
    """A file that cannot be used, and why; `line` is 0 where all of it is meant."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


def read_text(path: Path, largest: int) -> str:
    """The text of a regular file of at most `largest` bytes of UTF-8, without a byte order mark. Raises FileError."""
    try:
        if not path.is_file():
            raise FileError("there is no such file")
        with path.open("rb") as opened:
            raw = opened.read(largest + 1)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}") from None
    if len(raw) > largest:
        raise FileError(f"larger than {largest} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError("not UTF-8", error.object.count(b"\n", 0, error.start) + 1) from None
