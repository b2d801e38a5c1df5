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
