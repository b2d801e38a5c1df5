"""Two countries at one time, and the people who travel (C14, C21)."""

import pytest

from tests.detector.engine.builders import DAY, HOUR, decisions, detections, fired, login, registration, run, settings

RULE = "account.impossible_travel"
US, US_TOO, AU, LAN = "8.8.8.8", "4.4.4.4", "1.1.1.1", "10.0.0.9"


def seen(*places, gap=HOUR, start=0, **more):
    return [registration(start + gap * n, "accepted", source=place, **more) for n, place in enumerate(places)]


CASES = [
    ("a second country", seen(US, AU), [HOUR]),
    ("in turn: once as information, once as a warning", seen(US, AU, US, AU, US), [HOUR, 3 * HOUR]),
    ("at the window", seen(US, AU, gap=4 * HOUR), []),
    ("slow drip, past the window", seen(US, AU, US, AU, gap=5 * HOUR), []),
    ("just within the window", seen(US, AU, gap=4 * HOUR - 1), [4 * HOUR - 1]),
    ("said once, and known the next day", seen(*[US, AU] * 14, gap=HOUR), [HOUR, 3 * HOUR]),
    ("by registration, then by login", [*seen(US), login(60, "accepted", "1007", AU)], [60]),
    ("by logins", [login(n * HOUR, "accepted", "1007", place) for n, place in enumerate((US, AU))], [HOUR]),
    ("out of order", list(reversed(seen(US, AU))), [0]),
    ("twice the same event", [event for event in seen(US, AU) for _ in "ab"], [HOUR]),
    ("one country", seen(US, US_TOO, US, gap=60), []),
    ("two accounts", [*seen(US), *seen(AU, account="1008", extension="1008", start=60)], []),
    ("refused", [registration(0, source=US), registration(9, source=AU)], []),
    ("the country is not known", seen(US, "203.0.113.77", gap=60), []),
    ("the local network", seen(US, LAN, gap=60), []),
    ("a trunk", seen(US, AU, gap=60, party="trunk"), []),
    ("the phone that stays at home is known since yesterday",
     [*seen(US, start=-DAY), *seen(US, AU), *seen(US, start=2 * HOUR)], [HOUR]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_account_impossible_travel(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("events", "severities"),
    [
        (seen(US, AU), ["info"]),
        (seen(US, AU, AU, AU, gap=600), ["info"]),
        (seen(US, AU, US, gap=600), ["info"]),
        (seen(US, AU, US, AU, gap=HOUR), ["info", "warning"]),
        (seen(US, AU, US, AU, gap=600, device="linkus_mobile"), ["info"]),
        ([login(n * 600, "accepted", "x", (US, AU)[n % 2], surface="linkus_web") for n in range(4)], ["info"]),
    ],
    ids=[
        "a traveller",
        "who stays there",
        "the telephone at home goes on",
        "both are active",
        "the app of a traveller",
        "its logins",
    ],
)
def test_a_traveller_is_information(events, severities) -> None:
    assert [each.severity for each in detections(run(events), RULE)] == severities


def test_the_country_alone_contains_nobody() -> None:
    assert {each.mode for each in decisions(run(seen(US, AU, US, AU, gap=HOUR)))} == {"ask"}


def test_limits_of_the_pbx() -> None:
    assert fired(seen(US, AU), RULE, settings(rules={RULE: {"window": "30m"}})) == []
