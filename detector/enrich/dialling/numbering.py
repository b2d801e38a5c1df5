"""The world's numbering plans, from the phonenumbers metadata, compiled for one look-up a number."""

import re
from collections.abc import Iterator
from functools import cache

import msgspec
import phonenumbers
from phonenumbers.phonemetadata import NumberFormat, PhoneMetadata, PhoneNumberDesc

from detector.enrich.dialling import customs

DIGEST = f"phonenumbers-{phonenumbers.__version__}-{customs.DIGEST}"
"""Names these tables in the log: the same name gives the same readings."""

NETWORKS = {
    "800": "International freephone",
    "808": "International shared cost",
    "870": "Inmarsat",
    "878": "Universal personal numbers",
    "881": "Global mobile satellite system",
    "8816": "Iridium",
    "8817": "Iridium",
    "8818": "Globalstar",
    "8819": "Globalstar",
    "882": "International networks 882",
    "88213": "EMSAT",
    "88216": "Thuraya",
    "883": "International networks 883",
    "8835100": "iNum",
    "888": "Disaster relief",
    "979": "International premium rate",
}
"""Networks that have a calling code and no country, by leading digits (ITU-T list of assigned codes)."""

NETWORK_KINDS = {
    "800": "toll_free",
    "808": "shared_cost",
    "870": "satellite",
    "881": "satellite",
    "882": "satellite",
    "883": "satellite",
    "979": "premium",
}
"""What the numbers of a network are, assigned or not; the others are ordinary."""

FEW_LENGTHS = 3
"""Where numbers have more lengths than that (Germany), any digits look like one of them."""

_WRITTEN = {"52": "1"}
"""One digit written after a calling code though it is no national prefix, where that is not a zero."""

_PERSONAL_NUMBERS_COST = "shared_cost"  # 070 in Britain: follows a person, charged to the caller


class NumberListing(msgspec.Struct, frozen=True):
    """Where one E.164 number belongs.

    `country` is ISO 3166-1 alpha-2, None for a `network`. `kind` is `fixed`, `mobile`, `other`, `premium`,
    `toll_free`, `shared_cost` or `satellite`; None when the digits are in no assigned range.
    `longest` is the most digits a number of this calling code has, the code included. `possible`: of the right
    length, where that says something.
    """

    calling_code: str
    country: str | None
    network: str | None
    kind: str | None
    longest: int
    possible: bool


class Region:
    """The ranges of one country, or of one network without a country."""

    def __init__(self, metadata: PhoneMetadata) -> None:
        self.code = metadata.id
        self.metadata = metadata
        general = metadata.general_desc
        self.lengths = frozenset(general.possible_length if general is not None else ())
        self.leading = re.compile(metadata.leading_digits) if metadata.leading_digits else None
        self.national_prefix = metadata.national_prefix or ""
        self._prefix = compiled(metadata.national_prefix_for_parsing)
        self._transform = metadata.national_prefix_transform_rule or ""
        self._ranges = re.compile(_ranges(metadata))
        self._written = re.compile("|".join(_written(*each) for each in enumerate(metadata.number_format)) or r"(?!)")

    def kind(self, national: str) -> str | None:
        """Kind of the range a national number lies in, None outside all of them."""
        found = self._ranges.fullmatch(national)
        return None if found is None else found.lastgroup

    def has(self, national: str) -> bool:
        """Whether this country claims the number."""
        if self.leading is not None:
            return self.leading.match(national) is not None
        return self._ranges.fullmatch(national) is not None

    def is_dialled_bare(self, national: str) -> bool:
        """Whether people write this number without the national prefix (all of +1, mobiles in China)."""
        if not self.national_prefix:
            return True
        found = self._written.fullmatch(national)
        return found is not None and str(found.lastgroup).startswith("bare")

    def without_prefix(self, dialled: str) -> Iterator[str]:
        """National numbers behind the national prefix, none where there is no prefix."""
        found = self._prefix.match(dialled)
        if found is None or found.end() == 0:
            return
        if self._transform and found.lastindex and found.group(found.lastindex) is not None:
            yield found.expand(self._transform) + dialled[found.end() :]
        yield dialled[found.end() :]


def without_trunk(digits: str) -> Iterator[str]:
    """E.164 digits without what is not dialled after a calling code, but written there: `+44 (0)20`, `+52 1 55`."""
    code = calling_code(digits)
    if code is None or code in NETWORKS:
        return
    national = digits[len(code) :]
    for prefix in {_regions(code)[0].national_prefix, _WRITTEN.get(code, "0")} - {""}:
        if national.startswith(prefix):
            yield code + national[len(prefix) :]


