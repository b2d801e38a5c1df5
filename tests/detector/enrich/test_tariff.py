"""Prices by prefix and by class, and costs that are never rounded down."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.enrich.dialling.numbers import NumberPlan
from detector.enrich.tariff import PRICES, UNIT, Price, Tariff, amount

PLAN = NumberPlan(region="US", international_prefix="011", access_digit="9")
DOCUMENT = Path(__file__).parents[3] / "docs" / "numbers.md"
ROWS = [
    ("1", "0.01", 60),
    ("252", "0.95", 60),
    ("+25261", "1.10", "30"),
    ("252612", "0", 1),
    ("44", "0.00375", 1),
]
TARIFF = Tariff.from_rows(ROWS)


@pytest.mark.parametrize(
    ("dialled", "price"),
    [
        ("912125551234", Price(10_000, 60, "tariff")),
        ("9011252712345678", Price(950_000, 60, "tariff")),
        ("9011252615345678", Price(1_100_000, 30, "tariff")),
        ("9011252612345678", Price(0, 1, "tariff")),
        ("9011442079460123", Price(3_750, 1, "tariff")),
        ("901149302345678", Price(200_000, 60, "default")),
        ("911", Price(0, 60, "default")),
        ("1003", Price(0, 60, "default")),
    ],
)
def test_the_longest_prefix_counts(dialled: str, price: Price) -> None:
    assert TARIFF.price(PLAN.read(dialled)) == price


@pytest.mark.parametrize(
    ("dialled", "name"),
    [
        ("1003", "internal"),
        ("911", "emergency"),
        ("918005551234", "toll_free"),
        ("912125551234", "national"),
        ("5551234", "national"),
        ("919005551234", "premium"),
        ("9011448451234567", "shared_cost"),
        ("9011302101234567", "international"),
        ("9011491711234567", "international_mobile"),
        ("9011252612345678", "dear"),
        ("918765550123", "dear"),
        ("918095550123", "dear"),
        ("914165550123", "international"),
        ("9011881612345678", "satellite"),
        ("9011979123456789", "premium"),
        ("99999999999999999999", "unknown"),
        ("alice", "national"),
    ],
)
def test_without_a_tariff_the_class_sets_the_price(dialled: str, name: str) -> None:
    price = Tariff().price(PLAN.read(dialled))
    assert price == Price(PRICES[name], 60, "default")


def test_national_mobiles_cost_more_than_landlines() -> None:
    plan = NumberPlan(region="GB", international_prefix="00")
    assert Tariff().price(plan.read("07712345678")).per_minute == PRICES["national_mobile"]


@pytest.mark.parametrize(
    ("per_minute", "increment", "talk", "minor"),
    [
        (UNIT, 60, 0, 0),
        (UNIT, 60, -5, 0),
        (UNIT, 60, 1, 100),
        (UNIT, 60, 60, 100),
        (UNIT, 60, 61, 200),
        (UNIT, 1, 61, 102),
        (UNIT, 6, 61, 110),
        (1, 1, 1, 1),
        (0, 60, 3600, 0),
        (6 * UNIT, 60, 36_000, 360_000),
    ],
)
def test_started_increments_and_started_cents_count(per_minute: int, increment: int, talk: int, minor: int) -> None:
    assert Tariff().cost(Price(per_minute, increment, "tariff"), talk) == minor


@pytest.mark.parametrize(("currency", "minor"), [("USD", 150), ("EUR", 150), ("JPY", 2), ("KWD", 1500)])
def test_minor_units_are_those_of_the_currency(currency: str, minor: int) -> None:
    tariff = Tariff.from_rows([("81", "1.50", 60)], currency)
    assert tariff.currency == currency
    assert tariff.cost(tariff.price(PLAN.read("+81312345678")), 60) == minor


@given(st.integers(0, 10**9), st.integers(1, 3600), st.integers(1, 10**7))
def test_a_cost_covers_the_talk_and_less_than_one_increment_more(per_minute: int, increment: int, talk: int) -> None:
    cost = Tariff().cost(Price(per_minute, increment, "tariff"), talk)
    exact = Fraction(per_minute * 100, 60 * UNIT)
    assert exact * talk <= cost < exact * (talk + increment) + 1


def test_a_fraction_of_a_unit_is_rounded_up_and_the_last_row_of_a_prefix_counts() -> None:
    tariff = Tariff.from_rows([("49", "9", 60), ("49", " 0.0000001 ", 60)])
    assert tariff.price(PLAN.read("+49302345678")) == Price(1, 60, "tariff")


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (("x", "1", 60), "prefix 'x'"),
        (("", "1", 60), "prefix ''"),
        (("1234567890123456", "1", 60), "prefix"),
        (("\u0661", "1", 60), "prefix"),
        (("1", "-0.01", 60), "price '-0.01'"),
        (("1", "NaN", 60), "price 'NaN'"),
        (("1", "Infinity", 60), "price 'Infinity'"),
        (("1", "1e999999999", 60), "price"),
        (("1", "1,50", 60), "price '1,50'"),
        (("1", "9" * 100_000, 60), "price"),
        (("1", "1", 0), "increment '0'"),
        (("1", "1", "soon"), "increment 'soon'"),
        (("1", "1", 3601), "increment '3601'"),
    ],
)
def test_a_wrong_row_is_named(row: tuple[str, str, int | str], named: str) -> None:
    with pytest.raises(ValueError, match=f"tariff row 2: {named}"):
        Tariff.from_rows([("44", "0.01", 60), row])


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (0, "USD", "0.00 USD"), (5, "EUR", "0.05 EUR"), (123_456, "USD", "1,234.56 USD"), (-150, "USD", "-1.50 USD"),
        (1_500, "JPY", "1,500 JPY"), (1_500, "KWD", "1.500 KWD"), (100, "", "1.00"),
    ],
)  # fmt: skip
def test_an_amount_in_its_currency(minor: int, currency: str, said: str) -> None:
    assert amount(minor, currency) == said


def test_the_documented_default_prices_are_those_in_use() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: round(float(price) * UNIT) for name, price in rows} == PRICES
