"""A kind of device never seen for an extension (C12)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    ROAMING,
    THIEF,
    detections,
    fired,
    incidents,
    registration,
    run,
    settings,
)

RULE = "registration.new_agent"


def seen(seconds=0, agent="Yealink 1.0", source=ROAMING, outcome="accepted", **more):
    return registration(seconds, outcome, source=source, user_agent=agent, **more)


CASES = [
    ("another kind", [seen(), seen(5, "Zoiper")], [5]),
    ("once", [seen(), *(seen(5 + n, "Zoiper") for n in range(9))], [5]),
    ("out of order", [seen(5, "Zoiper"), seen(0)], [0]),
    ("twice the same event", [seen(), seen(5, "Zoiper"), seen(5, "Zoiper")], [5]),
    ("the first ever", [seen(0, "Zoiper")], []),
    ("a new version", [seen(), seen(5, "Yealink 2.17")], []),
    ("a softphone that was updated or replaced where it always is",
     [seen(-DAY, source=OFFICE), seen(0, "Zoiper", OFFICE)], []),
    ("another extension", [seen(), seen(5, "Zoiper", account="1008")], []),
    ("no user agent", [seen(), seen(5, None)], []),
    ("refused", [seen(), seen(5, "Zoiper", outcome="rejected")], []),
    ("a trunk", [seen(party="trunk"), seen(5, "Zoiper", party="trunk")], []),
    ("within the memory", [seen(), seen(89 * DAY, "Zoiper", OFFICE), seen(89 * DAY + 5, source=OFFICE)], [89 * DAY]),
    ("at the end of the memory",
     [seen(), seen(89 * DAY, "Zoiper", OFFICE), seen(90 * DAY, source=THIEF)], [89 * DAY, 90 * DAY]),
    ("slow drip", [seen(90 * DAY * n, source=f"203.0.113.{n}") for n in range(3)], [90 * DAY, 180 * DAY]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_new_agent(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_information_and_opens_no_incident() -> None:
    found = run([seen(), seen(5, "Zoiper")], settings())
    assert [each.severity for each in detections(found)] == ["info"]
    assert incidents(found) == []
