"""Addresses that are denied, or not allowed (C07)."""

import pytest

from detector.contract.events import Control
from detector.detect.rules.source_denied import SourceDenied
from tests.detector.engine.builders import (
    HOUR,
    NOON,
    decisions,
    detections,
    fired,
    interrupted,
    login,
    moment,
    registration,
    run,
    settings,
)

RULE = "source.denied"
DENIED, ALLOWED, OTHER = "203.0.113.7", "203.0.113.8", "198.51.100.1"
LISTS = {"deny": ["203.0.113.0/24", "2001:db8::/32"], "allow": ["203.0.113.8"]}
CONFIGURED = settings(rules={RULE: LISTS})
CASES = [
    ("refused", [registration(0, source=DENIED)], [0], []),
    ("challenged", [registration(0, "challenged", source=DENIED)], [0], []),
    ("accepted", [registration(0, "accepted", source=DENIED)], [0], []),
    ("logins", [login(0, source=DENIED)], [0], []),
    ("IPv6", [login(0, source="2001:db8:1::1")], [0], []),
    ("once an hour", [registration(HOUR / 2 * n, source=DENIED) for n in range(3)], [0, HOUR], []),
    ("slow drip", [registration(HOUR * n, source=DENIED) for n in range(3)], [0, HOUR, 2 * HOUR], []),
    ("refused, then let in", [registration(0, source=DENIED), registration(5, "accepted", source=DENIED)], [0, 5], []),
    ("out of order", [registration(9, source=DENIED), registration(0, source=DENIED)], [9], []),
    ("twice the same event", [registration(0, source=DENIED)] * 2, [0], []),
    ("allowed outweighs denied", [registration(0, source=ALLOWED)], [], []),
    ("neither", [registration(0, source=OTHER)], [], [0]),
    ("the local network", [registration(0, source="10.0.0.9")], [], []),
    ("a trunk", [registration(0, source=DENIED, party="trunk")], [], []),
    ("a contact that expired", [registration(0, "expired", source=DENIED)], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds", "strict"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_denied(events, seconds, strict) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE, settings(rules={RULE: LISTS | {"strict": True}})) == (seconds or strict)
    assert fired(events, RULE) == []


def test_whoever_was_let_in_is_critical_and_the_address_is_to_be_blocked() -> None:
    found = run([registration(5, "accepted", source=DENIED)], CONFIGURED)
    assert [each.severity for each in detections(found, RULE)] == ["critical"]
    assert [(each.target.id, each.mode) for each in decisions(found)] == [(DENIED, "auto")]


def resolved(seconds, **hosts):
    """From here on these names stand for these addresses."""
    entries = {f"{name}.example": tuple(found) for name, found in hosts.items()}
    return Control(pbx="*", id=f"tables:{seconds}", at=moment(seconds), name="tables", tables={}, hosts=entries)


NAMES = settings(rules={RULE: {"deny": ["bad.example", "198.51.100.0/24"], "allow": ["good.example"]}})


@pytest.mark.parametrize(("events", "seconds"), [
    ([registration(0, source=DENIED)], []),
    ([resolved(0, bad=[DENIED]), registration(1, source=DENIED)], [1]),
    ([registration(0, source=DENIED), resolved(1, bad=[DENIED]), registration(2, source=DENIED)], [2]),
    ([resolved(0, bad=[DENIED]), resolved(1, bad=["203.0.113.99"]), registration(2, source=DENIED)], []),
    ([resolved(0, bad=[DENIED]), resolved(1, other=["203.0.113.99"]), registration(2, source=DENIED)], [2]),
    ([resolved(0, other=[DENIED]), registration(1, source=DENIED)], []),
    ([resolved(0, good=[OTHER]), registration(1, source=OTHER)], []),
    ([resolved(0, bad=[DENIED], good=[DENIED]), registration(1, source=DENIED)], []),
], ids=["not resolved yet", "resolved", "resolved later", "resolved anew", "another name", "not denied",
        "allowed by name", "both"])  # fmt: skip
def test_a_host_name_stands_for_its_addresses(events, seconds) -> None:
    assert fired(events, RULE, NAMES) == seconds
    assert [(each.at - NOON).total_seconds() for each in detections(interrupted(events, NAMES), RULE)] == seconds


@pytest.mark.parametrize(
    ("entry", "hint"),
    [("203.0.113.1/24", "203.0.113.0/24"), ("pbx example", "not a host name"), ("300.1.1.1", "an address")],
)
def test_what_is_no_address_says_what_is_allowed(entry, hint) -> None:
    with pytest.raises(ValueError, match=hint):
        SourceDenied.Limits(deny=[entry])
