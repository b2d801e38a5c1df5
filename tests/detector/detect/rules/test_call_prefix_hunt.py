"""The same number behind one prefix after the other (C25)."""

import pytest

from tests.detector.engine.builders import (
    EMERGENCY,
    HOUR,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    refused,
    run,
    settings,
)

RULE = "call.prefix_hunt"
PREFIXES = ["9011", "900", "90011", "9810", "9+", "00", "011", "0011", "0000", "99011", "9900", "8810"]


def hunt(count, apart=30, **more):
    return [refused(apart * n, f"{PREFIXES[n]}252612345678", call=f"h{n}", **more) for n in range(count)]


CASES = [
    ("one below the limit", hunt(4), []),
    ("at the limit, one try per half minute", hunt(5), [120]),
    ("one past the limit", hunt(6), [120]),
    ("starts over", hunt(10), [120, 270]),
    ("within the window", hunt(5, 5_399), [4 * 5_399]),
    ("slow drip", hunt(12, 5_401), []),
    ("some get through for a moment", [*hunt(4), cdr(120, 10, "00252612345678")], [130]),
    ("some become calls", [*hunt(4), cdr(120, 11, "00252612345678")], []),
    ("over several extensions", [e for n in range(5) for e in hunt(n + 1, extension=str(1010 + n))[n:]], [120]),
    ("out of order", [hunt(5)[n] for n in (4, 2, 0, 1, 3)], [90]),
    ("twice the same event", [event for event in hunt(4) for _ in "ab"], []),
    ("a fax machine that retries a busy number", [refused(30 * n, disposition="busy") for n in range(50)], []),
    ("different numbers", [refused(30 * n, f"901125261{n:07}") for n in range(20)], []),
    ("how people write one number", [refused(60, "+1 (212) 555-0123"), refused(90, "+12125550123"),
                                     refused(120, "912125550123"), refused(150, "9-212-555-0123"),
                                     refused(160, "92125550123"), refused(170, "Tim <912125550123>")], []),
    ("short numbers", [refused(n, f"{n}1234567") for n in range(9)], []),
    ("emergencies", [refused(n, EMERGENCY) for n in range(9)], []),
    ("comes in", hunt(9, direction="inbound"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_prefix_hunt(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_and_the_extension_is_restricted() -> None:
    found = run(hunt(12))
    (incident,) = incidents(found)
    assert incident.kind == "prefix_hunt"
    assert incident.title == "Extension 1007 is hunting for a way to dial out to Somalia"
    assert "restrict_extension" in {each.action for each in decisions(found)}


def test_what_was_read_out_of_text_contains_nobody() -> None:
    found = run([*hunt(4, trust="text"), *hunt(5)[4:]])
    assert [each.values.get("trust") for each in detections(found, RULE)] == ["text"]
    assert {each.mode for each in decisions(found)} <= {"ask"}


def test_limits_are_settable() -> None:
    assert fired(hunt(2, HOUR), RULE, settings(rules={RULE: {"strings": 2}})) == [HOUR]
