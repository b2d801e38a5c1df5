"""Whether an address lies in a set of networks."""

import pytest

from detector.enrich.networks import Networks

LISTED = Networks(["203.0.113.0/24", "198.51.100.7", "198.51.100.8/31", "2001:db8::/32", "203.0.113.128/25"])


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("203.0.112.255", False),
        ("203.0.113.0", True),
        ("203.0.113.255", True),
        ("203.0.114.0", False),
        ("198.51.100.6", False),
        ("198.51.100.7", True),
        ("198.51.100.9", True),
        ("198.51.100.10", False),
        ("2001:db8::", True),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:db9::", False),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to look up
    ],
)
def test_an_address_in_a_set_of_networks(address, inside) -> None:
    assert (address in LISTED) is inside


def test_an_empty_set_holds_nothing() -> None:
    assert not Networks([])
    assert "203.0.113.1" not in Networks([])
    assert LISTED


def test_everything() -> None:
    assert "255.255.255.255" in Networks(["0.0.0.0/0"])
    assert "::1" not in Networks(["0.0.0.0/0"])
