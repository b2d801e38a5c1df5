"""What may be put on the allow-list, and how it is kept."""

import pytest

from detector.decide.allow_list import allowable


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("203.0.113.9", "203.0.113.9"), ("203.0.113.9/28", "203.0.113.0/28"), ("2001:db8::1", "2001:db8::1"),
        ("+252612345678", "+252612345678"), ("International", "International"), (" 1007 ", "1007"),
    ],
)  # fmt: skip
def test_an_entry_is_kept_as_the_guard_compares_it(given: str, kept: str) -> None:
    assert allowable(given) == kept


@pytest.mark.parametrize("given", ["", "a\nb", "0.0.0.0/0", "::/0", "10.0.0.0/8", "+12", "+1 212", "+1212555010012345"])
def test_what_would_allow_half_the_world_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        allowable(given)


@pytest.mark.parametrize("given", ["203.0.113.777", "203.0.113", "203.0.113.0/40", "2001:db8::g", "1.2.3.4.5"])
def test_what_looks_like_an_address_and_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="looks like an address and is none"):
        allowable(given)


@pytest.mark.parametrize("given", ["Softphones E.164", "Route 1.5", "carrier-a: second"])
def test_a_name_may_hold_points_and_colons(given: str) -> None:
    assert allowable(given) == given
