"""The numbering plan of the home country, as dialled from inside it."""

import re
from collections.abc import Iterable, Iterator

from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from detector.enrich.dialled import boil_down
from detector.enrich.numbering import Listing, look_up, region

GUESSED_ACCESS = ("9", "0")
"""What people dial for an outside line where nobody configured it."""
LONGEST_LOCAL = 8
"""Digits of a number dialled without its area code."""

_EVERYWHERE_EMERGENCY = ("112", "911")
_DOMESTIC = {
    "AU": ("CC", "CX"),
    "FI": ("AX",),
    "GB": ("GG", "IM", "JE"),
    "NO": ("SJ",),
    "US": ("AS", "GU", "MP", "PR", "VI"),
}
"""Territories that are not abroad for the country they are billed with."""


class Home:
    """The numbering plan of the home country, as dialled from inside it."""

    def __init__(self, code: str) -> None:
        self._region = region(code)
        metadata = self._region.metadata
        self.code = code
        self.calling_code = str(metadata.country_code)
        self.domestic = frozenset((code, *_DOMESTIC.get(code, ())))
        self._national_prefix = metadata.national_prefix or ""
        self._prefix = _compiled(metadata.national_prefix_for_parsing)
        self._transform = metadata.national_prefix_transform_rule or ""
        self._exit = _compiled(metadata.international_prefix)
        short = _short_numbers(code)
        self._sms = _compiled(_pattern(short.sms_services))
        self._short_services = [
            (kind, _compiled(_pattern(described)))
            for kind, described in (
                ("premium", short.premium_rate),
                ("toll_free", short.toll_free),
                ("national", short.short_code),
            )
        ]

    def look_up(self, digits: str) -> Listing | None:
        """Find an E.164 number, shared ranges counted as ours."""
        return look_up(digits, self.code)

    def exit_ends(self, body: str, configured: str) -> Iterator[int]:
        """Where the exit code could end: the country's own with its carriers, then the PBX's."""
        found = self._exit.match(body)
        if found is not None:
            yield found.end()
        if configured and body.startswith(configured) and (found is None or found.end() != len(configured)):
            yield len(configured)

    def nationals(self, body: str) -> Iterator[str]:
        """National numbers as people here write and dial them."""
        if self._region.is_dialled_bare(body):
            yield body
        yield from self._without_prefix(body)

    def by_length(self, body: str) -> Iterator[str]:
        """National numbers by their length alone."""
        for national in (*self._without_prefix(body), body):
            if len(national) in self._region.lengths and len(national) > LONGEST_LOCAL and national[0] != "0":
                yield national

    def prefix_end(self, body: str) -> int:
        """Where the national prefix ends if a national number by its length follows, else 0."""
        end = len(self._national_prefix)
        return end if body.startswith(self._national_prefix) and len(body) - end in self._region.lengths else 0

    def short_service(self, digits: str) -> str | None:
        """Service with a short number: `premium`, `toll_free` or `national`; text-message codes are none."""
        if self._sms.fullmatch(digits):
            return None
        return next((kind for kind, pattern in self._short_services if pattern.fullmatch(digits)), None)

    def _without_prefix(self, body: str) -> Iterator[str]:
        found = self._prefix.match(body)
        if found is None or found.end() == 0:
            return
        if self._transform and found.lastindex and found.group(found.lastindex) is not None:
            yield found.expand(self._transform) + body[found.end() :]
        yield body[found.end() :]


class Emergency:
    """Exactly the emergency numbers: a longer string that only begins with one is no emergency call."""

    def __init__(self, code: str, access_digit: str, configured: Iterable[str]) -> None:
        short = _short_numbers(code)
        self._own = _compiled(_pattern(short.emergency))
        self._listed = {*_EVERYWHERE_EMERGENCY, *(boil_down(text).digits for text in configured)} - {""}
        self._access = (access_digit,) if access_digit else ()

    def is_dialled(self, digits: str, *, internal: bool) -> bool:
        """Whether these digits reach an emergency service; inside the PBX only without access digit."""
        if self._is(digits):
            return True
        if internal:
            return False
        for access in self._access or GUESSED_ACCESS:
            rest = digits.removeprefix(access)
            if rest != digits and self._is(rest):
                return bool(self._access) or access == "0" or len(rest) > 2
        return False

    def _is(self, digits: str) -> bool:
        return digits in self._listed or self._own.fullmatch(digits) is not None


def _short_numbers(code: str) -> PhoneMetadata:
    return PhoneMetadata.short_metadata_for_region(code, None) or PhoneMetadata(code, register=False)


def _pattern(described: PhoneNumberDesc | None) -> str | None:
    return described.national_number_pattern if described is not None else None


def _compiled(pattern: str | None) -> re.Pattern[str]:
    """An expression that matches nothing where the plan has none."""
    return re.compile(pattern if pattern else r"(?!)")
