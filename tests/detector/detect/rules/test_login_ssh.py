"""SSH is for troubleshooting only (C02)."""

import pytest

from tests.detector.engine.builders import HOUR, OFFICE, decisions, detections, fired, login, run, settings

RULE = "login.ssh"


def seen(seconds=0, outcome="accepted", surface="ssh", **more):
    return login(seconds, outcome, surface=surface, **more)


def tries(count, gap=60, **more):
    return [seen(gap * n, "rejected", **more) for n in range(count)]


CASES = [
    ("accepted", [seen()], [0]),
    ("accepted on the local network", [seen(source="10.0.0.9")], [0]),
    ("once an hour", [seen(n * HOUR / 2) for n in range(3)], [0, HOUR]),
    ("one below the limit", tries(2), []),
    ("at the limit", tries(3), [120]),
    ("one past the limit", tries(4), [120]),
    ("starts over", tries(6), [120, 300]),
    ("slow drip", tries(9, gap=HOUR / 2), []),
    ("just within the window", tries(3, gap=HOUR / 2 - 1), [HOUR - 2]),
    ("one event stands for several", [seen(0, "rejected", count=3)], [0]),
    ("out of order", list(reversed(tries(3))), [0]),
    ("twice the same event", [event for event in tries(2) for _ in "ab"], []),
    ("two addresses", [*tries(2), *tries(2, source=OFFICE)], []),
    ("another surface", [seen(surface="web"), *tries(4, surface="web")], []),
    ("no address", [seen(source=None)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_ssh(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_where_administrators_work_it_is_allowed_but_not_to_guess() -> None:
    own = settings(rules={RULE: {"allowed": ["192.0.2.0/24"]}})
    assert fired([seen(source=OFFICE)], RULE, own) == []
    assert fired(tries(3, source=OFFICE), RULE, own) == [120]


@pytest.mark.parametrize(("events", "mode"), [(tries(3), "auto"), (tries(3, trust="text"), "ask"), ([seen()], "ask")])
def test_whoever_guesses_is_to_be_blocked_and_whoever_was_let_in_is_asked_about(events, mode) -> None:
    found = run(events)
    assert {each.mode for each in decisions(found)} == {mode}
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
