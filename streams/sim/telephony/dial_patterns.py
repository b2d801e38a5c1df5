"""The PBX's number patterns: X, Z, N, [..], `.` and `!`."""

import re
from functools import lru_cache

_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
_TOKEN = re.compile(r"\[[0-9*#\-]+\]|.", re.DOTALL)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for token in _TOKEN.findall(pattern):
        if len(token) > 1:
            parts.append(token)
        else:
            parts.append(_CLASSES.get(token.upper(), re.escape(token)))
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, number: str) -> bool:
    """Whether the whole `number` fits `pattern`; a range the wrong way round fits nothing."""
    try:
        return bool(pattern) and _compiled(pattern).fullmatch(number) is not None
    except re.error:
        return False
