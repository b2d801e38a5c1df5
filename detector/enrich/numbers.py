"""Reads dialled numbers the way a switch would, and the way an attacker hopes it does (C25, C26)."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache

import msgspec
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from detector.enrich.dialled import LONGEST_TEXT, Dialled, boil_down
from detector.enrich.numbering import Listing, look_up, region

LONGEST_NUMBER = 15
"""Digits of an E.164 number, calling code included (ITU-T E.164)."""
SHORTEST_UNREADABLE = 9
"""From so many digits on, a string that no plan explains is taken for an attempt to dial abroad."""
LONGEST_LOCAL = 8
LONGEST_KEY = 64

_EVERYWHERE_EMERGENCY = ("112", "911")
_GUESSED_ACCESS = ("9", "0")
_DOMESTIC = {
    "AU": ("CC", "CX"),
    "FI": ("AX",),
    "GB": ("GG", "IM", "JE"),
    "NO": ("SJ",),
    "US": ("AS", "GU", "MP", "PR", "VI"),
}
"""Territories that are not abroad for the country they are billed with."""

# What dial-prefix hunts put before the target: runs of access digits, or anything that ends in an exit code.
_GUESSED_EXIT = re.compile(r"[09]*|\d{0,6}(?:00|011|010|810|119)|9?101\d{4}(?:011)?")
_LONGEST_GUESS = 12
_CARRIER_SELECTION = re.compile(r"101\d{4}")  # +1: 101XXXX before the number picks another carrier


class Klass(StrEnum):
    """What a number is, to the one who pays for the call."""

    INTERNAL = "internal"
    EMERGENCY = "emergency"
    NATIONAL = "national"
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    SATELLITE = "satellite"
    TOLL_FREE = "toll_free"
    UNKNOWN = "unknown"


class Number(msgspec.Struct, frozen=True):
    """One dialled string, read.

    `e164` is `+252612345678`, None where the digits name no such number. `country` is ISO 3166-1 alpha-2; a
    `network` without a country (Inmarsat, Iridium) has a name instead. `block` is what `e164` begins with
    without its last four digits: equal for neighbours, however they were dialled. `mobile` is true only where
    the plan tells mobiles apart. `international`: outside the home country, or long and unreadable.
    """

    dialled: str
    e164: str | None
    country: str | None
    klass: Klass
    block: str | None
    international: bool
    network: str | None = None
    mobile: bool = False


class NumberPlan:
    """Reads numbers for one PBX. Pure: equal settings give equal readings; readings are cached, bounded."""

    def __init__(
        self,
        *,
        region: str,
        international_prefix: str,
        access_digit: str = "",
        emergency_numbers: Iterable[str] = (),
        internal_length: int = 5,
        cache_size: int = 16_384,
    ) -> None:
        """Set up the plan of one PBX.

        Args:
            region: home country, ISO 3166-1 alpha-2.
            international_prefix: what is dialled before a calling code (`00`, `011`).
            access_digit: what is dialled for an outside line; empty: nothing.
            emergency_numbers: over and above the country's own, 112 and 911.
            internal_length: most digits an extension number has.
            cache_size: readings kept.

        Raises:
            ValueError: there is no numbering plan for the region.
        """
        self._home = _Home(region.upper())
        self._emergency = _Emergency(self._home.code, access_digit, emergency_numbers)
        self._exit = international_prefix
        self._access = access_digit
        self._internal_length = internal_length
        self._cached = lru_cache(maxsize=cache_size)(self._read)

    def read(self, dialled: str, *, internal: bool = False) -> Number:
        """Read what was dialled or signalled; never raises. `internal`: the PBX says it stayed inside."""
        if len(dialled) > LONGEST_KEY:
            return self._read(dialled, internal)
        return self._cached(dialled, internal)

    def _read(self, dialled: str, internal: bool) -> Number:
        shown = dialled[:LONGEST_TEXT]
        text = boil_down(shown)
        inside = self._inside(text, internal)
        if inside is not None:
            return _plain(shown, inside)
        if text.words:
            return self._unreadable(shown, text.digits)
        return self._outside(shown, text)

    def _inside(self, text: Dialled, internal: bool) -> Klass | None:
        """Emergency, internal and short service numbers come first: they must never be misread."""
        digits = text.digits
        if not text.words and self._emergency.is_dialled(digits, internal=internal):
            return Klass.EMERGENCY
        if internal or text.feature:
            return Klass.INTERNAL
        if not digits:
            return Klass.UNKNOWN
        if text.plus or text.words:
            return None
        if self._access and digits.startswith(self._access):
            service = self._home.short_service(digits[len(self._access) :])
            if service is not None:
                return service
        if len(digits) <= self._internal_length:
            return Klass.INTERNAL
        return self._home.short_service(digits)

    def _outside(self, shown: str, text: Dialled) -> Number:
        first_abroad = None
        for digits, after_exit in self._candidates(text):
            listing = self._home.look_up(digits)
            if listing is None:
                continue
            if listing.kind is not None:
                return self._number(shown, digits, listing)
            if after_exit and first_abroad is None:
                first_abroad = digits, listing
        if first_abroad is not None:
            return self._number(shown, *first_abroad)
        return self._unlisted(shown, text)

    def _candidates(self, text: Dialled) -> Iterator[tuple[str, bool]]:
        """E.164 digits this string could stand for, likeliest first, and whether an exit code says so."""
        digits = text.digits
        if text.plus:
            yield digits, True
        else:
            for body in self._bodies(digits):
                yield from self._as_the_plan_says(body)
            if not self._access:
                yield from self._with_guessed_access(digits)
        yield from self._guessed(digits)
        if not text.plus:
            for body in self._bodies(digits):
                yield self._home.calling_code + body, False

    def _bodies(self, digits: str) -> Iterator[str]:
        """The string without the access digit, then as it is, then without a carrier selection code."""
        if self._access and digits.startswith(self._access):
            yield digits[len(self._access) :]
        yield digits
        if self._home.calling_code == "1":
            selection = _CARRIER_SELECTION.match(digits.removeprefix(self._access))
            if selection is not None:
                yield digits.removeprefix(self._access)[selection.end() :]

    def _as_the_plan_says(self, body: str) -> Iterator[tuple[str, bool]]:
        for end in self._home.exit_ends(body, self._exit):
            yield body[end:], True
        for national in self._home.nationals(body):
            yield self._home.calling_code + national, False
        if body.startswith(self._home.calling_code):
            yield body, False

    def _with_guessed_access(self, digits: str) -> Iterator[tuple[str, bool]]:
        """Nobody configured the access digit, but people dial one."""
        if digits.startswith(_GUESSED_ACCESS):
            for national in self._home.nationals(digits[1:]):
                yield self._home.calling_code + national, False

    def _guessed(self, digits: str) -> Iterator[tuple[str, bool]]:
        """Without any exit code (a trunk that takes bare E.164), then behind wrong ones."""
        for end in range(min(_LONGEST_GUESS, max(len(digits) - 6, 0)) + 1):
            rest = digits[end:]
            if rest.startswith("0") or self._home.is_national_prefix(digits, end):
                continue
            if _GUESSED_EXIT.fullmatch(digits, 0, end):
                yield rest, end > 1

    def _unlisted(self, shown: str, text: Dialled) -> Number:
        """In no assigned range: national if its length says so, local if short, else risky."""
        for body in self._bodies(text.digits):
            for national in self._home.by_length(body):
                digits = self._home.calling_code + national
                listing = self._home.look_up(digits)
                if listing is not None and not text.plus:
                    return self._number(shown, digits, listing)
        if len(text.digits) <= LONGEST_LOCAL and not text.plus:
            return _plain(shown, Klass.NATIONAL, country=self._home.code)
        return self._unreadable(shown, text.digits)

    def _unreadable(self, shown: str, digits: str) -> Number:
        risky = len(digits) >= SHORTEST_UNREADABLE
        core = digits.lstrip("09")
        return Number(
            dialled=shown,
            e164=None,
            country=None,
            klass=Klass.UNKNOWN,
            block=core[:-4][: LONGEST_NUMBER - 4] or None if risky else None,
            international=risky,
        )

    def _number(self, shown: str, digits: str, listing: Listing) -> Number:
        abroad = listing.country is None or listing.country not in self._home.domestic
        return Number(
            dialled=shown,
            e164=f"+{digits}" if 4 <= len(digits) <= LONGEST_NUMBER else None,
            country=listing.country,
            klass=_klass(listing, abroad),
            block=_block(digits, listing),
            international=abroad,
            network=listing.network,
            mobile=listing.kind == "mobile",
        )


class _Home:
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
            (klass, _compiled(_pattern(described)))
            for klass, described in (
                (Klass.PREMIUM, short.premium_rate),
                (Klass.TOLL_FREE, short.toll_free),
                (Klass.NATIONAL, short.short_code),
            )
        ]

    def look_up(self, digits: str) -> Listing | None:
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

    def is_national_prefix(self, digits: str, end: int) -> bool:
        """Whether cutting here cuts a national prefix off what is by its length a national number."""
        return end > 0 and digits[:end] == self._national_prefix and len(digits) - end in self._region.lengths

    def short_service(self, digits: str) -> Klass | None:
        """Directory, premium and free services with short numbers; text-message codes are none."""
        if self._sms.fullmatch(digits):
            return None
        return next((klass for klass, pattern in self._short_services if pattern.fullmatch(digits)), None)

    def _without_prefix(self, body: str) -> Iterator[str]:
        found = self._prefix.match(body)
        if found is None or found.end() == 0:
            return
        if self._transform and found.lastindex and found.group(found.lastindex) is not None:
            yield found.expand(self._transform) + body[found.end() :]
        yield body[found.end() :]


class _Emergency:
    """Exactly the emergency numbers: a longer string that only begins with one is no emergency call."""

    def __init__(self, code: str, access_digit: str, configured: Iterable[str]) -> None:
        short = _short_numbers(code)
        self._own = _compiled(_pattern(short.emergency))
        self._listed = frozenset((*_EVERYWHERE_EMERGENCY, *(boil_down(text).digits for text in configured)))
        self._access = (access_digit,) if access_digit else ()

    def is_dialled(self, digits: str, *, internal: bool) -> bool:
        if self._is(digits):
            return True
        if internal:
            return False
        for access in self._access or _GUESSED_ACCESS:
            rest = digits.removeprefix(access)
            if rest != digits and self._is(rest):
                return bool(self._access) or access == "0" or len(rest) > 2
        return False

    def _is(self, digits: str) -> bool:
        return digits in self._listed or self._own.fullmatch(digits) is not None


def _klass(listing: Listing, abroad: bool) -> Klass:
    if listing.kind in ("premium", "toll_free", "shared_cost", "satellite"):
        return Klass(listing.kind)
    return Klass.INTERNATIONAL if abroad else Klass.NATIONAL


def _block(digits: str, listing: Listing) -> str:
    """Digits past the longest number of the plan are not dialled by anyone: they must not split a block."""
    dialled = digits[: listing.longest]
    return f"+{dialled[: max(len(dialled) - 4, len(listing.calling_code) + 3)]}"


def _plain(shown: str, klass: Klass, country: str | None = None) -> Number:
    return Number(dialled=shown, e164=None, country=country, klass=klass, block=None, international=False)


def _short_numbers(code: str) -> PhoneMetadata:
    return PhoneMetadata.short_metadata_for_region(code, None) or PhoneMetadata(code, register=False)


def _pattern(described: PhoneNumberDesc | None) -> str | None:
    return described.national_number_pattern if described is not None else None


def _compiled(pattern: str | None) -> re.Pattern[str]:
    """An expression that matches nothing where the plan has none."""
    return re.compile(pattern if pattern else r"(?!)")
