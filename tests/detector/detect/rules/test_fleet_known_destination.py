"""A call to a block of numbers to which attackers called at other PBXs (C25)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    OFFICE,
    ROAMING,
    SOMALIA,
    SOMALIA_BLOCK,
    SOMALIA_NEXT,
    THIEF,
    call,
    cdr,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    listed,
    registration,
    run,
    settings,
    whole,
)

RULE = "fleet.known_destination"
LISTED = listed(-60, SOMALIA_BLOCK)


def daily(days, to=SOMALIA):
    """A long call on each of so many days before."""
    return [cdr(-day * DAY, 900, to) for day in range(days, 0, -1)]


CASES = [
    ("a call", [LISTED, call(0)], [0]),
    ("its neighbour", [LISTED, call(0, SOMALIA_NEXT)], [0]),
    ("each call, once whatever its phases", [LISTED, *whole(0, 60), *whole(100, 60)], [0, 100]),
    ("known by its record only", [LISTED, cdr(0, 30)], [30]),
    ("twice the same event", [LISTED, call(0), call(0)], [0]),
    ("somebody outside", [LISTED, call(0, extension=None, direction="transit")], [0]),
    ("from an address nobody knows", [LISTED, call(0, source_ip=ROAMING)], [0]),
    ("one day below what makes it usual", [*daily(2), LISTED, call(0)], [0]),
    ("usual here", [*daily(3), LISTED, call(0)], []),
    ("more than usual here", [*daily(4), LISTED, call(0)], []),
    ("slow drip", [LISTED, *(call(n * 2 * DAY) for n in range(3))], [0, 2 * DAY, 4 * DAY]),
    ("out of order", [LISTED, call(9), call(0)], [9, 0]),
    ("usual, but only to another country", [*daily(3, GERMANY), LISTED, call(0)], [0]),
    ("many calls on one day", [*[call(-DAY + n) for n in range(9)], LISTED, call(0)], [0]),
    ("from a phone where it always was",
     [*known_phones(["1007"], OFFICE, [-1]), LISTED, call(0, source_ip=OFFICE)], []),
    ("not listed", [call(0)], []),
    ("no more listed", [LISTED, call(7 * DAY)], []),
    ("listed as a source only", [listed(-60, THIEF), call(0)], []),
    ("another country", [LISTED, call(0, GERMANY)], []),
    ("at home", [listed(-60, "+1212555"), call(0, HOME)], []),
    ("emergency", [LISTED, call(0, EMERGENCY)], []),
    ("internal", [LISTED, call(0, "1008", direction="internal")], []),
    ("inbound", [LISTED, call(0, direction="inbound")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_fleet_known_destination(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_by_itself_it_contains_nothing() -> None:
    found = run([LISTED, call(0), call(60), call(120, SOMALIA_NEXT)])
    assert [(each.kind, each.severity, each.stage) for each in incidents(found)] == [("policy", "warning", "probe")]
    assert decisions(found) == []
    assert detections(found)[0].values["fleet_pbxs"] == 3
    assert detections(found)[0].values["block"] == SOMALIA_BLOCK


def test_together_with_where_one_may_not_call_it_still_contains_nothing() -> None:
    found = run([LISTED, call(0)], settings(allowed_destination_countries=["US"]))
    assert {each.rule for each in detections(found)} == {RULE, "call.country"}
    assert decisions(found) == []


def test_after_a_break_in_it_counts_like_any_other_sign() -> None:
    stolen = [*guesses(0), registration(10, "accepted")]
    quiet = settings(rules={"call.suspect": {"mode": "shadow"}})
    found = run([LISTED, *stolen, call(60)], quiet)
    assert {each.rule for each in detections(found)} >= {RULE, "call.suspect"}
    (known,) = detections(found, RULE)
    assert {each.action for each in decisions(found) if known.id in each.because} == {"hang_up"}


@pytest.mark.parametrize(("days", "seconds"), [(2, []), (4, [0])])
def test_the_limit_is_a_setting(days, seconds) -> None:
    assert fired([*daily(3), LISTED, call(0)], RULE, settings(rules={RULE: {"days": days}})) == seconds


def test_what_a_thief_calls_does_not_become_usual() -> None:
    stolen = [*guesses(-4 * DAY), registration(-4 * DAY + 10, "accepted")]
    pumped = [call(-day * DAY - 3_600 * 20) for day in (3, 2, 1)]
    assert fired([*stolen, *pumped, LISTED, call(0)], RULE) == [0]
