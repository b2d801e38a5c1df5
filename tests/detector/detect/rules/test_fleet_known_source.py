"""An address that attacked other PBXs comes to this one (C09)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from detector.contract.findings import Incident
from tests.detector.engine.builders import (
    DAY,
    HOUR,
    NOON,
    OFFICE,
    OTHER_THIEF,
    THIEF,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    last,
    listed,
    login,
    moment,
    notice,
    registration,
    run,
    settings,
    tick,
)

RULE = "fleet.known_source"
LISTED = listed(-60, THIEF)
REFUSED, ACCEPTED = registration(0), registration(5, "accepted")
V6, V6_NEIGHBOUR, V6_BLOCK = "2001:db8:1:2::7", "2001:db8:1:2::8", "2001:db8:1:2::/64"
CASES = [
    ("refused", [LISTED, REFUSED], [0]),
    ("refused to log in", [LISTED, login(0)], [0]),
    ("accepted", [LISTED, ACCEPTED], [5]),
    ("accepted to log in", [LISTED, login(0, "accepted")], [0]),
    ("once a listing", [LISTED, *guesses(0, 4), *guesses(DAY, 4), login(2 * DAY)], [0]),
    ("refused, then accepted", [LISTED, REFUSED, ACCEPTED, registration(9, "accepted")], [0, 5]),
    ("twice the same event", [LISTED, REFUSED, REFUSED], [0]),
    ("announced twice", [LISTED, REFUSED, replace(LISTED, id="again"), registration(9)], [0]),
    ("the listing goes on", [LISTED, REFUSED, listed(DAY, THIEF, pbxs=8), registration(DAY + 9)], [0]),
    ("listed once more", [LISTED, REFUSED, listed(8 * DAY, THIEF), registration(8 * DAY + 9)], [0, 8 * DAY + 9]),
    ("out of order", [LISTED, registration(60), registration(0)], [60]),
    ("just before the end", [LISTED, registration(7 * DAY - 60.000001)], [7 * DAY - 60.000001]),
    ("at the end", [LISTED, registration(7 * DAY - 60)], []),
    ("past the end", [LISTED, registration(7 * DAY)], []),
    ("a listing that is over is not taken", [listed(-9 * DAY, THIEF), REFUSED], []),
    ("IPv6 by its /64", [listed(-60, V6_BLOCK), registration(0, source=V6), registration(9, source=V6_NEIGHBOUR)], [0]),
    ("another address", [LISTED, registration(0, source=OTHER_THIEF)], []),
    ("nothing listed", [REFUSED, ACCEPTED], []),
    ("listed as a destination only", [listed(-60, "+2526123"), REFUSED], []),
    ("only challenged", [LISTED, registration(0, "challenged")], []),
    ("a contact that went away", [LISTED, registration(0, "expired")], []),
    ("what the PBX says of it", [LISTED, notice(0, "sip_trunk_registration_failed")], []),
    ("a trunk", [LISTED, registration(0, party="trunk")], []),
    ("the account from there the day before", [*known_phones(["1007"], THIEF, [-1]), LISTED, REFUSED, ACCEPTED], []),
    ("a colleague from there the day before", [*known_phones(["1001"], THIEF, [-1]), LISTED, REFUSED, ACCEPTED], []),
    ("a colleague from there an hour before", [registration(-HOUR, "accepted", "1001"), LISTED, REFUSED], [0]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_fleet_known_source(events, seconds) -> None:
    assert fired(events, RULE) == seconds


@pytest.mark.parametrize(
    ("event", "mode", "becomes"),
    [
        (REFUSED, "auto", "auto"),
        (REFUSED, "notify", "notify"),
        (ACCEPTED, "auto", "ask"),
        (ACCEPTED, "shadow", "shadow"),
        (registration(0, trust="text"), "auto", "ask"),
    ],
    ids=["refused", "refused, not to act", "accepted is hearsay alone", "accepted, rehearsed", "read out of text"],
)
def test_the_address_is_to_be_blocked_for_an_hour_and_no_extension_is_touched(event, mode, becomes) -> None:
    (decision,) = decisions(run([LISTED, event], settings(mode=mode)))
    assert (decision.action, decision.target.id, decision.mode) == ("block_ip", THIEF, becomes)
    assert decision.until - event.at == timedelta(hours=1)
    assert decision.refused is None


def test_an_incident_says_what_it_is_until_more_is_known() -> None:
    found = run([LISTED, *guesses(0)])
    told = [(each.kind, each.title) for each in found if isinstance(each, Incident)]
    assert told[0] == ("known_attacker", f"An attacker known from other PBXs came from {THIEF}")
    assert told[-1] == ("password_guessing", f"Password guessing from {THIEF}")
    assert len(last(found, Incident)) == 1
    one, guessed = detections(found)
    assert (one.summary, one.values) == (f"{THIEF}, which attacked 3 PBXs, was refused", {"fleet_pbxs": 3})
    assert guessed.values["fleet_pbxs"] == 3


@pytest.mark.parametrize(
    ("pbx", "reason"),
    [
        ({"protected": ["203.0.113.0/24"]}, "protected"),
        ({"trunks": {"carrier-a": {"hosts": [THIEF]}}}, "trunk"),
    ],
)
def test_what_is_protected_here_is_not_blocked_whatever_others_say(pbx, reason) -> None:
    (decision,) = decisions(run([LISTED, REFUSED], settings(pbx=pbx)))
    assert reason in decision.refused


def test_a_listed_address_that_was_let_in_does_not_become_known_for_it() -> None:
    let_in = [registration(day * DAY, "accepted") for day in range(4)]
    again = listed(4 * DAY, THIEF, holds=20 * DAY)
    assert fired([LISTED, *let_in, listed(10 * DAY, THIEF), registration(10 * DAY + 9)], RULE)[-1] == 10 * DAY + 9
    assert fired([*let_in, again, registration(4 * DAY + 9)], RULE) == []


def test_whoever_shares_the_address_of_a_listed_stranger_is_no_suspect() -> None:
    """Hearsay proves nothing: a call from there is an ordinary one, and the extension stays as it is."""
    calm = [LISTED, ACCEPTED, registration(6, "accepted", "1008"), tick(60)]
    assert {each.rule for each in detections(run(calm))} == {RULE}
    assert incidents(run(calm))[0].stage == "recon"


def test_a_drill_is_none_of_the_fleets_business() -> None:
    found = run([LISTED, replace(REFUSED, drill=True), replace(REFUSED, id="real", at=moment(1))])
    assert [(each.drill, (each.at - NOON).total_seconds()) for each in detections(found)] == [(True, 0), (False, 1)]


def test_an_office_of_ours_that_somebody_slandered_goes_on() -> None:
    """Whoever makes PBXs of his own report our office gets nobody of it blocked."""
    phones = known_phones(["1001", "1002"], OFFICE, [-2, -1])
    day = [registration(n, ("rejected", "accepted")[n % 2], str(1001 + n), OFFICE) for n in range(4)]
    assert run([*phones, listed(-60, OFFICE, pbxs=100), *day]) == []
