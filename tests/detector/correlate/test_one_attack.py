"""One attack is one incident: many who guess, whom they entered; and what never ends swallows nothing that is new."""

import pytest

from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind
from tests.detector.detect.rules.test_call_unusual import drip
from tests.detector.engine.builders import (
    DAY,
    HOUR,
    LATVIA,
    SOMALIA,
    THIEF,
    call,
    cdr,
    decisions,
    incidents,
    interrupted,
    known_phones,
    registration,
    run,
    settings,
    text,
    tick,
    usual,
    watched,
    whole,
)


def names(incident, kind=SubjectKind.EXTENSION):
    return {each.id for each in incident.subjects if each.kind is kind}


def about(found, extension):
    """The incidents that name an extension."""
    return [one for one in incidents(found) if extension in names(one)]


# --- many who guess


def guessed(seconds, accounts, each=9):
    """So many accounts are tried by `each` addresses, every one of another network and none twice."""
    return [
        registration(seconds + 20 * n, "rejected", str(accounts[n % len(accounts)]),
                     f"8.{seconds // HOUR % 250}.{n}.9")
        for n in range(each * len(accounts))
    ]  # fmt: skip


FEW, OTHERS = range(1601, 1605), range(1701, 1705)
GUESSING = [
    ("four accounts", guessed(0, FEW), 1),
    ("four and soon after four others", [*guessed(0, FEW), *guessed(2 * HOUR, OTHERS)], 1),
    ("four and long after four others", [*guessed(0, FEW), *guessed(9 * HOUR, OTHERS)], 2),
]


@pytest.mark.parametrize(("events", "count"), [pytest.param(*case[1:], id=case[0]) for case in GUESSING])
def test_many_who_guess_at_many_accounts(events, count) -> None:
    found = run([*watched(), *events])
    assert len(incidents(found)) == count
    assert text(interrupted([*watched(), *events], batch=25)) == text(found)


ENTERED = [
    ("at once", 0, "1602", 1),
    ("hours later", 3 * HOUR, "1602", 2),
    ("where nobody guessed", 0, "1650", 2),
]


@pytest.mark.parametrize(("later", "entered", "count"), [pytest.param(*case[1:], id=case[0]) for case in ENTERED])
def test_whoever_comes_in_where_many_guess_from_yet_another_address(later, entered, count) -> None:
    at = HOUR + later
    thief = [registration(at, "accepted", entered, THIEF), *whole(at + 60, 60, SOMALIA, entered, source_ip=THIEF)]
    found = run([*watched(), *known_phones(["1602", "1650"]), *guessed(0, FEW), *thief])
    (incident,) = about(found, entered)
    assert len(incidents(found)) == count
    came = "was taken over" if count == 1 else "came in"
    assert incident.title.startswith(f"Extension {entered} {came} from {THIEF}")


@pytest.mark.parametrize(("calls", "count"), [(1, 2), (6, 1)])
def test_whoever_pumps_who_came_in_while_all_accounts_were_tried_is_of_that(calls, count) -> None:
    sprayed = [registration(20 * n, "rejected", str(1601 + n % 30), f"8.9.{n}.9") for n in range(120)]
    pumped = [call(HOUR + 60 + n, SOMALIA, "1650", call=f"p{n}", source_ip=THIEF) for n in range(calls)]
    thief = [registration(HOUR, "accepted", "1650", THIEF), *pumped]
    found = run([*watched(), *known_phones(["1650"]), *sprayed, *thief])
    assert len(incidents(found)) == count


# --- what shares little


def test_who_is_only_unlike_before_is_in_nobody_else_s_incident_for_calling_the_same_numbers() -> None:
    pumped = [call(60 + n, SOMALIA, "1003", call=f"p{n}") for n in range(6)]
    odd = drip(range(-2, 1), [SOMALIA], extension="1005")
    found = run([*usual(), *odd[:-1], *pumped, odd[-1]], settings(rules={"call.unusual": {"bits": 20}}))
    (odd_one,), (pumping,) = about(found, "1005"), about(found, "1003")
    assert names(odd_one) == {"1005"}
    assert names(pumping) == {"1003"}


def test_minutes_to_a_country_belong_to_the_attack_that_talks_there_though_no_extension_does() -> None:
    events = [
        event for n in range(20) for event in
        whole(100 * n, 1_350, f"90112526{n:02d}34567", None, direction="transit", via="disa", trunk_in="carrier-b",
              call=f"t{n}")
    ]  # fmt: skip
    found = run([*watched(), *sorted(events, key=lambda event: event.at)],
                settings(rules={"call.new_block": {"calls": 30}}))  # fmt: skip
    assert len(incidents(found)) == 1


# --- what never ends


def worn(days=3):
    """Three people call Latvia, which nobody did before, and go on doing so day after day."""
    return [
        call(day * DAY + 600 * n, LATVIA, extension, call=f"{day}/{extension}")
        for day in range(days) for n, extension in enumerate(("1001", "1002", "1003"))
    ]  # fmt: skip


STAYS_ABROAD = settings(allowed_destination_countries=["US", "SO"])
NOW = 2 * DAY + 2 * HOUR


@pytest.mark.parametrize(
    ("to", "apart"),
    [pytest.param(SOMALIA, True, id="elsewhere"), pytest.param(LATVIA, False, id="where it always goes")],
)
def test_what_an_extension_does_elsewhere_is_not_of_an_incident_that_never_ends(to, apart) -> None:
    stolen = [*(call(NOW + n, to, "1002", call=f"s{n}") for n in range(6)),
              *(call(NOW + 100 + n, to, "1002", call=f"s{n}", phase="answered") for n in range(2))]  # fmt: skip
    events = [*watched(), *worn(), *stolen, tick(NOW + 400)]
    found = run(events, STAYS_ABROAD)
    (incident,) = about(found, "1002")
    (old,) = about(found, "1001")
    assert (incident.id != old.id) is apart
    assert (old.id in incident.related) is apart
    assert (incident.loss.per_minute > 0, old.loss.per_minute > 0) == (True, not apart)
    assert {one.incident for one in decisions(found, target="1002")} == {incident.id}
    assert text(interrupted(events, configured=STAYS_ABROAD)) == text(found)


def test_what_never_ends_is_not_drawn_in_by_one_that_calls_its_numbers() -> None:
    thief = [registration(NOW, "accepted", "1007", THIEF), call(NOW + 60, LATVIA, "1007", source_ip=THIEF)]
    found = run([*watched(), *known_phones(["1007"]), *worn(), *thief], STAYS_ABROAD)
    (incident,) = about(found, "1007")
    (old,) = about(found, "1001")
    assert names(incident) == {"1007"}
    assert incident.related == (old.id,)


def test_what_is_said_of_all_calls_is_of_whoever_makes_the_one_that_counts() -> None:
    hopped = [event for n, day in enumerate(range(4)) for event in
              drip([day], [LATVIA], extension=str(1003 + n))]  # fmt: skip
    rules = settings(rules={"call.unusual_pbx": {"bits": 30}, "call.unusual": {"mode": "shadow"}})
    dear = [cdr(3 * DAY - HOUR + 60 * n, 3_000, f"90112526{n % 10}34567", "1010") for n in range(5)]
    found = run([*usual(), *hopped[:-3], *dear, *hopped[-3:]], rules)
    told = [one for one in incidents(found) if Subject(SubjectKind.PBX, "hq") in one.subjects]
    assert [names(one) for one in told] == [set()]
