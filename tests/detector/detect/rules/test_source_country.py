"""From a country that may not reach the PBX (C06)."""

import pytest

from tests.detector.engine.builders import DAY, decisions, detections, fired, login, registration, run, settings

RULE = "source.country"
US, DE = "8.8.8.8", "5.9.0.1"
CONFIGURED = settings(allowed_source_countries=["US"])
CASES = [
    ("accepted", [registration(0, "accepted", source=DE)], [0]),
    ("refused", [registration(0, source=DE)], [0]),
    ("to log in", [login(0, "accepted", source=DE), login(9, source=DE)], [0, 9]),
    ("said once a day", [registration(DAY / 4 * n, source=DE) for n in range(6)], [0, DAY]),
    ("slow drip", [registration(DAY * n, source=DE) for n in range(3)], [0, DAY, 2 * DAY]),
    ("refused, then accepted", [registration(0, source=DE), registration(5, "accepted", source=DE)], [0, 5]),
    ("out of order", [registration(9, source=DE), registration(0, source=DE)], [9]),
    ("twice the same event", [registration(0, source=DE)] * 2, [0]),
    ("an allowed country", [registration(0, "accepted", source=US)], []),
    ("a country nobody knows", [registration(0, source="203.0.113.77")], []),
    ("the local network", [registration(0, "accepted", source="10.0.0.9")], []),
    ("only challenged", [registration(0, "challenged", source=DE)], []),
    ("a trunk", [registration(0, "accepted", source=DE, party="trunk")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_country(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds


def test_nothing_is_enforced_where_no_country_is_named() -> None:
    assert fired([registration(0, "accepted", source=DE)], RULE) == []


def test_an_extension_may_be_allowed_more() -> None:
    own = settings(allowed_source_countries=["US"], pbx={"extensions": {"1007": {"allowed_source_countries": ["DE"]}}})
    assert fired([registration(0, "accepted", source=DE)], RULE, own) == []
    assert fired([registration(0, "accepted", "1008", DE)], RULE, own) == [0]
    assert fired([login(0, "accepted", account, DE) for account in ("1007", "1008")], RULE, own) == [0]
    assert fired([login(0, "accepted", "1007", DE)], RULE, own) == []


def test_the_country_alone_contains_nobody() -> None:
    found = run([registration(0, source=DE), registration(9, "accepted", source=DE)], CONFIGURED)
    assert {each.mode for each in decisions(found)} == {"ask"}
    assert [each.severity for each in detections(found, RULE)] == ["warning", "critical"]
