"""A guest hunts for a way out (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOUR,
    OFFICE,
    OTHER_THIEF,
    ROAMING,
    THIEF,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    notice,
    registration,
    run,
    settings,
)

RULE = "source.strangers"
NUMBER = "252612345678"
PREFIXES = ["9011", "900", "90011", "9810", "9+", "00", "011", "0011", "0000", "99011", "9900", "8810"]


def stranger(seconds, to=None, source=THIEF, **more):
    given = {"from_": None, "direction": None, "trunk": None, "route": None, "source_ip": source,
             "call": f"s{seconds}{source}"}  # fmt: skip
    talk = more.pop("talk", 0)
    over = {"disposition": "answered" if talk else "failed"} | ({} if talk else {"answered_at": None})
    return cdr(seconds, talk, to, more.pop("extension", None), **given | over | more)


def hunt(count, apart=35, **more):
    return [stranger(apart * n, f"{PREFIXES[n % 12]}{NUMBER}{n // 12 or ''}", **more) for n in range(count)]


def scan(count, apart=1, **more):
    return [notice(apart * n, "sip_probe", **more) for n in range(count)]


CASES = [
    ("one below the limit", hunt(4), []),
    ("at the limit", hunt(5), [140]),
    ("one past the limit", hunt(6), [140]),
    ("starts over", hunt(10), [140, 315]),
    ("turned away before a number was known", [stranger(10 * n) for n in range(5)], [40]),
    ("slow drip", hunt(11, 600), []),
    ("all prefixes, one every ten minutes", hunt(12, 600), [11 * 600]),
    ("one every three hours", hunt(40, 3 * HOUR), []),
    ("one number over hours, from another address each time",
     [stranger(1_900 * n, f"{PREFIXES[n]}{NUMBER}", f"203.0.{n}.7") for n in range(12)], [11 * 1_900]),
    ("one number over hours, eleven ways",
     [stranger(1_900 * n, f"{PREFIXES[n % 11]}{NUMBER}", f"203.0.{n}.7") for n in range(30)], []),
    ("different numbers from one address over hours",
     [stranger(1_900 * n, f"901125261234{n:04}") for n in range(12)], [11 * 1_900]),
    ("different numbers from addresses side by side",
     [stranger(300 * n, f"901125261234{n:04}", f"203.0.113.{n % 5 + 1}") for n in range(15)], [14 * 300]),
    ("different numbers from two addresses side by side",
     [stranger(900 * n, f"901125261234{n:04}", f"203.0.113.{n % 2 + 1}") for n in range(20)], []),
    ("different numbers from addresses far apart",
     [stranger(300 * n, f"901125261234{n:04}", f"203.0.{n % 5}.1") for n in range(40)], []),
    ("home offices behind one address, known, whose phones call without an account",
     [registration(-2 * DAY, "accepted", "1001", ROAMING),
      *[stranger(600 * n, f"901125261234{n:04}", ROAMING) for n in range(20)]], []),
    ("an announcement is heard", hunt(5, talk=12), [152]),
    ("an announcement, one second longer", hunt(9, talk=21), []),
    ("the same number again and again", [stranger(30 * n, f"9011{NUMBER}") for n in range(40)], []),
    ("one number from several addresses",
     [stranger(30 * n, f"{PREFIXES[n]}{NUMBER}", f"203.0.113.{n + 1}") for n in range(5)], [120]),
    ("different numbers from several addresses",
     [stranger(30 * n, f"9011252612345{n}{n}{n}", f"203.0.113.{n + 1}") for n in range(9)], []),
    ("one of ours", hunt(9, extension="1007", direction="outbound"), []),
    ("over a trunk", hunt(9, trunk_in="carrier-a"), []),
    ("from a private address", hunt(9, source="10.1.2.3"), []),
    ("some talk", [stranger(30 * n, f"{PREFIXES[n]}{NUMBER}", talk=60) for n in range(9)], []),
    ("an office that is known, fewer than 24",
     [registration(-2 * DAY, "accepted", "1001", OFFICE), *hunt(12, source=OFFICE)], []),
    ("out of order", [hunt(5)[n] for n in (4, 2, 0, 1, 3)], [105]),
    ("twice the same event", [event for event in hunt(4) for _ in "ab"], []),
    ("scans one below", scan(19), []),
    ("scans at the limit", scan(20), [19]),
    ("a peer that looks whether we are there", scan(60, 30), []),
    ("scans from two addresses", [*scan(10), *[notice(n + 0.5, "sip_probe", OTHER_THIEF) for n in range(10)]], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_strangers(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_the_address_is_blocked_and_no_extension_is_touched() -> None:
    found = run(hunt(6))
    (incident,) = incidents(found)
    assert incident.title == f"{THIEF}, which has no account here, tried to call in 5 ways"
    assert [(each.action, each.target.id, each.mode) for each in decisions(found)] == [("block_ip", THIEF, "auto")]


def test_what_was_read_out_of_text_is_only_proposed() -> None:
    found = run(hunt(6, trust="text"))
    assert [each.values.get("trust") for each in detections(found, RULE)] == ["text"]
    assert {each.mode for each in decisions(found)} == {"ask"}


def test_limits_are_settable() -> None:
    assert fired(hunt(2), RULE, settings(rules={RULE: {"numbers": 2}})) == [35]


def test_addresses_side_by_side_are_one_incident() -> None:
    events = [stranger(300 * n, f"901125261234{n:04}", f"203.0.113.{n % 5 + 1}") for n in range(30)]
    (incident,) = incidents(run(events))
    named = {each.id for each in incident.subjects}
    assert {"203.0.113.0/24", "203.0.113.5"} <= named
