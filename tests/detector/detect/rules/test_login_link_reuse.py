"""A link that is good for once is presented again (C18)."""

import pytest

from tests.detector.engine.builders import DAY, OFFICE, THIEF, decisions, detections, fired, login, run, settings

RULE = "login.link_reuse"


def seen(seconds=0, outcome="accepted", source=OFFICE, credential="c1", **more):
    return login(seconds, outcome, "anna", source, credential=credential, method="link", **more)


CASES = [
    ("once", [seen()], []),
    ("twice", [seen(), seen(60)], [60]),
    ("each time after", [seen(), seen(60), seen(90)], [60, 90]),
    ("from two places", [seen(), seen(60, source=THIEF)], [60]),
    ("at the end of the memory", [seen(), seen(30 * DAY)], []),
    ("slow drip", [seen(30 * DAY * n) for n in range(4)], []),
    ("just within the memory", [seen(), seen(30 * DAY - 1)], [30 * DAY - 1]),
    ("out of order", [seen(60), seen()], [0]),
    ("twice the same event", [seen(), seen()], []),
    ("two links", [seen(), seen(60, credential="c2")], []),
    ("no link", [seen(credential=None), seen(60, credential=None)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_link_reuse(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("outcome", "source", "severity"),
    [
        ("rejected", OFFICE, "info"),
        ("rejected", THIEF, "warning"),
        ("accepted", OFFICE, "critical"),
        ("accepted", THIEF, "critical"),
    ],
    ids=["somebody clicked twice", "somebody else has it", "it works twice", "somebody else is in"],
)
def test_how_bad_it_is(outcome, source, severity) -> None:
    found = run([seen(), seen(60, outcome, source)], settings())
    assert [each.severity for each in detections(found, RULE)] == [severity]
    assert [each.target.id for each in decisions(found)] == ([source] if severity != "info" else [])
