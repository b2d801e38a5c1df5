"""Who may not come in from outside (C14)."""

import pytest

from tests.detector.engine.builders import (
    HOUR,
    OTHER_THIEF,
    THIEF,
    decisions,
    detections,
    fired,
    registration,
    run,
    settings,
)

RULE = "registration.remote"
CONFIGURED = settings(rules={RULE: {"restricted": ["1007"]}})
OTHERWISE = {"allowed": ["1008"]}, {"addresses": ["198.51.100.0/24"]}


def seen(account="1007", source=THIEF, seconds=0, outcome="accepted", **more):
    return registration(seconds, outcome, account, source, **more)


CASES = [
    ("an account", [seen()], [0], [0], [0]),
    ("another account", [seen("1008")], [], [], [0]),
    ("from another address", [seen(source=OTHER_THIEF)], [0], [0], []),
    ("once an hour", [seen(seconds=n * HOUR / 2) for n in range(3)], [0, HOUR], [0, HOUR], [0, HOUR]),
    ("slow drip", [seen(seconds=n * HOUR) for n in range(2)], [0, HOUR], [0, HOUR], [0, HOUR]),
    ("out of order", [seen(seconds=9), seen()], [9], [9], [9]),
    ("twice the same event", [seen(), seen()], [0], [0], [0]),
    ("by the remote access service", [seen(path="remote_access")], [0], [0], [0]),
    ("from the local network", [seen(source="10.0.0.9")], [], [], []),
    ("refused", [seen(outcome="rejected")], [], [], []),
    ("no address", [seen(source=None)], [], [], []),
    ("a trunk", [seen(party="trunk")], [], [], []),
]


@pytest.mark.parametrize(
    ("events", "restricted", "allowed", "addresses"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_registration_remote(events, restricted, allowed, addresses) -> None:
    assert fired(events, RULE, CONFIGURED) == restricted
    for policy, seconds in zip(OTHERWISE, (allowed, addresses), strict=True):
        assert fired(events, RULE, settings(rules={RULE: policy})) == seconds
    assert fired(events, RULE) == []


def test_what_it_says_and_asks_for() -> None:
    found = run([seen()], CONFIGURED)
    (one,) = detections(found, RULE)
    assert (one.control, one.subject.id, one.severity) == ("C14", "1007", "warning")
    assert "may not come in from outside" in one.summary
    assert {each.mode for each in decisions(found)} == {"auto"}
