"""Static defence as a CSV for the P-Series (C07)."""

import csv
import io

from streams.lists.static_defence import COLUMNS, as_csv, choose, merge


def rows(rules):
    return list(csv.DictReader(io.StringIO(as_csv(rules).decode())))


def test_what_is_accepted_and_what_is_dropped() -> None:
    chosen = choose(["10.1.0.0/16", "branch.example"], [("203.0.113.0/24", "deny list")], [], ipv6=False)
    found = rows(chosen.rules)
    assert as_csv([]).decode() == ",".join(COLUMNS) + "\r\n"
    assert [(row["Action"], row["Object Type"], row["Source IP Address"], row["Subnet Mask"], row["Domain"])
            for row in found] == [
        ("accept", "ip", "10.1.0.0", "255.255.0.0", ""),
        ("accept", "domain", "", "", "branch.example"),
        ("drop", "ip", "203.0.113.0", "255.255.255.0", ""),
    ]  # fmt: skip
    assert [(row["Service/Port Range"], row["Start Port"], row["End Port"], row["Protocol"]) for row in found] == [
        ("", "", "", ""), ("", "", "", ""), ("port_range", "1", "65535", "both"),
    ]  # fmt: skip
    assert found[2]["Name"] == "ringfence drop 203.0.113.0_24"


def test_names_are_unique_and_what_is_allowed_is_not_dropped() -> None:
    chosen = choose(["203.0.113.7"], [("203.0.113.7", "deny list"), ("203.0.113.8", "a"), ("203.0.113.8", "b")], [],
                    ipv6=False)  # fmt: skip
    names = [row["Name"] for row in rows(chosen.rules)]
    assert names == ["ringfence accept 203.0.113.7", "ringfence drop 203.0.113.8"]


def test_what_must_never_be_dropped() -> None:
    dropped = [(each, "x") for each in ("0.0.0.0/0", "192.168.1.0/24", "192.0.2.10", "2001:4860::/48", "203.0.113.7")]
    chosen = choose([], dropped, ["192.0.2.0/24"], ipv6=False)
    assert [rule.what for rule in chosen.rules] == ["203.0.113.7"]
    assert chosen.left_out == {"IPv6": 1, "own": 1, "private": 1, "wide": 1}
    assert next(rule.what for rule in choose([], dropped, ["192.0.2.0/24"], ipv6=True).rules) == "2001:4860::/48"


def test_ranges_side_by_side_become_one() -> None:
    assert merge(["203.0.113.0/25", "203.0.113.128/25", "2001:4860::/48", "203.0.113.7"]) == [
        "203.0.113.0/24", "2001:4860::/48",
    ]  # fmt: skip
