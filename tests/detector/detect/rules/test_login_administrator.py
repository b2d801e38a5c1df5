"""New administrators, and old ones from new places (C20)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    HOUR,
    OFFICE,
    THIEF,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    login,
    run,
    settings,
)

RULE = "login.administrator"
HERE, NEAR, FAR = "8.8.8.8", "4.4.4.4", "5.9.0.1"
MIDNIGHT = 7 * HOUR
"""When the next day begins in UTC."""


def seen(day=0, account="anna", source=HERE, outcome="accepted", role="Super Administrator", **more):
    return login(day * DAY, outcome, account, source, role=role, **more)


CASES = [
    ("the first day we see one", [seen(), seen(0.1, "ben")], []),
    ("in the last second of it", [seen(), seen((MIDNIGHT - 1) / DAY, "ben")], []),
    ("in the first second of the next", [seen(), seen(MIDNIGHT / DAY, "ben")], [MIDNIGHT]),
    ("slow drip: one who comes once a season", [seen(90 * n) for n in range(4)], []),
    ("a new account", [seen(), seen(1, "ben")], [DAY]),
    ("it is known the next day", [seen(), seen(1, "ben"), seen(2, "ben")], [DAY]),
    ("a new place", [seen(), seen(1, source=NEAR)], [DAY]),
    ("it is known the next day too", [seen(), seen(1, source=NEAR), seen(2, source=NEAR)], [DAY]),
    ("the place next door", [seen(), seen(1, source="8.8.8.9")], []),
    ("the same", [seen(day) for day in range(9)], []),
    ("out of order", [seen(), seen(2, source=HERE), seen(1, "ben")], [DAY]),
    ("twice the same event", [seen(), seen(1, "ben"), seen(1, "ben")], [DAY]),
    ("the local network", [seen(), seen(1, source="10.0.0.9")], []),
    ("an employee", [seen(), seen(1, "ben", role="Employee")], []),
    ("somebody who was no administrator yet is known", [seen(), seen(0, "ben", role=None), seen(1, "ben")], []),
    ("the role is not known", [seen(), seen(1, "ben", role=None)], []),
    ("refused", [seen(), seen(1, "ben", outcome="rejected")], []),
    ("no address", [seen(), seen(1, "ben", source=None)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_administrator(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("event", "severity"),
    [(seen(1, "ben"), "warning"), (seen(1, source=NEAR), "info"), (seen(1, source=FAR), "warning")],
    ids=["a new account", "a traveller at home", "a traveller abroad"],
)
def test_how_bad_it_is(event, severity) -> None:
    found = run([seen(), event], settings())
    assert [each.severity for each in detections(found, RULE)] == [severity]
    assert {each.mode for each in decisions(found)} <= {"ask"}
    told = f"Administrator rights in new hands: {event.account} from {event.source_ip}"
    if severity == "info":
        told = f"Account {event.account} came in from {event.source_ip}, a new place"
    assert [(each.title, each.severity) for each in incidents(found)] == [(told, severity)]


def test_from_where_passwords_were_guessed_it_is_critical_also_on_the_first_day() -> None:
    found = run([*guesses(0), login(10, "accepted", source=THIEF, role="Administrator")])
    assert [each.severity for each in detections(found, RULE)] == ["critical"]


def test_administrators_by_name() -> None:
    own = settings(rules={RULE: {"accounts": ["root"]}})
    assert fired([seen(), seen(1, "root", OFFICE, role=None)], RULE, own) == [DAY]
