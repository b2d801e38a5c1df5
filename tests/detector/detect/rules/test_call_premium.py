"""Premium-rate and satellite numbers (C26)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    LATVIA,
    NIGHT,
    NOON,
    PREMIUM,
    SATELLITE,
    SOMALIA,
    call,
    cdr,
    decisions,
    detections,
    fired,
    guesses,
    registration,
    run,
    settings,
    watched,
    whole,
)

RULE = "call.premium"
CASES = [
    ("premium at home", [call(0, PREMIUM)], [0]),
    ("premium abroad", [call(0, "90114490912345678"[:16])], [0]),
    ("satellite", [call(0, SATELLITE)], [0]),
    ("each call", [call(0, PREMIUM), call(1, PREMIUM)], [0, 1]),
    ("slow drip", [call(n * DAY, PREMIUM) for n in range(3)], [0, DAY, 2 * DAY]),
    ("out of order", [call(1, PREMIUM), call(0, PREMIUM)], [1, 0]),
    ("once a call, whatever its phases", whole(0, 60, PREMIUM), [0]),
    ("once a call, whatever its order", whole(0, 60, PREMIUM)[::-1], [60]),
    ("twice the same event", [call(0, PREMIUM)] * 2, [0]),
    ("known by its record only", [cdr(0, 60, PREMIUM)], [60]),
    ("toll-free", [call(0, "918005551234")], []),
    ("ordinary abroad", [call(0, SOMALIA), call(1, LATVIA)], []),
    ("ordinary at home", [call(0, HOME)], []),
    ("emergency", [call(0, EMERGENCY)], []),
    ("internal", [call(0, PREMIUM, direction="internal")], []),
    ("a call that came in", [call(0, PREMIUM, direction="inbound")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_premium(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_what_it_says() -> None:
    (found,) = detections(run([*watched(), call(NIGHT, PREMIUM)]), RULE)
    assert (found.subject.id, found.severity, found.values["class"]) == ("1007", "critical", "premium")


SHIPS = [f"901187077{n}01234" for n in range(4)]
SAILING = [cdr(-day * DAY + 600 * n, 240, to) for day in (4, 3, 2) for n, to in enumerate(SHIPS)]
SEVERITIES = {
    "by day": ([*watched(), call(0, PREMIUM)], ["warning"]),
    "by day, two numbers": ([*watched(), call(0, PREMIUM), call(9, SATELLITE)], ["warning"] * 2),
    "by day, one after the other": (
        [*watched(), call(0, PREMIUM), call(9, SATELLITE), call(18, SHIPS[0])], ["warning", "warning", "critical"],
    ),
    "by day, one again and again": ([*watched(), *(call(n, PREMIUM) for n in range(4))], ["warning"] * 4),
    "at night": ([*watched(), call(NIGHT, PREMIUM)], ["critical"]),
    "at night, where little is known yet": ([call(NIGHT, PREMIUM)], ["warning"]),
    "after a break-in": ([*guesses(0), registration(10, "accepted"), call(20, PREMIUM)], ["critical"]),
    "a ship that is called every day": ([*SAILING, *(call(NIGHT + n, SHIPS[1]) for n in range(2))], ["warning"] * 2),
    "another ship": ([*SAILING, call(NIGHT, "9011870773999999")], ["warning"]),
    "another network": ([*SAILING, call(NIGHT, SATELLITE)], ["critical"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERITIES)
def test_how_bad_it_is(name) -> None:
    events, severities = SEVERITIES[name]
    found = [each for each in detections(run(events), RULE) if each.at >= NOON]
    assert [each.severity for each in found] == severities


def test_a_call_from_trunk_to_trunk_is_named_by_itself_and_hung_up() -> None:
    found = run([call(0, PREMIUM, None, call="t1", direction="transit"),
                 call(9, SATELLITE, None, call="t2", direction="transit")])  # fmt: skip
    assert [(each.subject.kind, each.subject.id) for each in detections(found, RULE)] == [
        ("call", "t1"),
        ("call", "t2"),
    ]
    assert "Extension" not in detections(found, RULE)[0].summary
    assert [(each.action, each.target.id) for each in decisions(found)] == [("hang_up", "t1"), ("hang_up", "t2")]


def test_one_extension_may_call_them_unreported_by_mode() -> None:
    own = settings(pbx={"extensions": {"1008": {"rules": {RULE: {"mode": "shadow"}}}}})
    assert [each.mode for each in detections(run([call(0, PREMIUM, "1008"), call(1, PREMIUM)], own), RULE)] == [
        "shadow", "auto",
    ]  # fmt: skip
