"""Tools made for attacks, by name (C12)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    PHONE,
    SCANNER,
    THIEF,
    decisions,
    detections,
    fired,
    incidents,
    login,
    registration,
    run,
    settings,
)

RULE = "registration.attack_tool"


def seen(agent=SCANNER, seconds=0, outcome="rejected", **more):
    return registration(seconds, outcome, user_agent=agent, **more)


CASES = [
    ("refused", [seen()], [0]),
    ("challenged", [seen(outcome="challenged")], [0]),
    ("accepted", [seen(outcome="accepted")], [0]),
    ("a login", [login(0, user_agent="Mozilla/5.0 sqlmap/1.8")], [0]),
    ("once a day", [seen(seconds=n * DAY / 4) for n in range(6)], [0, DAY]),
    ("slow drip", [seen(seconds=n * DAY) for n in range(3)], [0, DAY, 2 * DAY]),
    ("another tool", [seen(), seen("SIPBLAST", 5)], [0, 5]),
    ("refused, then accepted", [seen(), seen(seconds=5, outcome="accepted")], [0, 5]),
    ("out of order", [seen(seconds=9), seen(seconds=0)], [9]),
    ("twice the same event", [seen(), seen()], [0]),
    *((f"known as {name}", [seen(name)], [0]) for name in
      ("friendly-scanner", "sipvicious", "SIPVicious/0.3.4", "sipcli/v1.8", "SIPBLAST", "sundayddr",
       "VaxSIPUserAgent/3.1",
       "Friendly-Request", "sipsak 0.9.7", "SIPp/3.6")),
    *((f"honest: {name}", [seen(name)], []) for name in
      (PHONE, "Asterisk PBX 18.9", "Zoiper rv2.10.20", "Linphone/4.5", "Cisco-SIPGateway/IOS-15", "", None)),
    ("a trunk", [seen(party="trunk")], []),
    ("no address", [seen(source=None)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_attack_tool(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_scanning_is_information_and_whoever_was_let_in_is_asked_about() -> None:
    assert incidents(run([seen()])) == []
    found = run([seen(outcome="accepted")])
    assert [each.severity for each in detections(found, RULE)] == ["critical"]
    assert [(each.target.id, each.mode) for each in decisions(found)] == [(THIEF, "ask")]


def test_further_tools() -> None:
    assert fired([seen("EvilPhone 2")], RULE) == []
    assert fired([seen("EvilPhone 2")], RULE, settings(rules={RULE: {"tools": ["evilphone"]}})) == [0]
