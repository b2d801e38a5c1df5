"""A registration from where the account never was: stolen, or only travelling (C14)."""

import pytest

from tests.detector.engine.builders import (
    DAY,
    OFFICE,
    PHONE,
    ROAMING,
    ROGUE,
    THIEF,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    registration,
    run,
    settings,
)

RULE = "registration.new_place"
KNOWN = known_phones(["1007"], source="8.8.8.8")
LATER = "1.1.1.1"
"""8.8.8.8 and 1.1.1.1 are of different countries for the table in use."""
CASES = [
    ("an account that is new to us", [registration(0, "accepted")], []),
    ("country, network and user agent are new",
     [*KNOWN, registration(0, "accepted", source=LATER, user_agent="x")], [0]),
    ("the user agent is known", [*KNOWN, registration(0, "accepted", source=LATER)], []),
    ("slow drip: one thing that is new a day",
     [*KNOWN, registration(0, "accepted", source=LATER),
      registration(DAY, "accepted", source=LATER, user_agent="x")], []),
    ("out of order", [*KNOWN, *(registration(second, "accepted", source=LATER, user_agent="x") for second in (9, 0))],
     [9]),
    ("the country is known", [*KNOWN, registration(0, "accepted", source="4.4.4.4", user_agent="x")], []),
    ("the phone was updated", [*KNOWN, registration(0, "accepted", source="8.8.8.8",
                                                    user_agent="Yealink SIP-T46S 66.86.0.15")], []),
    ("it stays there: said once", [*KNOWN, *(registration(60 * s, "accepted", source=LATER, user_agent="x")
                                             for s in range(30))], [0]),
    ("it is still there the next days", [*KNOWN, *(registration(DAY / 2 * s, "accepted", source=LATER, user_agent="x")
                                                   for s in range(10))], [0]),
    ("twice the same event", [*KNOWN, *[registration(0, "accepted", source=LATER, user_agent="x")] * 2], [0]),
    ("refused", [*KNOWN, registration(0, "rejected", source=LATER, user_agent="x")], []),
    ("from the local network", [*KNOWN, registration(0, "accepted", source="10.0.0.9", user_agent="x")], []),
    ("a trunk", [*KNOWN, registration(0, "accepted", source=LATER, user_agent="x", party="trunk")], []),
    ("no address", [*KNOWN, registration(0, "accepted", source=None, user_agent="x")], []),
    ("from where somebody guessed", [*guesses(0), registration(10, "accepted")], [10]),
    ("from where somebody guessed for another account", [*guesses(0, 5, "1001"), registration(10, "accepted")], [10]),
    ("the guesser is somewhere else", [*guesses(0), registration(10, "accepted", source=OFFICE)], []),
    ("too few guesses", [*guesses(0, 4), registration(10, "accepted")], []),
    ("account named, extension not", [*guesses(0), registration(10, "accepted", extension=None)], [10]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_new_place(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_after_guessing_it_is_critical_and_says_so() -> None:
    (found,) = detections(run([*guesses(0), registration(10, "accepted")]), RULE)
    assert (found.severity, found.subject.id) == ("critical", "1007")
    assert "after password guessing" in found.summary
    assert found.values["address"] == THIEF


def test_a_traveller_is_information_and_nobody_guessed() -> None:
    found = run([*KNOWN, registration(0, "accepted", source=LATER, user_agent="x")])
    (said,) = detections(found, RULE)
    assert (said.severity, said.values["novelty"]) == ("info", 1.0)
    assert "guessing" not in said.summary
    (incident,) = incidents(found)
    assert (incident.severity, incident.title) == ("info", f"Extension 1007 came in from {LATER}, a new place")
    assert decisions(found) == []


def test_a_thief_who_registers_again_and_again_is_said_once_an_hour() -> None:
    refreshed = [registration(60 * minute, "accepted") for minute in range(1, 122)]
    assert fired([*guesses(0), *refreshed], RULE) == [60, 3_660, 7_260]


def test_phones_of_an_office_from_which_somebody_guesses_stay_quiet() -> None:
    phones = [str(1001 + number) for number in range(10)]
    first_day = [registration(step, "accepted", phone, OFFICE) for step, phone in enumerate(phones)]
    again = [registration(200 + step, "accepted", phone, OFFICE) for step, phone in enumerate(phones)]
    guessed = guesses(100, 8, "9999", OFFICE)
    assert fired([*first_day, *guessed, *again], RULE) == []
    assert fired([*guessed, *again], RULE) == [200 + step for step in range(10)]


@pytest.mark.parametrize(("before", "seconds"), [(3, []), (2, [200])])
def test_a_newcomer_in_an_office_is_no_thief(before, seconds) -> None:
    """Where three accounts were accepted before the guessing, an address is an office's."""
    phones = [registration(number, "accepted", str(1001 + number), OFFICE) for number in range(before)]
    late = [registration(150 + number, "accepted", str(1001 + number), OFFICE) for number in range(before)]
    events = [*phones, *guesses(100, 5, "9999", OFFICE), *late, registration(200, "accepted", "1020", OFFICE)]
    assert fired(events, RULE) == seconds


def test_what_a_thief_did_makes_no_place_known() -> None:
    """The day after, his registration is as new as on the first, and he may guess no more often."""
    thief = [*guesses(0), registration(10, "accepted")]
    assert fired([*thief, registration(DAY - 9, "accepted", user_agent=PHONE)], RULE) == [10, DAY - 9]
    assert fired([*thief, *guesses(DAY, 5)], "registration.bruteforce") == [4, DAY + 4]


def test_a_traveller_may_not_guess_more_often_the_next_day() -> None:
    travelling = [*KNOWN, registration(0, "accepted", source=ROAMING, user_agent=ROGUE)]
    guessed = guesses(DAY, 5, source=ROAMING)
    assert detections(run(travelling), RULE)
    assert fired([*travelling, *guessed], "registration.bruteforce") == [DAY + 4]


def test_less_novelty_is_enough_where_the_settings_say_so() -> None:
    events = [*KNOWN, registration(0, "accepted", source="4.4.4.4", user_agent="x")]
    assert fired(events, RULE, settings(rules={RULE: {"novelty": 0.66}})) == [0]
    assert fired(events, RULE, settings(rules={RULE: {"novelty": 0.67}})) == []
