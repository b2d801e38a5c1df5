"""An address on a block list comes to the PBX (C05)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOUR,
    LISTED,
    THIEF,
    decisions,
    detections,
    fired,
    known_phones,
    login,
    registration,
    run,
    settings,
)

RULE = "source.listed"
CASES = [
    ("refused", [registration(0, source=LISTED)], [0]),
    ("challenged", [registration(0, "challenged", source=LISTED)], [0]),
    ("accepted", [registration(0, "accepted", source=LISTED)], [0]),
    ("logins", [login(0, source=LISTED)], [0]),
    ("once a day each", [registration(HOUR * 12 * n, source=LISTED) for n in range(3)], [0, DAY]),
    ("slow drip", [registration(DAY * n, source=LISTED) for n in range(3)], [0, DAY, 2 * DAY]),
    ("refused, then let in", [registration(0, source=LISTED), registration(9, "accepted", source=LISTED)], [0, 9]),
    ("out of order", [registration(9, source=LISTED), registration(0, source=LISTED)], [9]),
    ("twice the same event", [registration(0, source=LISTED)] * 2, [0]),
    ("at the age", [registration(30 * DAY - HOUR, source=LISTED)], [30 * DAY - HOUR]),
    ("the list is too old", [registration(30 * DAY - HOUR + 1, source=LISTED)], []),
    ("not listed", [registration(0, source=THIEF)], []),
    ("the customer's own", [*known_phones(["1007"], LISTED, [-1]), registration(0, source=LISTED)], [-DAY]),
    ("a trunk", [registration(0, source=LISTED, party="trunk")], []),
    ("a contact that expired", [registration(0, "expired", source=LISTED)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_listed(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("outcome", "severity", "mode"),
    [("rejected", "warning", "auto"), ("challenged", "warning", "ask"), ("accepted", "critical", "ask")],
)
def test_a_list_is_hearsay_unless_the_address_misbehaves_here(outcome, severity, mode) -> None:
    found = run([registration(0, outcome, source=LISTED)])
    assert [(each.severity, each.values["list"]) for each in detections(found, RULE)] == [(severity, "hosting")]
    assert [(each.target.id, each.mode) for each in decisions(found)] == [(LISTED, mode)]


def test_limits_of_the_pbx() -> None:
    assert fired([registration(0, source=LISTED)], RULE, settings(rules={RULE: {"age": "59m"}})) == []