def look_up(digits: str, home: str) -> NumberListing | None:
    """Find an E.164 number (digits without `+`); None when it begins with no calling code.

    A range that several countries share (+1 800) belongs to `home` if that is one of them.
    """
    code = calling_code(digits)
    if code is None:
        return None
    network = _network(digits, code)
    regions = _regions(code)
    national = digits[len(code) :]
    lengths = _lengths(code)
    longest, possible = len(code) + max(lengths), len(national) in lengths and len(lengths) <= FEW_LENGTHS
    if network is not None:
        kind = NETWORK_KINDS.get(code, "other") if regions[0].kind(national) else None
        return NumberListing(code, None, network, kind, longest, possible)
    for region in regions:
        if region.code == home and region.has(national):
            return NumberListing(code, home, None, region.kind(national), longest, possible)
    for region in regions:
        if region.has(national):
            return NumberListing(code, region.code, None, region.kind(national), longest, possible)
    return NumberListing(code, regions[0].code, None, None, longest, possible)


def calling_code(digits: str) -> str | None:
    """The calling code an E.164 number begins with."""
    return _CODE_OF.get(digits[:3])


@cache
def region(code: str) -> Region:
    """The ranges of one country by its ISO code.

    Raises:
        ValueError: there are no numbers for such a country.
    """
    metadata = PhoneMetadata.metadata_for_region(code, None)
    if metadata is None:
        raise ValueError(f"no numbering plan for region {code[:8]!r}")
    return Region(metadata)


@cache
def _regions(calling_code: str) -> tuple[Region, ...]:
    codes = _CALLING_CODES[calling_code]
    if codes != ("001",):
        return tuple(region(code) for code in codes)
    metadata = PhoneMetadata.metadata_for_nongeo_region(int(calling_code), None)
    return () if metadata is None else (Region(metadata),)


@cache
def _lengths(calling_code: str) -> frozenset[int]:
    return frozenset[int]().union(*(region.lengths for region in _regions(calling_code)))


def _network(digits: str, code: str) -> str | None:
    if code not in NETWORKS:
        return None
    return next(NETWORKS[digits[:n]] for n in range(7, 2, -1) if digits[:n] in NETWORKS)


def compiled(pattern: str | None) -> re.Pattern[str]:
    """An expression that matches nothing where the plan has none."""
    return re.compile(pattern if pattern else r"(?!)")


def _ranges(metadata: PhoneMetadata) -> str:
    """One expression whose last group names the kind; the order is libphonenumber's."""
    kinds: list[tuple[str, PhoneNumberDesc | None]] = [
        ("premium", metadata.premium_rate),
        ("toll_free", metadata.toll_free),
        ("shared_cost", metadata.shared_cost),
        ("other", metadata.voip),
        (_PERSONAL_NUMBERS_COST, metadata.personal_number),
        ("other", metadata.pager),
        ("other", metadata.uan),
        ("other", metadata.voicemail),
        ("fixed", metadata.fixed_line),
        ("mobile", metadata.mobile),
    ]
    general = metadata.general_desc
    patterns: dict[str, list[str]] = {}
    for kind, pattern in customs.KINDS.get(metadata.id, {}).items():
        patterns[kind] = [pattern]
    for kind, described in kinds:
        if described is not None and described.national_number_pattern:
            patterns.setdefault(kind, []).append(described.national_number_pattern)
    if not patterns and general is not None and general.national_number_pattern:
        patterns["other"] = [general.national_number_pattern]
    return "|".join(f"(?P<{kind}>{'|'.join(each)})" for kind, each in patterns.items())


def _written(row: int, form: NumberFormat) -> str:
    """An expression for the numbers of one format; the name of its group says whether without national prefix."""
    leading = f"(?={form.leading_digits_pattern[-1]})" if form.leading_digits_pattern else ""
    rule = form.national_prefix_formatting_rule or ""
    bare = not any(c.isdigit() for c in rule.replace("\\1", ""))
    return f"(?P<{'bare' if bare else 'prefixed'}{row}>{leading}{form.pattern})"


_CALLING_CODES = {str(code): tuple(regions) for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}
_CODE_OF = {
    f"{code}{rest}"[:3]: code
    for code in _CALLING_CODES
    for rest in ("", *(f"{more:0{width}}" for width in (1, 2) for more in range(10**width)))
}
"""By the first three digits, or as many as there are: no calling code begins with another."""
