"""Past the remote access service (C04)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    decisions,
    detections,
    fired,
    incidents,
    login,
    registration,
    run,
    settings,
)

RULE = "source.direct"


def seen(seconds=0, path="direct", outcome="accepted", **more):
    return registration(seconds, outcome, path=path, **more)


CASES = [
    ("a registration", [seen()], [0]),
    ("a login", [login(0, "accepted", path="direct")], [0]),
    ("once a day", [seen(n * DAY / 4) for n in range(6)], [0, DAY]),
    ("slow drip", [seen(n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("two accounts", [seen(), seen(5, account="1008")], [0, 5]),
    ("out of order", [seen(9), seen(0)], [9]),
    ("twice the same event", [seen(), seen()], [0]),
    ("by the remote access service", [seen(path="remote_access")], []),
    ("by a proxy", [seen(path="proxy")], []),
    ("the way is not known", [seen(path=None)], []),
    ("refused", [seen(outcome="rejected")], []),
    ("the local network", [seen(source="10.0.0.9")], []),
    ("a trunk", [seen(party="trunk")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_source_direct(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(("enforced", "severity"), [(False, "info"), (True, "warning")])
def test_it_is_information_until_it_is_enforced_and_contains_nobody(enforced, severity) -> None:
    found = run([seen()], settings(rules={RULE: {"enforced": enforced}}))
    assert [each.severity for each in detections(found)] == [severity]
    assert [(each.kind, each.title) for each in incidents(found)] == [
        ("policy", "1007 came in from 203.0.113.77 past the remote access service")
    ] * enforced
    assert decisions(found) == []
