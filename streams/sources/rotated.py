"""What becomes of a log that is rotated: the names beside its path under which it may be found again."""

import re
from functools import lru_cache
from pathlib import Path

NUMBERED = r"[.\-_](?:\d[\w.:\-]*|old|bak)"
"""`messages.1`, `messages-20261130`, `freeswitch.log.2026-11-30-03-00-01.1`."""


def beside(path: str) -> list[Path]:
    """Files that may have stood at the path, oldest first; one that is being packed only once. Raises OSError."""
    found: list[tuple[float, Path]] = []
    for one in Path(path).parent.iterdir():
        if is_aside(str(one), path):
            try:
                found.append((one.stat().st_mtime, one))
            except OSError:
                continue
    names = {one for _, one in found}
    return [one for _, one in sorted(found) if one.suffix != ".gz" or one.with_suffix("") not in names]


def is_aside(path: str, of: str) -> bool:
    """Whether this may be what the other one has become."""
    return names_of(of).fullmatch(path) is not None


@lru_cache(maxsize=1_024)
def names_of(path: str) -> re.Pattern[str]:
    """The names that tools which rotate logs give: with a number or a day behind the name or before its suffix."""
    whole = re.escape(path)
    stem, suffix = re.escape(path.removesuffix(Path(path).suffix)), re.escape(Path(path).suffix)
    return re.compile(rf"(?:{whole}{NUMBERED}|{stem}{NUMBERED}{suffix})(?:\.gz)?", re.ASCII)
