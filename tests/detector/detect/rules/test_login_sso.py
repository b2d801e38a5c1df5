"""A password where single sign-on is demanded (C16)."""

import pytest

from tests.detector.engine.builders import HOUR, decisions, detections, fired, incidents, login, run, settings

RULE = "login.sso"
CONFIGURED = settings(rules={RULE: {"accounts": ["*"], "exempt": ["break glass"]}})


def seen(seconds=0, account="anna", outcome="accepted", **more):
    return login(seconds, outcome, account, **{"method": "password"} | more)


CASES = [
    ("against it", [seen()], [0]),
    ("once an hour", [seen(n * HOUR / 2) for n in range(3)], [0, HOUR]),
    ("slow drip", [seen(n * HOUR) for n in range(3)], [0, HOUR, 2 * HOUR]),
    ("two accounts", [seen(), seen(5, "ben")], [0, 5]),
    ("in the app", [seen(surface="linkus_mobile")], [0]),
    ("out of order", [seen(9), seen()], [9]),
    ("twice the same event", [seen(), seen()], [0]),
    ("no address", [seen(source=None)], [0]),
    ("somebody exempt", [seen(account="break glass")], []),
    ("refused", [seen(outcome="rejected")], []),
    ("single sign-on", [seen(method="sso")], []),
    ("a link", [seen(method="link")], []),
    ("an integration", [seen(surface="api")], []),
    ("by SSH", [seen(surface="ssh")], []),
    ("nobody named", [seen(account=None)], []),
    ("the method is not known", [seen(method=None)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_sso(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


def test_it_holds_for_those_named() -> None:
    some = settings(rules={RULE: {"accounts": ["ben"]}})
    assert fired([seen(), seen(5, "ben")], RULE, some) == [5]


def test_it_is_told_and_contains_nobody() -> None:
    found = run([seen()], CONFIGURED)
    assert [(each.severity, each.control, each.subject.id) for each in detections(found)] == [
        ("warning", "C16", "anna")
    ]
    assert [each.title for each in incidents(found)] == ["anna logged in with a password, not by single sign-on"]
    assert decisions(found) == []
