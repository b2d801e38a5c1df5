"""User agents outside the allowed prefixes (C12)."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import HOUR, PHONE, decisions, fired, registration, run, settings

RULE = "registration.user_agent"
CONFIGURED = settings(rules={RULE: {"allowed": ["Yealink ", "Linkus"]}})


def seen(agent="Zoiper", seconds=0, outcome="accepted", **more):
    return registration(seconds, outcome, user_agent=agent, **more)


CASES = [
    ("another", [seen()], [0]),
    ("none at all", [seen(PHONE, account="1008"), seen(None, 5)], [5]),
    ("none, where no phone's is told", [seen(None), seen(None, 5, account="1008")], []),
    (
        "none, where only another source tells any",
        [replace(seen(PHONE, account="1008"), source="sip log"), seen(None, 5)],
        [],
    ),
    ("none yet, where all are told later", [seen(PHONE, account="1008", revision=1), seen(None, 5)], []),
    ("told later", [seen(None), replace(seen(), revision=1)], [0]),
    ("the prefix, but not at the beginning", [seen("My Yealink 1")], [0]),
    ("in other letters", [seen("yealink SIP")], [0]),
    ("once an hour", [seen(seconds=n * HOUR / 2) for n in range(3)], [0, HOUR]),
    ("slow drip", [seen(seconds=n * HOUR) for n in range(3)], [0, HOUR, 2 * HOUR]),
    ("two extensions", [seen(), seen(seconds=5, account="1008")], [0, 5]),
    ("out of order", [seen(seconds=9), seen()], [9]),
    ("twice the same event", [seen(), seen()], [0]),
    ("an allowed one", [seen(PHONE), seen("Linkus/5 iOS", 5)], []),
    ("after an update", [seen("Yealink SIP-T46S 99.1")], []),
    ("refused", [seen(outcome="rejected")], []),
    ("a trunk", [seen(party="trunk")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_user_agent(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


def test_an_extension_may_have_its_own_list_and_text_alone_contains_nobody() -> None:
    own = settings(pbx={"extensions": {"1007": {"rules": {RULE: {"allowed": ["Yealink"]}}}}})
    assert fired([seen()], RULE, own) == [0]
    assert fired([seen(account="1008")], RULE, own) == []
    assert {each.mode for each in decisions(run([seen()], own))} == {"ask"}
