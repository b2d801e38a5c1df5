"""An extension's calls that are unlike all before, however slow (C28)."""

from datetime import timedelta

import pytest

from detector.contract.vocabulary import Severity
from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    LATVIA,
    NOON,
    SOMALIA,
    cdr,
    decisions,
    detections,
    engine,
    incidents,
    run,
    settings,
    usual,
    verdict,
)

RULE = "call.unusual"
BLOCKS = (SOMALIA, LATVIA, "90119607712345", "90116852212345", "901124390012345", "90112207712345", "901153521234567")
CONFIGURED = settings(rules={RULE: {"bits": 30}})
BEFORE = usual()


def drip(days, blocks=BLOCKS, talk=700, extension="1007", **more):
    """A call on each of some days, to another block each time."""
    return [cdr(day * DAY + 1_000, talk, blocks[n % len(blocks)], extension, **more) for n, day in enumerate(days)]


def warned(events):
    found = run([*BEFORE, *events], CONFIGURED)
    return [(each.at - NOON) // timedelta(days=1) for each in detections(found, RULE) if each.severity != "info"]


CASES = [
    ("one below the limit", drip([0, 1]), []),
    ("at the limit", drip([0, 1, 2]), [2]),
    ("starts over", drip(range(6)), [2, 5]),
    ("days between", drip([0, 4, 9]), [9]),
    ("slower than the window", drip([0, 8, 15, 30]), []),
    ("each time another extension", [e for n in range(3) for e in drip([n], extension=str(1003 + n))], []),
    ("to one customer, which soon is usual", drip(range(6), [GERMANY], 80), []),
    ("twice the same event", [event for event in drip([0, 1]) for _ in "ab"], []),
    ("calls at home", drip(range(5), [HOME]), []),
    ("emergencies", drip(range(5), [EMERGENCY]), []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "days"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_unusual(events, days) -> None:
    assert warned(events) == days


def test_it_says_nothing_before_the_pbx_is_known() -> None:
    assert detections(run([*usual(190), *drip([0, 1, 2])], CONFIGURED), RULE) == []


def test_what_each_feature_adds_is_in_the_detection() -> None:
    *_, last = detections(run([*BEFORE, *drip([0, 1, 2])], CONFIGURED), RULE)
    added = {name: bits for name, bits in last.values.items() if name.startswith("bits_")}
    assert {"bits_country", "bits_block", "bits_duration"} <= added.keys()
    assert sum(added.values()) == pytest.approx(last.values["bits"], abs=3)
    assert last.values["calls"] == last.values["limit"] == 3
    assert last.values["share"] <= last.values["limit_share"]


def test_it_says_when_what_is_usual_has_drifted() -> None:
    """From one week to the next everybody calls abroad all day."""
    busy = [cdr((week * 7 + day) * DAY + n * 300, 60, GERMANY, str(1003 + n % 5), call=f"b{week}/{day}/{n}")
            for week in range(2) for day in range(3) for n in range(80)]  # fmt: skip
    *_, last = detections(run([*BEFORE, *busy, *drip([20, 21, 22])], settings(rules={RULE: {"bits": 15}})), RULE)
    assert 0 < last.values["days_since_drift"] < 25
    assert "days_since_drift" not in detections(run([*BEFORE, *drip([0])], CONFIGURED), RULE)[0].values


def test_alone_it_warns_and_does_nothing() -> None:
    found = run([*BEFORE, *drip(range(5))], CONFIGURED)
    (incident,) = incidents(found)
    assert incident.severity is Severity.WARNING
    assert decisions(found) == []


def test_what_an_accused_extension_does_is_learned_only_after_a_verdict() -> None:
    made = engine(CONFIGURED)
    found = [finding for event in [*BEFORE, *drip([-2, -1, 0])] for finding in made.process(event)]
    (incident,) = incidents(found)

    def block(day):
        """What the block of a number that nobody called before the first of these days adds to the score."""
        (hit,) = detections(made.process(drip([day], [BLOCKS[3]])[0]), RULE)
        return hit.values["bits_block"]

    new = block(1)
    made.process(verdict(1.5 * DAY, incident=incident.id))
    assert block(19) == new
    assert detections(made.process(drip([20], [BLOCKS[3]])[0]), RULE) == []
