"""The files of a configuration: read within bounds, joined into one tree."""

from pathlib import Path

from yaml.nodes import Node

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
        node = parsed(content(file), str(file))
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


def content(file: Path) -> str:
    """The text of a regular file. Raises FlawError."""
    here = Mark(str(file), 0)
    try:
        if not file.is_file():
            raise FlawError(here, "there is no such file")
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise FlawError(here, f"larger than {LARGEST} bytes")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FlawError(Mark(str(file), line), "not UTF-8") from None
    except OSError as error:
        raise FlawError(here, f"cannot be read: {error.strerror}") from None
