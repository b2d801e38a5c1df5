"""Which dialled strings reach an emergency service: detector, guard and every action ask here and nowhere else."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from detector.enrich.dialling import customs
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.dialling.numbering import compiled

GUESSED_ACCESS = ("9", "0")
"""What people dial for an outside line where nobody configured it."""
LONGEST_EMERGENCY = 11
"""Digits of a country's longest emergency number (911, 18000, 1011177) or of a short one behind a selection code."""
LONGEST_BEFORE = 8
"""Digits that an access digit, an exit code, a calling code and a national prefix put before a number."""

_EVERYWHERE = ("112", "911")
_EXITS = ("00", "011")
_CODE = re.compile(r"[*#]")
_LONGER = (
    "1011177", "124422", "127799", "201606", "201917", "202099", "202914", "320221", "723141",
)  # fmt: skip
"""Emergency numbers of more than five digits, whichever country's: too many strings have so many to try them all."""


class Emergency:
    """The emergency numbers of one PBX, and all ways of dialling them there.

    `is_dialled` reads as exactly as a switch does: what is an emergency call costs nothing and is counted against
    nobody. `may_be` is asked before something is cut: it says yes wherever `is_dialled` does, and in doubt. A longer
    string that only begins with an emergency number is none to either. Without a country (`code` empty) only the
    numbers good everywhere are known, behind whatever calling code.
    """

    def __init__(
        self, code: str = "", *, access_digit: str = "", exit_code: str = "", configured: Iterable[str] = ()
    ) -> None:
        self.calling_code = str(phonenumbers.country_code_for_region(code) or "") if code else ""
        self._code = code
        self._access = access_digit
        self._abroad = (exit_code,) if exit_code else _EXITS
        self._exits = tuple(dict.fromkeys((*self._abroad, *_EXITS)))
        self._official = compiled(pattern_of(short_numbers(code).emergency))
        self._others = compiled(customs.EMERGENCY.get(code))
        self._before = compiled(customs.BEFORE_A_NUMBER.get(self.calling_code))
        self._own = tuple(digits for text in configured if (digits := boil_down(text).digits))
        self._listed = {*_EVERYWHERE, *self._own}
        self._longest = max(LONGEST_EMERGENCY, *map(len, self._listed)) + len(access_digit)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Every emergency number as it is dialled from a telephone at home: the country's, ours, and 112 and 911."""
        return tuple(dict.fromkeys((*emergency_numbers(self._code), *self._own)))

    @cached_property
    def surely(self) -> frozenset[str]:
        """Ways of dialling them that the settings say work: plainly, and behind the access digit."""
        return frozenset({before + number for number in self.numbers for before in ("", self._access)})

    @cached_property
    def ways(self) -> frozenset[str]:
        """Ways of dialling them that a route may have to carry: as `surely`, and behind a guessed access digit.

        Not behind a guessed one that makes the beginning of a call abroad of it: `0112` where `011` leads abroad. Nor
        in international form: a route for all the world is not there for emergency calls.
        """
        found = set(self.surely)
        if not self._access:
            guessed = {access + number for number in self.numbers for access in GUESSED_ACCESS}
            found |= {way for way in guessed if not way.startswith(self._abroad)}
        return frozenset(found)

    def is_dialled(self, digits: str, *, internal: bool, plus: bool = False) -> bool:
        """Whether these digits reach an emergency service; inside the PBX only without access digit.

        With `plus` also behind the calling code: some phones make `+1911` of 911.
        """
        if len(digits) > self._longest:
            return False
        if plus and self._is(digits.removeprefix(self.calling_code)):
            return True
        if self._reaches(digits):
            return True
        return not internal and self._behind_access(digits)

    def may_be(self, dialled: str) -> bool:
        """Whether a call to this may be an emergency call; one whose number nobody can read may."""
        text = boil_down(dialled)
        shown = [digits for digits in (text.digits, *text.otherwise, _behind_codes(dialled)) if digits]
        return not shown or any(self._may_be(digits, plus=text.plus) for digits in shown)

    def cut_by(self, prefix: str) -> str | None:
        """An emergency number that is stopped with all that begins with `prefix`, None if there is none.

        `prefix` as dialled or in international form; then it counts without its calling code, as people dial it.
        """
        digits = prefix.removeprefix("+")
        begins = [digits, digits[1:], *self._without_calling_code(digits)]
        return next((one for one in self.numbers for begin in begins if begin and one.startswith(begin)), None)

    def _may_be(self, digits: str, *, plus: bool) -> bool:
        if self.is_dialled(digits, internal=False, plus=plus):
            return True
        if len(digits) > self._longest + LONGEST_BEFORE:
            return False
        return any(self._reaches(rest) for rest in self._rests(digits))

    def _rests(self, digits: str) -> Iterator[str]:
        """What may be left of it for the country's exchanges, whatever is dialled for a line, abroad and home."""
        for body in (digits, digits[1:], digits.removeprefix(self._access)):
            yield body
            yield body.removeprefix("0")
            for rest in (body, *(body.removeprefix(code) for code in self._exits if body.startswith(code))):
                for national in self._without_calling_code(rest):
                    yield national
                    yield national.removeprefix("0")

    def _without_calling_code(self, digits: str) -> list[str]:
        if self.calling_code:
            return [digits.removeprefix(self.calling_code)] if digits.startswith(self.calling_code) else []
        return [digits[length:] for length in (1, 2, 3)]

    def _behind_access(self, digits: str) -> bool:
        if self._access:
            rest = digits.removeprefix(self._access)
            return rest != digits and self._reaches(rest)
        rest = digits[1:]
        if not digits.startswith(GUESSED_ACCESS) or not self._is(rest):
            return False
        return digits[0] == "0" or len(rest) > 2

    def _reaches(self, digits: str) -> bool:
        if self._is(digits) or self._others.fullmatch(digits) is not None:
            return True
        found = self._before.match(digits)
        return found is not None and self._is(digits[found.end() :])

    def _is(self, digits: str) -> bool:
        return digits in self._listed or self._official.fullmatch(digits) is not None


@lru_cache(maxsize=256)
def emergency_numbers(code: str) -> tuple[str, ...]:
    """A country's emergency numbers as whole strings (000, 112, 01, 18000), and those good everywhere."""
    patterns = (pattern_of(short_numbers(code).emergency), customs.EMERGENCY.get(code))
    either = compiled("|".join(pattern for pattern in patterns if pattern))
    numbers = (f"{number:0{length}}" for length in range(2, 6) for number in range(10**length))
    return tuple(dict.fromkeys((*_EVERYWHERE, *filter(either.fullmatch, chain(numbers, _LONGER)))))


def _behind_codes(dialled: str) -> str:
    """The digits behind a service code that is itself behind others: `9*67911` is dialled for 911."""
    code = _CODE.search(dialled, 1)
    return boil_down(dialled[code.start() :]).digits if code is not None else ""


@lru_cache(maxsize=256)
def short_numbers(code: str) -> PhoneMetadata:
    """What the metadata knows of a country's short numbers; nothing for one that it does not know."""
    return PhoneMetadata.short_metadata_for_region(code, None) or PhoneMetadata(code, register=False)


def pattern_of(described: PhoneNumberDesc | None) -> str | None:
    """The expression that described numbers match, if there is one."""
    return described.national_number_pattern if described is not None else None


NOWHERE = Emergency()
"""For a PBX of which nothing is known."""
