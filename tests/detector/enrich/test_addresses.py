"""Addresses as logs write them, and what is counted for each."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.enrich.addresses import AddressTable, Place

TABLE = AddressTable()
PRIVATE = [
    "0.1.2.3", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
    "fc00::1", "fdff::1", "ff02::1", "::ffff:10.0.0.1",
]  # fmt: skip
PUBLIC = [
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "100.63.255.255", "100.128.0.1",
    "172.15.255.255", "172.32.0.1", "11.0.0.0", "9.255.255.255", "192.167.255.255", "192.169.0.1",
    "223.255.255.255", "::2", "fbff::1",
]  # fmt: skip


class OperatorTable:
    """Knows one address well, one without a country, and nothing else."""

    digest = "operator-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, address: str) -> tuple[str | None, int | None]:
        self.asked.append(address)
        known = {"203.0.113.9": ("NL", 64500), "8.8.8.8": (None, 64501), "9.9.9.9": ("CH", None)}
        return known.get(address, (None, None))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        (" 198.51.100.7\n", "198.51.100.7"),
        ("198.51.100.7:5060", "198.51.100.7"),
        ("IPV4/UDP/198.51.100.7/5061", "198.51.100.7"),
        ("ipv4/tls/198.51.100.7/5061", "198.51.100.7"),
        ("IPV4/WSS/198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::FFFF:c633:6407", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:5060", "198.51.100.7"),
        ("64:ff9b::198.51.100.7", "198.51.100.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:5061", "2001:db8::1"),
        ("IPV6/TCP/2001:db8::1/5061", "2001:db8::1"),
    ],
)
def test_reads_every_form_of_an_address(text: str, address: str) -> None:
    place = TABLE.look_up(text)
    assert place is not None
    assert place.address == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "sip.example:5060",
        "fe80::1%eth0",
        "[fe80::1%1]:5060",
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:abc",
        "1.2.3.4/24",
        "2001:db8::/32",
        "1:2:3:4:5:6:7:8:9",
        "[1.2.3.4",
        "IPV4/UDP//5060",
        "\u0661.2.3.4",
        "1.2.3.4, 5.6.7.8",
        "2001:db8::1" + " " * 200,
    ],
)
def test_refuses_what_is_no_single_address(text: str) -> None:
    assert TABLE.look_up(text) is None


def test_counts_an_ipv4_address_and_the_64_of_an_ipv6_address() -> None:
    four = TABLE.look_up("198.51.100.7:5060")
    six, neighbour = TABLE.look_up("2001:db8:1:2:3::1"), TABLE.look_up("2001:db8:1:2:ffff::9")
    assert four == Place("198.51.100.7", "198.51.100.7", None, "198.51.100.0/24", private=False)
    assert six == Place("2001:db8:1:2:3::1", "2001:db8:1:2::/64", None, "2001:db8:1::/48", private=False)
    assert neighbour is not None
    assert neighbour.key == six.key


@pytest.mark.parametrize(
    "text",
    PRIVATE,
)
def test_private_addresses_have_no_country(text: str) -> None:
    place = TABLE.look_up(text)
    assert place is not None
    assert (place.private, place.country) == (True, None)


@pytest.mark.parametrize(
    "text",
    PUBLIC,
)
def test_documentation_addresses_and_neighbours_of_private_ranges_are_public(text: str) -> None:
    place = TABLE.look_up(text)
    assert place is not None
    assert not place.private


def test_documentation_addresses_have_no_country() -> None:
    places = [TABLE.look_up(text) for text in ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1")]
    assert [place and place.country for place in places] == [None] * 4


def test_the_packaged_table_knows_countries() -> None:
    places = [TABLE.look_up(text) for text in ("8.8.8.8", "2001:4860:4860::8888", "193.0.6.139")]
    assert [place and place.country for place in places] == ["US", "US", "NL"]


def test_the_operators_table_comes_first_and_the_packaged_one_fills_in() -> None:
    table = AddressTable(OperatorTable())
    places = [table.look_up(text) for text in ("203.0.113.9", "8.8.8.8", "9.9.9.9")]
    assert [place and (place.country, place.network) for place in places] == [
        ("NL", "AS64500"),
        ("US", "AS64501"),
        ("CH", "9.9.9.0/24"),
    ]


def test_the_operators_table_is_asked_once_an_address_and_never_for_private_ones() -> None:
    reader = OperatorTable()
    table = AddressTable(reader)
    for text in ("203.0.113.9", "203.0.113.9", "10.0.0.1", "nonsense"):
        table.look_up(text)
    assert reader.asked == ["203.0.113.9"]


def test_the_digest_names_every_table() -> None:
    assert TABLE.digest.startswith("iptocc-")
    assert AddressTable(OperatorTable()).digest == f"operator-1+{TABLE.digest}"


def test_places_do_not_depend_on_what_was_forgotten() -> None:
    small = AddressTable(cache_size=2)
    texts = [f"198.51.{n % 7}.{n}" for n in range(20)]
    assert [small.look_up(text) for text in texts] == [TABLE.look_up(text) for text in texts]


@given(st.one_of(st.text(max_size=1024), st.text(alphabet="0123456789abcdef.:[]/%IPVUD", max_size=60)))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_table(text: str) -> None:
    place = TABLE.look_up(text)
    if place is not None:
        assert TABLE.look_up(place.address) == place


@given(st.ip_addresses())
@settings(deadline=None)
def test_every_address_lies_in_its_own_key_and_network(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    place = TABLE.look_up(str(address))
    assert place is not None
    read = ipaddress.ip_address(place.address)
    assert read in ipaddress.ip_network(place.key)
    assert read in ipaddress.ip_network(place.network)
