"""More than anybody sends who is not attacking (C08)."""

import pytest

from detector.detect.rules.source_rate import SourceRate
from tests.detector.engine.builders import (
    OFFICE,
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

RULE = "source.rate"


def sip(count, gap=0.04, **more):
    return [registration(round(gap * n, 3), **more) for n in range(count)]


def web(count, gap=0.5, **more):
    return [login(gap * n, **more) for n in range(count)]


PHONES = [
    (registration(n / 100, "challenged", str(n), OFFICE), registration(n / 100 + 0.005, "accepted", str(n), OFFICE))
    for n in range(300)
]
CASES = [
    ("one below the limit", sip(39), []),
    ("at the limit", sip(40), [1.56]),
    ("one past the limit", sip(41), [1.56]),
    ("starts over", sip(80), [1.56, 3.16]),
    ("challenges as well", sip(40, outcome="challenged"), [1.56]),
    ("one event stands for many", [registration(0, count=40)], [0]),
    ("slow drip", sip(200, gap=0.052), []),
    ("just within the window", sip(40, gap=0.051), [1.989]),
    ("web, one below", web(119), []),
    ("web, at the limit", web(120), [59.5]),
    ("SSH, one below", web(9, surface="ssh"), []),
    ("SSH, at the limit", web(10, surface="ssh"), [4.5]),
    ("each service by itself", [*sip(39), *web(9, surface="ssh"), *web(100, gap=0.01)], []),
    ("out of order", list(reversed(sip(40))), [0]),
    ("twice the same event", [event for event in sip(39) for _ in "ab"], []),
    ("two addresses", [registration(n / 100, source=f"203.0.113.{n % 2}") for n in range(78)], []),
    ("an office registers again after an outage", [event for pair in PHONES for event in pair], []),
    ("it did so before", [*known_phones(["1001", "1002", "1003"]), *sip(400, source=OFFICE, account="9")], []),
    ("an integration logs in all the time", web(500, gap=0.1, outcome="accepted", surface="api"), []),
    ("a trunk", sip(400, party="trunk"), []),
    ("an account that was let in from there today", [registration(-60, "accepted", "9"), *sip(400, account="9")], []),
    ("another account than the one at home there", [*known_phones(["9"], THIEF), *sip(100)], [3.12]),
    ("contacts that expire", sip(400, outcome="expired"), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_rate(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_limits_in_the_guide_s_syntax() -> None:
    assert fired(sip(10), RULE, settings(rules={RULE: {"sip": "10/1/minute"}})) == [0.36]
    assert fired(sip(255, gap=0.001), RULE, settings(rules={RULE: {"sip": "255/2/second"}})) == [0.254]


@pytest.mark.parametrize("rate", ["40", "40/2/second&100/1/minute", "256/2/second", "0/2/second"])
def test_what_is_no_rate(rate) -> None:
    with pytest.raises(ValueError, match="such as"):
        SourceRate.Limits(sip=rate)


def test_the_address_is_to_be_blocked_but_not_for_text_alone() -> None:
    assert [each.mode for each in decisions(run(sip(40, outcome="challenged")))] == ["auto"]
    assert [each.mode for each in decisions(run(sip(40, outcome="challenged", trust="text")))] == ["ask"]
    (one,) = detections(run(sip(40, outcome="challenged")), RULE)
    assert (one.values["service"], one.values["limit"]) == ("sip", 40)
