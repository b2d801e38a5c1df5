"""Block lists as they are published: what is read, and what is left out (C05)."""

import pytest

from detector.enrich.blocklists import BlockList, BlockListing, BlockLists, sift
from detector.enrich.networks import Networks

CASES = [
    ("plain", "203.0.113.7\n198.51.100.0/24\n", ["203.0.113.7/32", "198.51.100.0/24"], 0),
    ("netset with comments", "# name\n; more\n203.0.113.0/24 # hosting\n\n", ["203.0.113.0/24"], 0),
    ("CSV with a header", "ip,score\n203.0.113.7,99\n", ["203.0.113.7/32"], 1),
    ("CSV, the address later and in quotes", '7,"203.0.113.7","a, b"\n', ["203.0.113.7/32"], 0),
    ("tabs", "203.0.113.7\t99\n", ["203.0.113.7/32"], 0),
    ("IPv6", "2001:db8::/32\n", ["2001:db8::/32"], 0),
    ("IPv4 inside IPv6", "::ffff:203.0.113.7\n", ["203.0.113.7/32"], 0),
    ("host bits", "203.0.113.7/24\n", ["203.0.113.0/24"], 0),
    ("private ranges", "10.0.0.0/8\n127.0.0.1\n100.64.0.0/10\n192.168.1.1\nfd00::/8\nfe80::1\n::1\n", [], 7),
    ("a range that holds a private one", "172.0.0.0/8\n", [], 1),
    ("the whole Internet", "0.0.0.0/0\n::/0\n64.0.0.0/2\n", [], 3),
    ("rubbish", 'hello\n1234\n999.1.1.1\n1.2.3.4/99\n\x00\n"\n', [], 6),
    ("nothing", "", [], 0),
]


@pytest.mark.parametrize(("text", "found", "skipped"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_is_read(text, found, skipped) -> None:
    sifted = sift(text.splitlines())
    assert (sifted.networks, sum(sifted.refused.values())) == (found, skipped)


@pytest.mark.parametrize(("text", "refused"), [
    ("10.0.0.1\n192.168.0.0/16\n", {"private": 2}),
    ("0.0.0.0/0\n::/0\n8.0.0.0/7\n", {"wide": 3}),
    ("192.0.2.10\n192.0.2.0/24\n2001:db8::/32\n", {"own": 3}),
    ("hello\n\n# comment\n", {"unreadable": 1}),
    ("203.0.113.1\n" * 500_002, {"too many": 2}),
], ids=["private", "too wide", "ours", "rubbish", "too many lines"])  # fmt: skip
def test_why_lines_are_refused(text, refused) -> None:
    assert sift(text.splitlines(), ["192.0.2.10/32", "2001:db8:1::/48"]).refused == refused


@pytest.mark.parametrize(("halves", "refused"), [(127, False), (129, True)])
def test_many_ranges_that_are_the_internet_together_are_no_list(halves, refused) -> None:
    wide = [f"{n}.0.0.0/9" for n in range(1, 224) if n not in {10, 100, 127, 169, 172, 192, 198}]
    wide += [f"{n}.128.0.0/9" for n in range(1, 224) if n not in {10, 100, 127, 169, 172, 192, 198}]
    lines = wide[: 2 * halves]
    assert len(lines) == 2 * halves
    if refused:
        with pytest.raises(ValueError, match="whole Internet"):
            sift(lines)
    else:
        assert len(sift(lines).networks) == 2 * halves


def test_the_first_list_that_names_an_address_tells() -> None:
    one = BlockList(BlockListing("one", 1), Networks(["203.0.113.0/24"]), "a")
    two = BlockList(BlockListing("two", 2), Networks(["203.0.112.0/23"]), "b")
    lists = BlockLists([one, two])
    assert [lists.find(address) for address in ("203.0.113.1", "203.0.112.1", "203.0.114.1")] == [
        BlockListing("one", 1), BlockListing("two", 2), None,
    ]  # fmt: skip
    assert lists.digest == "a+b"
    assert not BlockLists([BlockList(BlockListing("empty", 1), Networks([]), "c")])
