"""An account comes in at an hour, or from where, nobody does (C20)."""

import pytest

from tests.detector.engine.builders import (
    HOUR,
    NIGHT,
    OFFICE,
    decisions,
    detections,
    fired,
    incidents,
    login,
    mornings,
    registration,
    run,
    settings,
)

RULE = "account.unusual"
STRANGER = {"source": "203.0.113.77", "surface": "linkus_web"}


def let_in(seconds, account="1007", source=OFFICE, **more):
    return login(seconds, "accepted", account, source, **more)


BEFORE = mornings()
CASES = [
    ("as every morning", [let_in(HOUR)], []),
    ("by night, from elsewhere, by another way", [let_in(NIGHT, **STRANGER)], [NIGHT]),
    ("twice the same event", [let_in(NIGHT, **STRANGER)] * 2, [NIGHT]),
    ("again at once", [let_in(NIGHT, **STRANGER), let_in(NIGHT + 60, **STRANGER)], [NIGHT]),
    ("the hour alone", [let_in(NIGHT)], []),
    ("refused", [login(NIGHT, "rejected", "1007", "203.0.113.77", surface="linkus_web")], []),
    ("a telephone from elsewhere, by night", [registration(NIGHT, "accepted", source="203.0.113.77")], [NIGHT]),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_account_unusual(events, seconds) -> None:
    assert fired([*BEFORE, *events], RULE) == seconds


def test_it_says_nothing_before_it_is_warm() -> None:
    assert fired([*BEFORE[-90:], let_in(NIGHT, **STRANGER)], RULE) == []


def test_limits_are_settable() -> None:
    strict = settings(rules={RULE: {"bits": 4, "share": 0.1}})
    assert fired([*BEFORE, let_in(NIGHT)], RULE, strict) == [NIGHT]
    wide = settings(rules={RULE: {"bits": 60}})
    assert fired([*BEFORE, let_in(NIGHT, **STRANGER)], RULE, wide) == []


def test_it_says_why_and_accuses_nobody() -> None:
    found = run([*BEFORE, let_in(NIGHT, **STRANGER)])
    (said,) = detections(found, RULE)
    assert (said.severity, said.subject.id) == ("info", "1007")
    assert said.values["bits_hour"] > 3 < said.values["bits_surface"]
    assert said.values["bits"] >= sum(v for name, v in said.values.items() if name.startswith("bits_")) - 4
    assert [one for one in incidents(found) if said.id in one.detections] == decisions(found) == []


def test_what_a_suspect_does_does_not_become_usual() -> None:
    guesses = [login(NIGHT + n, "rejected", "1007", "203.0.113.77") for n in range(30)]
    stays = [let_in(NIGHT + 600 + n * 2 * HOUR, **STRANGER) for n in range(4)]
    assert len(fired([*BEFORE, *guesses, *stays], RULE)) == len(stays)
