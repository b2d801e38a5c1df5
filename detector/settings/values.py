"""What single settings may look like: each type refuses a bad value and says what is allowed."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import holidays
import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo

SHOWN = 12
UNPHONED = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})  # ISO countries without a numbering plan
REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)
HOLIDAYS = holidays.list_supported_countries(include_aliases=False)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)


def refusal(problem: str, allowed: str = "", near: str | None = None) -> ValueError:
    """An error that reads `problem (allowed: ...; did you mean ...?)`."""
    hints = [f"allowed: {allowed}"] * bool(allowed) + [f"did you mean {near}?"] * bool(near)
    return ValueError(f"{problem} ({'; '.join(hints)})" if hints else problem)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, if any is."""
    found = get_close_matches(word[:128], sorted(known), 1, 0.6)
    return found[0] if found else None


def listed(words: Iterable[str]) -> str:
    """The first few of `words`, in order, as text."""
    words = list(words)
    return ", ".join(words[:SHOWN]) + (", ..." if len(words) > SHOWN else "")


def as_text(value: object) -> object:
    """An unquoted number stands for its digits: 1001 is "1001"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def matching(pattern: str, what: str) -> Callable[[str], str]:
    """A validator that refuses text which is not `what`."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise refusal("not understood", what)
        return value

    return check


def known_region(value: str, more: frozenset[str] = frozenset()) -> str:
    """An ISO 3166 country code, in capitals."""
    code, known = value.upper(), REGIONS | more
    if code not in known:
        raise refusal("unknown country", "ISO 3166 codes such as US, DE, GB", nearest(code, known))
    return code


@cache
def timezones() -> frozenset[str]:
    """The names of the packaged time zones, the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def known_timezone(value: str) -> str:
    """A name of the IANA time zone database."""
    if value not in timezones():
        allowed = "names such as Europe/Berlin or UTC"
        raise refusal("unknown time zone", allowed, nearest(value, timezones()))
    return value


def known_holidays(value: str) -> str:
    """A country, or country-subdivision, whose public holidays are known."""
    country, _, subdivision = value.partition("-")
    country = country.upper()
    if country not in HOLIDAYS:
        allowed = "a country such as US, one with a subdivision such as US-CA, or a list of dates"
        raise refusal("holidays are not known for this", allowed, nearest(country, HOLIDAYS))
    if not subdivision:
        return country
    known = [name for name in HOLIDAYS[country] if name.isupper() or name.isdigit()]
    if subdivision.upper() not in known:
        near = nearest(subdivision.upper(), known)
        allowed = listed(known) or f"{country} has none"
        raise refusal("unknown subdivision", allowed, near and f"{country}-{near}")
    return f"{country}-{subdivision.upper()}"


def network(value: str) -> str:
    """An address or CIDR in its shortest form; an IPv4 address inside IPv6 becomes IPv4."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return str(ipaddress.ip_network(value))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def host_or_network(value: str, *, cidr: bool = True) -> str:
    """An address, a CIDR or a host name."""
    allowed = f"an address, {'a CIDR ' * cidr}or a host name"
    if "/" in value or ":" in value:
        try:
            return network(value)
        except ValueError as error:
            near = str(ipaddress.ip_network(value, strict=False)) if "host bits" in str(error) else None
            raise refusal("not an address", allowed, near) from None
    labels = value.rstrip(".").split(".")
    if labels[-1].isdigit():
        try:
            return network(value)
        except ValueError:
            raise refusal("not an address", allowed) from None
    if len(value) > 253 or not all(map(LABEL.fullmatch, labels)):
        raise refusal("not a host name", allowed)
    return value.lower().rstrip(".")


def address_or_network(value: str) -> str:
    """An address or CIDR, no host name: whoever answers for a name can change what it stands for."""
    try:
        return network(value)
    except ValueError as error:
        near = str(ipaddress.ip_network(value, strict=False)) if "host bits" in str(error) else None
        raise refusal("not an address", "an address or a CIDR; no host name", near) from None


def is_name(value: str) -> bool:
    """Whether an address, a CIDR or a host name is a name."""
    return "/" not in value and ":" not in value and not value.rpartition(".")[2].isdigit()


def host_only(value: str) -> str:
    """An address or a host name, no CIDR."""
    if "/" in value:
        raise refusal("not a single host", "an address or a host name")
    return host_or_network(value, cidr=False)


def iso_date(value: object) -> object:
    """A date as text, year first; a bare number is none."""
    if not isinstance(value, date) and not (isinstance(value, str) and ISO_DATE.fullmatch(value)):
        raise refusal("not a date", "dates such as 2026-12-24")
    return value


def located(path: Path, info: ValidationInfo) -> Path:
    """A relative path starts at `folder` of the validation context, where the configuration lies."""
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if folder is not None else path


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """The same values in the same order, each once."""
    return tuple(dict.fromkeys(values))


IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
EXTENSION = r"[A-Za-z0-9*#+._-]{1,64}"

Short = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Identifier = Annotated[
    str,
    BeforeValidator(as_text),
    AfterValidator(matching(IDENTIFIER, "letters, digits, '.', '_' and '-', up to 64")),
]
Extension = Annotated[
    str, BeforeValidator(as_text), AfterValidator(matching(EXTENSION, 'an extension number such as "1001"'))
]
Digits = Annotated[
    str,
    BeforeValidator(as_text),
    AfterValidator(matching(r"[0-9*#]{0,16}", "up to 16 of the digits 0-9, * and #")),
]
Prefix = Annotated[
    str,
    BeforeValidator(as_text),
    AfterValidator(matching(r"\+?[0-9]{1,15}", 'an E.164 prefix such as "252"')),
    AfterValidator(lambda prefix: prefix.lstrip("+")),
]
Snake = Annotated[str, AfterValidator(matching(r"[a-z][a-z0-9_]{0,63}", "snake case such as ip_blocked"))]
Region = Annotated[str, AfterValidator(known_region)]
Country = Annotated[str, AfterValidator(partial(known_region, more=UNPHONED))]
Countries = Annotated[tuple[Country, ...], AfterValidator(unique)]
TimeZone = Annotated[str, AfterValidator(known_timezone)]
HolidayRegion = Annotated[str, AfterValidator(known_holidays)]
Day = Annotated[date, BeforeValidator(iso_date)]
Currency = Annotated[str, AfterValidator(matching(r"[A-Z]{3}", "an ISO 4217 code such as USD"))]
Address = Annotated[str, AfterValidator(host_or_network)]
Network = Annotated[str, AfterValidator(address_or_network)]
Addresses = Annotated[tuple[Address, ...], AfterValidator(unique)]
Networks = Annotated[tuple[Network, ...], AfterValidator(unique)]
Host = Annotated[str, AfterValidator(host_only)]
Located = Annotated[Path, AfterValidator(located)]
Port = Annotated[int, Field(ge=1, le=65_535)]
MinutePrice = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
