"""More devices at one time than an extension may have (C11)."""

import pytest

from tests.detector.engine.builders import (
    OFFICE,
    ROAMING,
    THIEF,
    decisions,
    detections,
    fired,
    known_phones,
    registration,
    run,
    settings,
)

RULE = "registration.devices"


def seen(*places, gap=600, start=0, **more):
    return [registration(start + gap * n, "accepted", source=place, **more) for n, place in enumerate(places)]


def by_agents(*agents):
    return [registration(600 * n, "accepted", source=OFFICE, user_agent=agent) for n, agent in enumerate(agents)]


CASES = [
    ("one device", seen(*[OFFICE] * 20), []),
    ("a phone that moved", seen(OFFICE, OFFICE, ROAMING, ROAMING, ROAMING), []),
    ("two in turn", seen(OFFICE, THIEF, OFFICE), [1_200]),
    ("one past the limit: three in turn", seen(OFFICE, THIEF, ROAMING, OFFICE), [1_800]),
    ("once a day", seen(*[OFFICE, THIEF] * 20), [1_200]),
    ("too far apart", seen(OFFICE, THIEF, OFFICE, gap=3_600), []),
    ("just near enough", seen(OFFICE, THIEF, OFFICE, gap=3_599), [7_198]),
    ("behind one address", by_agents("a", "b", "a"), [1_200]),
    ("an update", by_agents(*["old"] * 3, *["new"] * 6), []),
    ("versions differ", by_agents(*["x1", "x2"] * 4), []),
    ("out of order", [seen(OFFICE, THIEF, OFFICE)[n] for n in (0, 2, 1)], []),
    ("twice the same event", [event for event in seen(OFFICE, THIEF) for _ in "ab"], []),
    ("desk phone and the app", [registration(600 * n, "accepted", source=(OFFICE, ROAMING)[n % 2],
                                             device=("sip", "linkus_mobile")[n % 2]) for n in range(9)], []),
    ("two extensions", [registration(600 * n, "accepted", str(n % 2), (OFFICE, THIEF)[n % 2]) for n in range(9)], []),
    ("refused", [registration(600 * n, source=(OFFICE, THIEF)[n % 2]) for n in range(4)], []),
    ("a trunk", seen(OFFICE, THIEF, OFFICE, party="trunk"), []),
    ("both were there on an earlier day",
     [*known_phones(["1007"], OFFICE, [-2]), *known_phones(["1007"], ROAMING, [-2]),
      *seen(*[OFFICE, ROAMING] * 9)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_devices(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_known_phone_and_stranger_in_turn() -> None:
    events = [*known_phones(["1007"], OFFICE, [-2]), *seen(OFFICE, THIEF, OFFICE, THIEF)]
    found = run(events)
    (one,) = detections(found, RULE)
    assert (one.subject.id, one.severity, one.values["devices"]) == ("1007", "warning", 2)
    assert {each.mode for each in decisions(found)} == {"ask"}


def test_apps_are_information() -> None:
    found = run(seen(OFFICE, THIEF, OFFICE, device="linkus_mobile"))
    assert [each.severity for each in detections(found, RULE)] == ["info"]


def test_more_devices_where_the_settings_allow_them() -> None:
    two = settings(rules={RULE: {"over": 2}})
    assert fired(seen(OFFICE, THIEF, OFFICE), RULE, two) == []
    assert fired(seen(OFFICE, THIEF, ROAMING, OFFICE), RULE, two) == [1_800]
