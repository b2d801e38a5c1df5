"""The numbering plan of the home country, as dialled from inside it."""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache

from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from detector.enrich.dialling import customs
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.dialling.numbering import NumberListing, compiled, look_up, region

GUESSED_ACCESS = ("9", "0")
"""What people dial for an outside line where nobody configured it."""
LONGEST_LOCAL = 8
"""Digits of a number dialled without its area code."""
SHORTEST_NATIONAL = 7
"""Fewer digits behind a national prefix are rather an extension behind an access digit."""

LONGEST_EMERGENCY = 11
"""Digits of a country's longest emergency number (911, 18000, 1011177) or of a short one behind a selection code."""

_EVERYWHERE_EMERGENCY = ("112", "911")


class HomeBasis(IntEnum):
    """What says that digits are meant as an E.164 number, weakest first.

    `PLAN`: people here dial it like that, if it is assigned. `PREFIX`: the national prefix is before them.
    """

    GUESS = 0
    PLAN = 1
    PREFIX = 2
    EXIT = 3


class Home:
    """The numbering plan of the home country, as dialled from inside it."""

    def __init__(self, code: str) -> None:
        self._region = region(code)
        metadata = self._region.metadata
        self.code = code
        self.calling_code = str(metadata.country_code)
        self.domestic = frozenset(next((group for group in customs.BILLED_TOGETHER if code in group), (code,)))
        self._exits = (compiled(metadata.international_prefix), compiled(customs.EXIT_CODES.get(code)))
        self._before = compiled(customs.BEFORE_A_NUMBER.get(self.calling_code))
        short = _short_numbers(code)
        self._sms = compiled(_pattern(short.sms_services))
        self._costly = compiled(customs.SHORT_PREMIUM.get(code))
        self._short_services = [
            ("premium", self._costly),
            ("premium", compiled(_pattern(short.premium_rate))),
            ("toll_free", compiled(_pattern(short.toll_free))),
            ("national", compiled(_pattern(short.short_code))),
        ]

    def look_up(self, digits: str) -> NumberListing | None:
        """Find an E.164 number, shared ranges counted as ours."""
        return look_up(digits, self.code)

    def exit_ends(self, body: str, configured: str) -> Iterator[int]:
        """Where the exit code could end: the country's own with its carriers, then the PBX's."""
        own = None
        for code in self._exits:
            found = code.match(body)
            if found is not None:
                own = found.end()
                yield own
        if configured and body.startswith(configured) and own != len(configured):
            yield len(configured)

    def nationals(self, body: str) -> Iterator[tuple[str, HomeBasis]]:
        """National numbers as people here write and dial them, and how surely they are meant."""
        if self._region.is_dialled_bare(body):
            yield body, HomeBasis.PLAN
        for national in self._region.without_prefix(body):
            yield national, HomeBasis.PREFIX

    def by_length(self, body: str) -> Iterator[str]:
        """National numbers by their length alone."""
        lengths = self._region.lengths
        for national in self._region.without_prefix(body):
            if len(national) in lengths and len(national) >= SHORTEST_NATIONAL and national[0] != "0":
                yield national
        if len(body) in lengths and len(body) > LONGEST_LOCAL and body[0] != "0":
            yield body

    def is_directory(self, digits: str) -> bool:
        """Whether these are directory enquiries, whose numbers look like an extension's."""
        return digits.startswith("118") and self._costly.fullmatch(digits) is not None

    def after_selection(self, body: str) -> str:
        """What follows a code that selects a carrier or withholds the caller's number; empty without one."""
        found = self._before.match(body)
        return body[found.end() :] if found is not None else ""

    def prefix_end(self, body: str) -> int:
        """Where the national prefix ends if a national number by its length follows, else 0."""
        end = len(self._region.national_prefix)
        return end if body.startswith(self._region.national_prefix) and len(body) - end in self._region.lengths else 0

    def short_service(self, digits: str) -> str | None:
        """Service with a short number: `premium`, `toll_free` or `national`; text-message codes are none."""
        if len(digits) > LONGEST_LOCAL or self._sms.fullmatch(digits):
            return None
        return next((kind for kind, pattern in self._short_services if pattern.fullmatch(digits)), None)


class Emergency:
    """Exactly the emergency numbers: a longer string that only begins with one is no emergency call."""

    def __init__(self, home: Home, access_digit: str, configured: Iterable[str]) -> None:
        self._home = home
        self._official = compiled(_pattern(_short_numbers(home.code).emergency))
        self._others = compiled(customs.EMERGENCY.get(home.code))
        self._listed = {*_EVERYWHERE_EMERGENCY, *(boil_down(text).digits for text in configured)} - {""}
        self._access = access_digit
        self._longest = max(LONGEST_EMERGENCY, *map(len, self._listed)) + len(access_digit)

    def is_dialled(self, digits: str, *, internal: bool, plus: bool = False) -> bool:
        """Whether these digits reach an emergency service; inside the PBX only without access digit.

        With `plus` also behind the calling code: some phones make `+1911` of 911.
        """
        if len(digits) > self._longest:
            return False
        if plus and self._is(digits.removeprefix(self._home.calling_code)):
            return True
        if self._reaches(digits):
            return True
        return not internal and self._behind_access(digits)

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
        rest = self._home.after_selection(digits)
        return bool(rest) and self._is(rest)

    def _is(self, digits: str) -> bool:
        return digits in self._listed or self._official.fullmatch(digits) is not None


@lru_cache(maxsize=256)
def emergency_numbers(code: str) -> tuple[str, ...]:
    """A country's emergency numbers of two to five digits (000, 112, 01, 18000), and those good everywhere."""
    patterns = (_pattern(_short_numbers(code).emergency), customs.EMERGENCY.get(code))
    either = compiled("|".join(pattern for pattern in patterns if pattern))
    numbers = (f"{number:0{length}}" for length in range(2, 6) for number in range(10**length))
    return tuple(dict.fromkeys((*_EVERYWHERE_EMERGENCY, *filter(either.fullmatch, numbers))))


def _short_numbers(code: str) -> PhoneMetadata:
    return PhoneMetadata.short_metadata_for_region(code, None) or PhoneMetadata(code, register=False)


def _pattern(described: PhoneNumberDesc | None) -> str | None:
    return described.national_number_pattern if described is not None else None
