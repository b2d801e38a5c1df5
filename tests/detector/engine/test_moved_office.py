"""An office that comes back on a new address is a wave of known accounts: never blocked nor proposed."""

import pytest

from detector.contract.events import AnyEvent
from detector.contract.vocabulary import Severity
from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    ROAMING,
    decisions,
    detections,
    guesses,
    incidents,
    known_phones,
    notice,
    registration,
    run,
)

PHONES = [str(2100 + number) for number in range(12)]
BLOCKED = [
    notice(200, "extension_registration_blocked", ROAMING, account="2111", trust="text"),
    notice(201, "auto_defense_ip_blocked", ROAMING, trust="text"),
    notice(202, "web_user_blocked", ROAMING, account="2111", trust="text"),
]


def come_back(phones: list[str] = PHONES, apart: float = 0.1, source: str = ROAMING) -> list[AnyEvent]:
    return [registration(number * apart, "accepted", name, source) for number, name in enumerate(phones)]


@pytest.mark.parametrize(
    ("events", "quiet"),
    [
        pytest.param([*come_back(PHONES[:11]), *BLOCKED], True, id="and the PBX blocks one with a stale password"),
        pytest.param([*come_back(PHONES[:6]), *BLOCKED], True, id="half of it"),
        pytest.param([*come_back(PHONES[:5]), *BLOCKED], False, id="a few accounts, which may be stolen"),
        pytest.param([*come_back(PHONES[:11], apart=300), *BLOCKED], False, id="one after the other over hours"),
        pytest.param([*come_back([str(number) for number in range(1, 9)]), *BLOCKED], False, id="strangers"),
        pytest.param([*come_back(PHONES[:11]), *guesses(200, 20, "2111", ROAMING)], True, id="a stale password"),
        pytest.param(BLOCKED, False, id="nobody came"),
    ],
)
def test_who_is_an_office(events: list[AnyEvent], quiet: bool) -> None:
    found = run([*known_phones(PHONES), *sorted(events, key=lambda event: event.at)])
    assert (not decisions(found)) is quiet
    assert (all(each.severity is Severity.INFO for each in detections(found))) is quiet


def test_a_notice_about_the_address_of_an_office_is_information() -> None:
    at_office = [
        notice(9, name, OFFICE, trust="text") for name in ("extension_registration_blocked", "web_user_blocked")
    ]
    found = run([*known_phones(PHONES), *at_office])
    assert {each.severity for each in detections(found)} == {Severity.INFO}
    assert not incidents(found)
    assert not decisions(found)


def test_what_was_decided_before_it_was_recognised_is_lifted() -> None:
    """The stale phone came first, and the PBX said so before the others were there."""
    first = [notice(-5, "extension_registration_blocked", ROAMING, account="2111", trust="text")]
    found = run([*known_phones(PHONES), *first, *come_back(PHONES[:11])])
    assert decisions(found)
    assert {each.target.id for each in decisions(found, "restrict_extension")} == set(PHONES[:5])
    assert set({each.id: each.status for each in decisions(found)}.values()) == {"lifted"}
    assert incidents(found)[-1].status == "closed"


def test_an_office_that_was_recognised_stays_one() -> None:
    later = [notice(3 * DAY, "extension_registration_blocked", ROAMING, account="2111", trust="text")]
    assert not decisions(run([*known_phones(PHONES), *come_back(), *later]))
