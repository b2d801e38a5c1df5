"""Prices calls, so that a loss can be named while it grows; integers only."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal

import msgspec

from detector.contract.vocabulary import PricedBy
from detector.enrich.dialling.numbers import Klass, Number

UNIT = 1_000_000
"""Price units in one unit of the currency: a price of 20,000 is 0.02 a minute."""
DEAREST = 1_000_000
LONGEST_AMOUNT = 32
LONGEST_INCREMENT = 3_600
LONGEST_PREFIX = 15

PRICES: dict[str, int] = {
    "internal": 0,
    "emergency": 0,
    "toll_free": 0,
    "national": 20_000,
    "national_mobile": 100_000,
    "shared_cost": 150_000,
    "international": 200_000,
    "international_mobile": 400_000,
    "dear": 900_000,
    "unknown": 900_000,
    "premium": 3_000_000,
    "satellite": 6_000_000,
}
"""What a minute costs where the operator gave no tariff, in `UNIT`s of whatever currency is set.

Round figures for ranking and for the order of magnitude, not a price list. `dear` is any call to
`DEAR_COUNTRIES`; `unknown` is a long string that no plan explains, dear because mostly fraud dials it.
"""

DEAR_COUNTRIES = frozenset({
    "AC", "AF", "AG", "AI", "AQ", "AS", "BB", "BF", "BI", "BM", "BS", "BY", "CD", "CF", "CG",
    "CI", "CK", "CU", "DJ", "DM", "DO", "DZ", "ER", "ET", "FK", "FM", "GA", "GD", "GM", "GN",
    "GQ", "GW", "GY", "HT", "JM", "KI", "KM", "KN", "KP", "KY", "LA", "LC", "LR", "LS", "LV",
    "MG", "MH", "ML", "MM", "MR", "MS", "MV", "NE", "NF", "NR", "NU", "PG", "PS", "PW", "SB",
    "SC", "SH", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SX", "SY", "TC", "TD", "TG", "TK",
    "TL", "TN", "TO", "TT", "TV", "VC", "VG", "VU", "WF", "WS", "YE", "ZW",
})  # fmt: skip
"""Countries whose ordinary numbers cost well over the usual price and that revenue-share fraud prefers.

Those behind `+1` are among them: dialled like a call to the next town, priced like one abroad. Such lists age:
this one prices a call and never decides on one.
"""

_MINOR_UNITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KRW", "PYG", "RWF", "UGX", "VND", "XAF", "XOF"), 1
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 1000)
"""Minor units in one unit of the currency where they are not a hundred (ISO 4217)."""


class Price(msgspec.Struct, frozen=True):
    """`per_minute` in `UNIT`s; time is charged in steps of `increment` seconds."""

    per_minute: int
    increment: int
    basis: PricedBy


class Tariff:
    """Prices by the longest prefix of the E.164 number, by default by what the number is."""

    def __init__(self, prices: Mapping[str, Price] | None = None, *, currency: str = "USD") -> None:
        self.currency = currency
        self._minor_units = minor_units(currency)
        self._prices = dict(prices or {})
        self._lengths = sorted({len(prefix) for prefix in self._prices}, reverse=True)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, int | str]], currency: str = "USD") -> "Tariff":
        """Read `(prefix, price a minute, increment in seconds)`; a prefix twice: the last one counts.

        Raises:
            ValueError: names the row, counted from 1, and what is wrong with it.
        """
        prices = {}
        for number, (prefix, per_minute, increment) in enumerate(rows, 1):
            try:
                prices[_prefix(prefix)] = Price(_units(per_minute), _increment(increment), PricedBy.TARIFF)
            except ValueError as error:
                raise ValueError(f"tariff row {number}: {error}") from None
        return cls(prices, currency=currency)

    def price(self, number: Number) -> Price:
        """Price of a call to a number."""
        if number.e164 is not None and number.klass is not Klass.EMERGENCY:
            digits = number.e164[1:]
            for length in self._lengths:
                found = self._prices.get(digits[:length])
                if found is not None:
                    return found
        return _DEFAULTS[_default(number)]

    def cost(self, price: Price, talk_seconds: int) -> int:
        """Cost in minor units of the currency; started increments and started minor units count in full."""
        charged = started(price.increment, talk_seconds)
        return -(-charged * price.per_minute * self._minor_units // (60 * UNIT))


def started(increment: int, talk_seconds: int) -> int:
    """The seconds that are charged: a started increment counts in full."""
    return -(-talk_seconds // increment) * increment if talk_seconds > 0 else 0


def minor_units(currency: str) -> int:
    """How many minor units are one unit."""
    return _MINOR_UNITS.get(currency, 100)


def amount(minor: int, currency: str) -> str:
    """Minor units as an amount with the currency's code: `1,234.50 USD`, `1,240 JPY`, `1.240 KWD`."""
    units = minor_units(currency)
    whole, rest = divmod(abs(minor), units)
    text = f"{whole:,}.{rest:0{len(str(units)) - 1}d}" if units > 1 else f"{whole:,}"
    return f"{'-' if minor < 0 else ''}{text} {currency}".rstrip()


def _default(number: Number) -> str:
    if number.klass is Klass.NATIONAL:
        return "national_mobile" if number.mobile else "national"
    if number.klass is not Klass.INTERNATIONAL:
        return number.klass if number.klass is not Klass.UNKNOWN or number.international else "national"
    if number.country in DEAR_COUNTRIES:
        return "dear"
    return "international_mobile" if number.mobile else "international"


def _prefix(text: str) -> str:
    prefix = text.strip().removeprefix("+")
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= LONGEST_PREFIX):
        raise ValueError(f"prefix {text[:32]!r} is not digits of an E.164 number")
    return prefix


def _units(text: str) -> int:
    try:
        amount = Decimal(text.strip()) if len(text) <= LONGEST_AMOUNT else Decimal("NaN")
        if 0 <= amount <= DEAREST:
            return int((amount * UNIT).to_integral_value(ROUND_CEILING))
    except ArithmeticError:
        pass
    raise ValueError(f"price {text[:32]!r} is not an amount from 0 to {DEAREST}")


def _increment(value: int | str) -> int:
    try:
        seconds = int(value)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= LONGEST_INCREMENT:
        raise ValueError(f"increment {str(value)[:32]!r} is not 1 to {LONGEST_INCREMENT} seconds")
    return seconds


_DEFAULTS = {name: Price(units, 60, PricedBy.DEFAULT) for name, units in PRICES.items()}
