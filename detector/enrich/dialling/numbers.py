"""Reads dialled numbers the way a switch would, and the way an attacker hopes it does (C25, C26)."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache

import msgspec

from detector.enrich.dialling.dialled import LONGEST_TEXT, Dialled, boil_down
from detector.enrich.dialling.emergency import GUESSED_ACCESS, Emergency
from detector.enrich.dialling.home import LONGEST_LOCAL, SHORTEST_NATIONAL, Home, HomeBasis
from detector.enrich.dialling.numbering import NETWORK_KINDS, NumberListing, without_trunk

LONGEST_NUMBER = 15
"""Digits of an E.164 number, calling code included (ITU-T E.164)."""
SHORTEST_UNREADABLE = 9
"""From so many digits on, a string that no plan explains is taken for an attempt to dial abroad."""
LONGEST_KEY = 64
TAIL = 8
"""Digits by which a target is known again behind whatever prefix: few national numbers are shorter."""

# What dial-prefix hunts put before the target: runs of access digits, or anything that ends in an exit code.
_GUESSED_ENDS = ("00", "011", "010", "810", "119")
_LONGEST_WITH_END = 9
_GUESSED_EXIT = re.compile(r"9?00\d{1,3}|9?101\d{4}(?:011)?")
_CLEAN_EXIT = re.compile(r"[09]?0{2,4}|9?(?:0?011|810)")  # plain enough to believe without a valid number behind it
# Before what has the length of a national number these are no exit code.
_ACCESS_AND_PREFIX = ("9", "0", "90")
_LONGEST_GUESS = 12
# A national prefix and 11 digits. Plans without a fixed length (Germany) take longer ones for national, but
# `00252612345678` with access digit 0 is sooner Somalia behind an exit code than a village behind the access digit.
_LONGEST_USUAL = 12
_SHORTEST_GUESSED = 8


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


COSTLY = frozenset({Klass.PREMIUM, Klass.SATELLITE})
"""What costs much wherever it is called from."""
_SPELT = {"toll_free", "premium", "shared_cost"}
_Found = tuple[str, NumberListing]  # E.164 digits, and where they belong


class Number(msgspec.Struct, frozen=True):
    """One dialled string, read.

    `e164` is `+252612345678`, None where the digits name no such number. `country` is ISO 3166-1 alpha-2; a
    `network` without a country (Inmarsat, Iridium) has a name instead. `block` is what `e164` begins with
    without its last four digits: equal for neighbours, however they were dialled. `tail` is the last eight
    digits, None for fewer and for what is no outside number: a hunt through prefixes changes everything before
    them, so equal tails are one target even where the strings are read differently or not at all. `mobile` is
    true only where the plan tells mobiles apart. `international`: outside the home country, or long and unreadable.
    """

    dialled: str
    e164: str | None
    country: str | None
    klass: Klass
    block: str | None
    international: bool
    network: str | None = None
    mobile: bool = False
    tail: str | None = None


class NumberPlan:
    """Reads numbers for one PBX. Pure: equal settings give equal readings; readings are cached, bounded."""

    def __init__(
        self,
        *,
        region: str,
        international_prefix: str,
        access_digit: str = "",
        emergency_numbers: Iterable[str] = (),
        extensions: Iterable[str] = (),
        internal_length: int = 5,
        cache_size: int = 16_384,
    ) -> None:
        """Set up the plan of one PBX.

        Args:
            region: home country, ISO 3166-1 alpha-2.
            international_prefix: what is dialled before a calling code (`00`, `011`).
            access_digit: what is dialled for an outside line; empty: nothing.
            emergency_numbers: over and above the country's own, 112 and 911.
            extensions: those that must not be read as numbers outside, though they look like some.
            internal_length: most digits an extension number has.
            cache_size: readings kept (about 0.6 KiB each); PBXs with equal settings can share a plan.

        Raises:
            ValueError: there is no numbering plan for the region.
        """
        self._home = Home(region.upper())
        self.emergency = Emergency(
            self._home.code, access_digit=access_digit, exit_code=international_prefix, configured=emergency_numbers
        )
        self._exit = international_prefix
        self._access = access_digit
        self._extensions = frozenset(extensions)
        self._internal_length = internal_length
        self._cached = lru_cache(maxsize=cache_size)(self._read)

    def read(self, dialled: str, *, internal: bool = False, outside: bool = False) -> Number:
        """Read what was dialled or signalled; never raises.

        `internal`: the PBX says it stayed inside; `outside`: it went over a trunk, so it is nobody's extension here.
        """
        if len(dialled) > LONGEST_KEY:
            return self._read(dialled, internal, outside)
        return self._cached(dialled, internal, outside)

    def _read(self, dialled: str, internal: bool, outside: bool) -> Number:
        shown = dialled[:LONGEST_TEXT]
        text = boil_down(shown)
        inside = self._inside(text, internal, outside)
        if inside is not None:
            served = inside not in (Klass.INTERNAL, Klass.EMERGENCY, Klass.UNKNOWN)
            return _plain(shown, inside, country=self._home.code if served else None)
        return self._spelt(shown, text) if text.words else self._outside(shown, text)

    def _inside(self, text: Dialled, internal: bool, outside: bool) -> Klass | None:
        """Emergency, internal and short service numbers come first: they must never be misread."""
        digits = text.digits
        extension = digits in self._extensions and not text.plus and not outside
        if extension and not self._access:
            internal = True  # 9112 is a colleague, not a guessed access digit and 112
        if not text.words and self.emergency.is_dialled(digits, internal=internal, plus=text.plus):
            return Klass.EMERGENCY
        if internal or text.feature:
            return Klass.INTERNAL
        if not digits:
            return Klass.UNKNOWN
        if text.plus or text.words:
            return None
        if extension:
            return Klass.INTERNAL
        if self._access and digits.startswith(self._access):
            service = self._home.short_service(digits[len(self._access) :])
            if service is not None:
                return Klass(service)
        if not self._access and self._home.is_directory(digits):
            return Klass.PREMIUM
        if len(digits) <= self._internal_length and not outside:
            return Klass.INTERNAL
        service = self._home.short_service(digits)
        return None if service is None else Klass(service)

    def _spelt(self, shown: str, text: Dialled) -> Number:
        """Letters are dialled only as the name of a service (1-800-FLOWERS); other words are user names."""
        if text.keypad:
            found, _ = self._assigned(Dialled(text.keypad, plus=text.plus))
            if found is not None and found[1].kind in _SPELT:
                return self._number(shown, *found)
        return self._unreadable(shown, text.digits)

    def _outside(self, shown: str, text: Dialled) -> Number:
        found, abroad = self._assigned(text)
        for digits in text.otherwise if found is None else ():
            found, _ = self._assigned(Dialled(digits, plus=text.plus))
            if found is not None:
                break
        found = found or abroad
        return self._unlisted(shown, text) if found is None else self._number(shown, *found)

    def _assigned(self, text: Dialled) -> tuple[_Found | None, _Found | None]:
        """The likeliest number in an assigned range, and else the likeliest that has a prefix or an exit code.

        Digits with a prefix and of the right length are believed before an assigned number that only a guess finds.
        """
        likely = abroad = None
        for digits, basis in self._candidates(text):
            found = self._look_up(digits)
            if found is None:
                continue
            if found[1].kind is None and basis is HomeBasis.EXIT:
                found = next(self._corrected(digits), found)
            if found[1].kind is not None:
                return (None, likely) if likely is not None and basis is HomeBasis.GUESS else (found, None)
            if likely is None and basis >= HomeBasis.PREFIX and found[1].possible:
                likely = found
            if abroad is None and basis is HomeBasis.EXIT:
                abroad = found
        return None, likely or abroad

    def _look_up(self, digits: str) -> _Found | None:
        listing = self._home.look_up(digits)
        return None if listing is None else (digits, listing)

    def _corrected(self, digits: str) -> Iterator[_Found]:
        for shorter in without_trunk(digits):
            found = self._look_up(shorter)
            if found is not None and found[1].kind is not None:
                yield found

    def _candidates(self, text: Dialled) -> Iterator[tuple[str, HomeBasis]]:
        """E.164 digits this string could stand for, likeliest first, and what says so."""
        digits = text.digits
        if text.context:
            yield text.context + digits, HomeBasis.GUESS
            yield text.context + digits.removeprefix("0"), HomeBasis.GUESS
        if text.plus:
            yield digits, HomeBasis.EXIT
        else:
            for body in self._bodies(digits):
                yield from self._as_the_plan_says(body)
            if not self._access:
                yield from self._with_guessed_access(digits)
        yield from self._guessed(digits)
        if not text.plus:
            for body in self._bodies(digits):
                yield self._home.calling_code + body, HomeBasis.GUESS

    def _bodies(self, digits: str) -> Iterator[str]:
        """The string without the access digit and as it is, before each of them without a selection code."""
        bodies = [digits]
        if self._access and digits.startswith(self._access):
            bodies.insert(len(digits) - len(self._access) > _LONGEST_USUAL, digits[len(self._access) :])
        for body in bodies:
            selected = self._home.after_selection(body)
            if len(selected) >= SHORTEST_NATIONAL:
                yield selected
            yield body

    def _as_the_plan_says(self, body: str) -> Iterator[tuple[str, HomeBasis]]:
        for end in self._home.exit_ends(body, self._exit):
            yield body[end:], HomeBasis.EXIT
        for national, basis in self._home.nationals(body):
            yield self._home.calling_code + national, basis
        if body.startswith(self._home.calling_code):
            yield body, HomeBasis.PLAN
            for national, _ in self._home.nationals(body[len(self._home.calling_code) :]):
                yield self._home.calling_code + national, HomeBasis.PLAN

    def _with_guessed_access(self, digits: str) -> Iterator[tuple[str, HomeBasis]]:
        """Nobody configured the access digit, but people dial one."""
        if digits.startswith(GUESSED_ACCESS):
            for national, basis in self._home.nationals(digits[1:]):
                yield self._home.calling_code + national, basis

    def _guessed(self, digits: str) -> Iterator[tuple[str, HomeBasis]]:
        """Without any exit code (a trunk that takes bare E.164), then behind wrong ones."""
        national = {len(digits) - len(body) + self._home.prefix_end(body) for body in self._bodies(digits)}
        for end in range(min(_LONGEST_GUESS, max(len(digits) - _SHORTEST_GUESSED, 0)) + 1):
            rest = digits[end:]
            if rest.startswith("0") or (end in national and digits[:end] in _ACCESS_AND_PREFIX):
                continue
            if _could_be_exit(digits[:end]):
                yield rest, HomeBasis.EXIT if _CLEAN_EXIT.fullmatch(digits, 0, end) else HomeBasis.GUESS

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
            tail=_tail(digits),
        )

    def _number(self, shown: str, digits: str, listing: NumberListing) -> Number:
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
            tail=_tail(digits),
        )


def _could_be_exit(code: str) -> bool:
    if not code.strip("09") or (len(code) <= _LONGEST_WITH_END and code.endswith(_GUESSED_ENDS)):
        return True
    return _GUESSED_EXIT.fullmatch(code) is not None


def _klass(listing: NumberListing, abroad: bool) -> Klass:
    kind = NETWORK_KINDS.get(listing.calling_code, listing.kind)
    if kind in ("premium", "toll_free", "shared_cost", "satellite"):
        return Klass(kind)
    return Klass.INTERNATIONAL if abroad else Klass.NATIONAL


def _block(digits: str, listing: NumberListing) -> str:
    """Digits past the longest number of the plan are not dialled by anyone: they must not split a block."""
    dialled = digits[: listing.longest]
    return f"+{dialled[: max(len(dialled) - 4, len(listing.calling_code) + 3)]}"


def _tail(digits: str) -> str | None:
    return digits[-TAIL:] if len(digits) >= TAIL else None


def _plain(shown: str, klass: Klass, country: str | None = None) -> Number:
    return Number(dialled=shown, e164=None, country=country, klass=klass, block=None, international=False)
