"""From outside the extension's list of addresses (C13)."""

import pytest

from detector.detect.rules.registration_address import RegistrationAddress
from tests.detector.engine.builders import HOUR, OFFICE, THIEF, decisions, fired, registration, run, settings

RULE = "registration.address"
CONFIGURED = settings(
    pbx={"extensions": {"1007": {"rules": {RULE: {"addresses": ["192.0.2.0/28", OFFICE, "2001:db8::/64"]}}}}}
)


def seen(source=THIEF, seconds=0, outcome="accepted", **more):
    return registration(seconds, outcome, source=source, **more)


CASES = [
    ("not on the list", [seen()], [0]),
    ("just outside", [seen("192.0.2.16")], [0]),
    ("the local network, which is not listed", [seen("10.0.0.9")], [0]),
    ("once an hour", [seen(seconds=n * HOUR / 2) for n in range(3)], [0, HOUR]),
    ("slow drip", [seen(seconds=n * HOUR) for n in range(3)], [0, HOUR, 2 * HOUR]),
    ("two addresses", [seen(), seen("10.0.0.9", 5)], [0, 5]),
    ("out of order", [seen(seconds=9), seen()], [9]),
    ("twice the same event", [seen(), seen()], [0]),
    ("on the list", [seen(OFFICE), seen("192.0.2.15", 5), seen("2001:db8::9", 6)], []),
    ("written in another way", [seen(f"::ffff:{OFFICE}")], []),
    ("an extension without a list", [seen(account="1008")], []),
    ("refused", [seen(outcome="rejected")], []),
    ("a trunk", [seen(party="trunk")], []),
    ("no address", [seen(None)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_address(events, seconds) -> None:
    assert fired(events, RULE, CONFIGURED) == seconds
    assert fired(events, RULE) == []


def test_the_extension_is_to_be_restricted() -> None:
    found = decisions(run([seen()], CONFIGURED))
    assert {(each.action, each.target.id, each.mode) for each in found} >= {("restrict_extension", "1007", "auto")}


def test_a_host_name_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="no host name"):
        RegistrationAddress.Limits(addresses=["phone.example.com"])
