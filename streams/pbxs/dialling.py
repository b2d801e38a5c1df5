"""How numbers are dialled on one PBX, and which of its patterns carry them."""

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from detector.enrich.dialling.emergency import NOWHERE, Emergency
from detector.enrich.premises import emergency_of
from detector.settings import PbxProfile

EXIT_CODES = ("+", "00")
SHORTEST_NATIONAL = 4
_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
_TOKEN = re.compile(r"\[[0-9*#\-]{1,20}\]|.", re.DOTALL)


class Dialling(Struct, frozen=True, kw_only=True):
    """A PBX's habits: `calling_code` of its country in digits, what it dials for abroad, a line and in an emergency."""

    calling_code: str = ""
    international_prefix: str = "00"
    access_digit: str = ""
    emergency: Emergency = NOWHERE

    def forms(self, target: str) -> list[str]:
        """All ways to begin dialling an E.164 number or prefix; never one that an emergency number begins with."""
        if not target.startswith("+"):
            return [form for form in [target] if self._harmless(form)]
        digits = target.removeprefix("+")
        bare = [code + digits for code in dict.fromkeys((self.international_prefix, *EXIT_CODES)) if code]
        return [form for form in self._behind_access(bare + self._national(digits)) if self._harmless(form)]

    def at_home(self, target: str) -> list[str]:
        """All ways to dial an E.164 number of the PBX's own country without an exit code."""
        return self._behind_access([target, *self._national(target.removeprefix("+"))])

    def _behind_access(self, bare: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(access + form for form in bare for access in ("", self.access_digit)))

    def _national(self, digits: str) -> list[str]:
        if not self.calling_code or not digits.startswith(self.calling_code):
            return []
        rest = digits.removeprefix(self.calling_code)
        local = [rest, f"0{rest}"] if len(rest) >= SHORTEST_NATIONAL else []
        return [*local, digits] if self.calling_code == "1" else local

    def _harmless(self, form: str) -> bool:
        return not any(number.startswith(form) for number in self.emergency.ways)


def dialling_of(profile: PbxProfile) -> Dialling:
    """The PBX's habits of dialling, as configured."""
    emergency = emergency_of(profile)
    return Dialling(
        calling_code=emergency.calling_code, international_prefix=profile.international_prefix,
        access_digit=profile.access_digit, emergency=emergency,
    )  # fmt: skip


def carries(pattern: str, number: str) -> bool:
    """Whether a dial pattern (X, Z, N, [1-5], `.` one or more, `!` any) takes the number; what we cannot read may."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(number) is not None


def may_carry_emergency(patterns: Iterable[str], dialling: Dialling) -> bool:
    """Whether a route with these patterns takes an emergency number, or may: it is not to be touched."""
    return any(carries(pattern, number) for pattern in patterns for number in dialling.emergency.ways)


def surely_carries_emergency(patterns: Iterable[str], dialling: Dialling) -> bool:
    """Whether a route with these patterns takes an emergency number: it can be relied upon."""
    read = [compiled for pattern in patterns if (compiled := _compiled(pattern)) is not None]
    return any(compiled.fullmatch(number) for compiled in read for number in dialling.emergency.surely)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for a pattern we cannot read."""
    parts = [
        token if len(token) > 1 else _CLASSES.get(token.upper(), re.escape(token))
        for token in _TOKEN.findall(pattern.strip())
    ]
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return None
