"""The numbering plan of the home country, as dialled from inside it."""

from collections.abc import Iterator
from enum import IntEnum

from detector.enrich.dialling import customs
from detector.enrich.dialling.emergency import pattern_of, short_numbers
from detector.enrich.dialling.numbering import NumberListing, compiled, look_up, region

LONGEST_LOCAL = 8
"""Digits of a number dialled without its area code."""
SHORTEST_NATIONAL = 7
"""Fewer digits behind a national prefix are rather an extension behind an access digit."""


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
        short = short_numbers(code)
        self._sms = compiled(pattern_of(short.sms_services))
        self._costly = compiled(customs.SHORT_PREMIUM.get(code))
        self._short_services = [
            ("premium", self._costly),
            ("premium", compiled(pattern_of(short.premium_rate))),
            ("toll_free", compiled(pattern_of(short.toll_free))),
            ("national", compiled(pattern_of(short.short_code))),
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
