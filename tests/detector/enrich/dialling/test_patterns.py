"""Number patterns of the PBX: what fits, what does not, what is refused."""

import pytest

from detector.enrich.dialling.patterns import LONGEST, parse


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("X.", ["12", "0123456789"], ["", "1", "*1"]),
        ("X!", ["1", "12"], ["", "#"]),
        (".", ["1", "+4930"], [""]),
        ("!", ["", "1"], []),
        ("1900XXXXXXX", ["19005551234"], ["1900555123", "190055512345", "18005551234"]),
        ("9.", ["90", "911"], ["9", "8", "19"]),
        ("Z!", ["1", "9", "90"], ["0"]),
        ("NXX", ["200", "999"], ["199", "20", "2000"]),
        ("[1-5]X", ["10", "59"], ["60", "00"]),
        ("[13-57]", ["1", "3", "4", "5", "7"], ["2", "6", "8"]),
        ("[0-13-4]", ["0", "1", "3", "4"], ["2"]),
        ("[*#]21", ["*21", "#21"], ["121"]),
        ("00252.", ["00252612345678"], ["00252", "0025361"]),
        ("+252!", ["+252", "+25261"], ["252", "+253"]),
        ("zn", ["12"], ["02", "11"]),
        ("110", ["110"], ["1100", "11"]),
    ],
)
def test_what_fits(pattern, fits, fits_not) -> None:
    made = parse(pattern)
    assert [number for number in fits if not made.matches(number)] == []
    assert [number for number in fits_not if made.matches(number)] == []


@pytest.mark.parametrize(
    "text",
    ["", "1" * (LONGEST + 1), "9.1", "!!", "X.X", "abc", "[", "[]", "[5-1]", "[1-]", "[-1]", "[X]", "1 2", "(1+)+", "٣",
     "[1" + "-5" * 20 + "]", "1\n", "\\d"],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(text) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse(text)


def test_a_hostile_pattern_looks_at_each_place_once() -> None:
    made = parse("X" * (LONGEST - 1) + ".")
    assert made.matches("1" * 1_000_000)
    assert not made.matches("1" * 62 + "*" + "1" * 1_000_000)
    assert len(made.places) < LONGEST
