"""Real-looking dial strings of many countries, from tests/data/dial-strings.csv, and the share read right."""

import csv
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from detector.enrich.dialling.numbers import Klass, Number, NumberPlan

FILE = Path(__file__).parents[3] / "data" / "dial-strings.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
"""`home`, the PBX's `access` digit and `exit` code, the string as `dialled`, what it `reads` as (an E.164 number,
`emergency`, `internal`, `service` for a number without E.164 form, or `unreadable`), `country` and `class`."""

STRICT = {"emergency", "internal"}
ENOUGH = 0.95


@cache
def plan(home: str, access: str, prefix: str) -> NumberPlan:
    return NumberPlan(region=home, access_digit=access, international_prefix=prefix)


def reads(number: Number) -> str:
    if number.e164 is not None:
        return number.e164
    if number.klass in (Klass.EMERGENCY, Klass.INTERNAL):
        return str(number.klass)
    return "unreadable" if number.klass is Klass.UNKNOWN and number.international else "service"


def wrong(row: dict[str, str]) -> str | None:
    number = plan(row["home"], row["access"], row["exit"]).read(row["dialled"])
    got = (reads(number), number.country or "", str(number.klass))
    if got == (row["reads"], row["country"], row["class"]):
        return None
    return f"{row['home']} {row['dialled']!r}: {','.join(got)}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['home']}-{row['access']}-{row['dialled']}")
def test_a_dial_string_is_read(row: dict[str, str]) -> None:
    assert wrong(row) is None


def test_enough_are_right_in_every_country_and_all_emergency_and_internal_ones(
    record_property: Callable[[str, object], None],
) -> None:
    right, rows = Counter[str](), Counter[str]()
    for row in ROWS:
        for group in {row["home"], "all", *({row["class"]} & STRICT)}:
            rows[group] += 1
            right[group] += wrong(row) is None
    shares = {group: right[group] / rows[group] for group in sorted(rows)}
    for group, share in shares.items():
        record_property(group, f"{share:.3f}")
        print(f"{group:10} {right[group]:3} of {rows[group]:3}  {share:6.1%}")
    assert shares["emergency"] == shares["internal"] == 1
    assert min(shares.values()) >= ENOUGH


def test_the_table_is_broad() -> None:
    assert len(ROWS) >= 160
    assert len({row["home"] for row in ROWS}) >= 10
    assert {row["class"] for row in ROWS} == {str(klass) for klass in Klass}
    assert len({tuple(row.values()) for row in ROWS}) == len(ROWS)
