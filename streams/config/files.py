"""The files of a configuration: read within bounds, joined into one tree."""

from pathlib import Path

from yaml.nodes import Node

from streams.config.bounded_text import FileError, read_text
from streams.config.tree import FlawError, Mark, Tree, joined, parsed

LARGEST = 1024 * 1024
MOST_FILES = 1_000
SUFFIXES = (".yaml", ".yml")


def read_tree(path: Path) -> Tree | None:
    """The configuration in a file, or in all YAML files of a folder in the order of their names.

    None if nothing is written there. Raises FlawError.
    """
    whole: Node | None = None
    try:
        files = configured(path)
    except OSError as error:
        raise FlawError(Mark(str(path), 0), f"cannot be read: {error.strerror}") from None
    for file in files:
        node = nodes(file)
        if node is not None:
            Tree(node)  # bounds it before it is joined
            whole = node if whole is None else joined(whole, node)
    return None if whole is None else Tree(whole)


def configured(path: Path) -> list[Path]:
    """The files that make up the configuration at `path`. Raises FlawError."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and not file.name.startswith("."))
    if not found or len(found) > MOST_FILES:
        raise FlawError(Mark(str(path), 0), f"a folder of {len(found)} files (allowed: 1 to {MOST_FILES} *.yaml)")
    return found


def nodes(file: Path) -> Node | None:
    """What one file says, None if nothing. Raises FlawError."""
    try:
        return parsed(read_text(file, LARGEST), str(file))
    except FileError as error:
        raise FlawError(Mark(str(file), error.line), str(error)) from None
