"""The first call abroad by an extension that was just taken over (C25)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    GERMANY,
    HOME,
    HOUR,
    NIGHT,
    NOON,
    OFFICE,
    OTHER_THIEF,
    PREMIUM,
    THIEF,
    branch,
    call,
    cdr,
    decisions,
    detections,
    fired,
    guesses,
    incidents,
    known_phones,
    registration,
    run,
    settings,
    verdict,
    watched,
    whole,
)

RULE = "call.suspect"
STOLEN = [*guesses(0), registration(10, "accepted")]
OFFICE_PHONES = known_phones(["1001", "1002"], days=[-1])
MOVED = [*known_phones(["1007"], "8.8.8.8"), registration(0, "accepted", source="1.1.1.1", user_agent="x")]
AT_HOME = known_phones(["1007"], "8.8.8.8")
CASES = [
    ("after a break-in", [*STOLEN, call(60)], [60]),
    ("any country will do", [*STOLEN, call(60, GERMANY)], [60]),
    ("premium at home", [*STOLEN, call(60, PREMIUM)], [60]),
    ("each call", [*STOLEN, call(60), call(70)], [60, 70]),
    ("out of order", [*STOLEN, call(70), call(60)], [70, 60]),
    ("slow drip", [*STOLEN, *(call(20 * HOUR * n) for n in (1, 2, 3))], [20 * HOUR * n for n in (1, 2, 3)]),
    ("it does not keep its own suspicion alive", [*STOLEN, *(call(n * DAY + 60) for n in range(4))], [60, DAY + 60]),
    ("from where the extension was at home before", [*AT_HOME, *STOLEN, call(60, source_ip="8.8.8.8")], []),
    ("in the last second of the incident", [*STOLEN, call(DAY + 9)], [DAY + 9]),
    ("as it ends", [*STOLEN, call(DAY + 10)], []),
    ("once a call, whatever its phases", [*STOLEN, *whole(60, 60)], [60]),
    ("twice the same event", [*STOLEN, *[call(60)] * 2], [60]),
    ("known by its record only", [*STOLEN, cdr(60, 10)], [70]),
    ("the probe the next evening", [*STOLEN, call(DAY - 100)], [DAY - 100]),
    ("from where somebody guessed, whatever extension",
     [*guesses(0), call(60, extension="1003", source_ip=THIEF)], [60]),
    ("in from a new place, a number that is new", [*MOVED, call(60)], [60]),
    ("guessing came to nothing", [*guesses(0), call(60)], []),
    ("too few guesses", [*guesses(0, 4), registration(10, "accepted"), call(60, source_ip=THIEF)], []),
    ("the extension beside it", [*STOLEN, call(60, extension="1008")], []),
    ("from another address, another extension", [*STOLEN, call(60, extension="1008", source_ip=OTHER_THIEF)], []),
    ("at home", [*STOLEN, call(60, HOME)], []),
    ("emergency", [*STOLEN, call(60, EMERGENCY)], []),
    ("internal", [*STOLEN, call(60, "1008", direction="internal")], []),
    ("before the break-in", [call(-60), *STOLEN], []),
    ("after a quiet day", [*STOLEN, call(DAY + 11)], []),
    ("an honest phone in an office where one guesses",
     [*OFFICE_PHONES, *guesses(0, 60, "1001", OFFICE), call(70, extension="1002", source_ip=OFFICE)], []),
    ("one that came in with the office that day, before the guessing",
     [registration(-60, "accepted", "1002", OFFICE), *guesses(0, 5, "1001", OFFICE),
      call(70, extension="1002", source_ip=OFFICE)], []),
    ("one never seen in that office",
     [*guesses(0, 5, "1001", OFFICE), call(70, extension="1002", source_ip=OFFICE)], [70]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_suspect(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_quiet_once_a_person_has_closed_the_incident() -> None:
    (incident,) = incidents(run(STOLEN))
    assert fired([*STOLEN, verdict(30, incident=incident.id), call(60)], RULE) == []


def test_what_it_says_and_asks_for() -> None:
    found = run([*STOLEN, call(60)])
    (said,) = detections(found, RULE)
    assert (said.subject.id, said.severity, said.values["country"]) == ("1007", "critical", "SO")
    assert {each.action for each in decisions(found, target="1007")} == {"hang_up", "restrict_extension"}


NEW = ("901137127654321", "901149301234567", "901125261234567")
AWAY = [*watched(), *MOVED]
HABIT = [cdr(60 - n * DAY, 60, f"9011371{n}7654321") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("events", "severities"),
    [
        ([call(60, NEW[0])], ["warning"]),
        ([call(60 + n, to) for n, to in enumerate(NEW)], ["warning", "warning", "critical"]),
        ([call(60 + n * 1_801, to) for n, to in enumerate(NEW)], ["warning"] * 3),
        ([call(60 + n, NEW[0]) for n in range(4)], ["warning"] * 4),
        ([call(60, PREMIUM)], ["critical"]),
        ([call(60 + n, f"90116129{n}54321") for n in range(5)], ["info"] * 5),
        ([*HABIT, *(call(60 + n, to) for n, to in enumerate(NEW))], ["warning", "warning", "critical"]),
        ([*branch(), *HABIT, *(call(60 + n, f"90113712{n}54321") for n in range(3))], ["warning"] * 3),
    ],
    ids=["one number", "three", "three, slowly", "one again and again", "a premium number", "where the traveller is",
         "new countries, by somebody who calls new numbers every day", "new numbers in a country that is usual"],
)  # fmt: skip
def test_in_from_a_new_place(events, severities) -> None:
    found = run(sorted([*AWAY, *events], key=lambda event: event.at))
    assert [each.severity for each in detections(found, RULE)] == severities


def test_suspicion_of_a_new_place_does_not_prolong_itself() -> None:
    calls = [call(n * DAY + 60, f"90113712{n}54321") for n in range(6)]
    assert fired([*AWAY, *calls], RULE) == [60, DAY + 60]


def test_the_mode_of_one_extension() -> None:
    own = settings(pbx={"extensions": {"1007": {"mode": "shadow"}}})
    assert [each.mode for each in detections(run([*STOLEN, call(60)], own), RULE)] == ["shadow"]


ABROAD = {"source_ip": "1.1.1.1"}
SURE = {
    "three at once by day": ([call(60 + n, to, **ABROAD) for n, to in enumerate(NEW)], 0, True),
    "one after the other": ([e for n, to in enumerate(NEW) for e in whole(60 + 90 * n, 30, to, **ABROAD)], 0, False),
    "from where nobody knows": ([call(60 + n, to) for n, to in enumerate(NEW)], 0, False),
    "two at once at night": ([call(60 + n, to, **ABROAD) for n, to in enumerate(NEW[:2])], NIGHT, True),
    "one at night": ([call(60, NEW[0], **ABROAD)], NIGHT, False),
    "where people call every day": (
        [*branch(), *(call(60 + n, f"90113712{n}54321", **ABROAD) for n in range(3))], 0, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SURE)
def test_what_is_sure_enough_to_act_upon(name) -> None:
    """Several calls at once to new countries from the new place itself, more by day than at night."""
    events, later, sure = SURE[name]
    made = [replace(each, at=each.at + timedelta(seconds=later)) if each.at >= NOON else each for each in events]
    found = run(sorted([*AWAY, *made], key=lambda event: event.at))
    assert ("auto" in {each.mode for each in decisions(found, "restrict_extension")}) is sure
