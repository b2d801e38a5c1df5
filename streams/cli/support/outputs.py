"""Where lines go: a file, standard output, or a terminal above its progress bar."""

import errno
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streams.cli.support.inputs import STDIN, naming

STDOUT = "-"
REFRESH_BYTES = 64 * 1024


class Lines(Protocol):
    """What takes lines, each with its end."""

    def write(self, line: bytes, /) -> object:
        """Take one line."""


class Output(Struct, frozen=True):
    """Where lines go, and who is told of the bytes read on the way there."""

    lines: Lines
    advanced: Callable[[int], None]


class AboveBar:
    """Prints lines on a terminal so that the progress bar stays below them; control characters stay JSON escapes."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal

    def write(self, line: bytes) -> None:
        """Print one line."""
        text = line.decode().rstrip("\n")
        shown = text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        self._terminal.print(shown, soft_wrap=True, markup=False, highlight=False, emoji=False)


class Meter:
    """Moves a progress bar, not at every line."""

    def __init__(self, move: Callable[[int], None]) -> None:
        self._move = move
        self._waiting = 0

    def __call__(self, read: int) -> None:
        """So many more bytes were read."""
        self._waiting += read
        if self._waiting >= REFRESH_BYTES:
            self._move(self._waiting)
            self._waiting = 0


@contextmanager
def output(path: Path | None, total: int | None, err: Console) -> Iterator[Output]:
    """Where to write, with a progress bar over `total` bytes on a terminal. Raises OSError, its `filename` set."""
    if path is not None and str(path) != STDOUT:
        with naming(path), path.open("wb") as file, bar(err, total) as meter:
            yield Output(file, meter)
        return
    with naming("standard output"):
        if sys.stdout is None:
            raise OSError(errno.EBADF, "closed")
        if sys.stdout.isatty():
            terminal = Console(file=sys.stdout)
            with bar(terminal, total) as meter:
                yield Output(AboveBar(terminal), meter)
        else:
            with bar(err, total) as meter:
                yield Output(sys.stdout.buffer, meter)
            sys.stdout.buffer.flush()


@contextmanager
def bar(terminal: Console, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar that is gone at the end; none where there is no terminal."""
    if not terminal.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task("reading", total=total)
        yield Meter(lambda read: progress.advance(task, read))


def size_of(files: Sequence[str]) -> int | None:
    """Bytes to read; None where that is not known before."""
    sizes = [None if name == STDIN or name.endswith(".gz") else Path(name).stat().st_size for name in files]
    known = [size for size in sizes if size]
    return sum(known) if len(known) == len(sizes) else None
