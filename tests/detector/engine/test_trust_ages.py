"""Good addresses and usual numbers: they last some weeks, need breadth, and say nothing for who guesses today."""

from array import array

import pytest

from detector.enrich.habits import LASTS_DAYS, is_known_good, was_good
from detector.enrich.older_habits import take_over
from detector.memory.fields import Memory
from tests.detector.engine.builders import (
    DAY,
    NIGHT,
    OFFICE,
    PHONE,
    SOMALIA,
    branch,
    call,
    cdr,
    decisions,
    detections,
    engine,
    interrupted,
    known_phones,
    login,
    moment,
    registration,
    run,
    text,
    watched,
    whole,
)

HOME_OF_1803 = "192.0.2.177"
AT_WORK = known_phones(["1803", "1805", "1807"], OFFICE)


def at_home(*days, source=HOME_OF_1803, phones=("1803",)):
    """Phones that registered from home on these days."""
    return known_phones(phones, source, sorted(days))


def tries(count, accounts=30, gap=2.0, source=HOME_OF_1803):
    return [registration(gap * n, "rejected", str(1800 + n % accounts), source, user_agent=PHONE) for n in range(count)]


def theft(source=HOME_OF_1803):
    """Let in as 1807, and a call to Somalia from the same address."""
    return [registration(180, "accepted", "1807", source, user_agent=PHONE),
            *whole(240, 600, SOMALIA, "1807", source_ip=source)]  # fmt: skip


def done(found):
    """What is done without a person, but for backups."""
    return {(one.action, one.target.id) for one in decisions(found) if one.mode == "auto" and one.refused is None}


STOLEN = {("block_ip", HOME_OF_1803), ("restrict_extension", "1807"), ("hang_up", "1807")}
GUESSED = [
    ("good a year ago", at_home(-400, -399, -398), tries(60)),
    ("good seven weeks ago", at_home(-52, -51, -50), tries(60)),
    ("good until yesterday, many accounts", at_home(-5, -4, -3, -2, -1), tries(60)),
    ("good until yesterday, a few accounts", at_home(-3, -2, -1), [*tries(60, accounts=6)]),
    ("good for two people until yesterday", at_home(-3, -2, -1, phones=("1803", "1805")), tries(60)),
    ("good for guests who left weeks ago", at_home(-20, -19, -18, phones=("1803", "1805", "1899")), tries(60)),
]


@pytest.mark.parametrize(("before", "guesses"), [pytest.param(*case[1:], id=case[0]) for case in GUESSED])
def test_whoever_guesses_is_no_longer_good(before, guesses) -> None:
    events = sorted([*before, *AT_WORK, *watched(), *guesses, *theft()], key=lambda event: event.at)
    found = run(events)
    assert done(found) >= STOLEN
    assert {target for action, target in done(found) if action == "restrict_extension"} == {"1807"}
    assert text(interrupted(events, batch=7)) == text(found)


HONEST = [
    ("a telephone with a stale password", at_home(-5, -4, -3, -2, -1),
     [registration(20 * n, "rejected", "1803", HOME_OF_1803) for n in range(90)]),
    ("and one of an app that tries in a hurry", at_home(-5, -4, -3, -2, -1),
     [registration(n / 2, "rejected", "1803", HOME_OF_1803) for n in range(90)]),
    ("a second one that never was there", at_home(-5, -4, -3, -2, -1),
     [registration(20 * n, "rejected", "1899", HOME_OF_1803) for n in range(90)]),
    ("after four weeks of holiday", at_home(-33, -32, -31, -30, -29),
     [registration(n, "rejected", "1803", HOME_OF_1803) for n in range(90)]),
    ("an office with many new telephones", [],
     [registration(5 * n, "rejected", str(1900 + n % 20), OFFICE) for n in range(60)]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "events"), [pytest.param(*case[1:], id=case[0]) for case in HONEST])
def test_whoever_has_a_stale_password_stays_good(before, events) -> None:
    found = run(sorted([*before, *AT_WORK, *watched(), *events], key=lambda event: event.at))
    assert done(found) == set()


def test_an_address_is_good_again_days_after_it_guessed() -> None:
    made = engine()
    for event in [*at_home(-3, -2, -1), *tries(60)]:
        made.process(event)
    memory = made._states["hq", False].memory
    later = [round(moment(seconds).timestamp()) * 1_000_000 for seconds in (3_600, 2 * DAY)]
    assert [is_known_good(memory, HOME_OF_1803, at) for at in later] == [False, True]
    assert [was_good(memory, HOME_OF_1803, at) for at in later] == [False, True]


def test_tries_at_an_address_that_nobody_knows_are_not_remembered_as_a_breach_of_trust() -> None:
    made = engine()
    for event in tries(60):
        made.process(event)
    assert not made._states["hq", False].memory.subjects("strangers")


# --- usual numbers

PUMPS = [
    call(10 * n + phone, SOMALIA[:-1] + str((n + phone) % 10), str(1700 + phone), call=f"{phone}/{n}")
    for n in range(3) for phone in range(1, 9)
]  # fmt: skip
BLOCKED = "call.concurrent_destination"


def minutes(each, *days, phones=("1707",)):
    """A call of so many minutes by each of the phones on these days."""
    return [cdr(day * DAY + 1_800 * n, 60 * each, SOMALIA, phone) for day in days for n, phone in enumerate(phones)]


MANY = tuple(str(1700 + n) for n in range(12))
NEW = [
    ("never called", []),
    ("called for a minute on three days", minutes(1, -6, -5, -2)),
    ("called for a minute on every day", minutes(1, *range(-13, 0))),
    ("called for a minute by three on three days", minutes(1, -6, -5, -2, phones=("1701", "1702", "1703"))),
    ("called at length by one", minutes(10, -6, -5, -2)),
    ("called at length by three", minutes(10, -6, -5, -2, phones=("1701", "1702", "1703"))),
    ("called at length by many, months ago", minutes(10, -102, -101, -100, phones=MANY)),
    ("called at length by many, but only today", [cdr(-7_000 + 10 * n, 300, SOMALIA, who)
                                                  for n, who in enumerate(MANY)]),
    ("called often, and nobody answered",
     [cdr(day * DAY + 60 * n, 0, SOMALIA, MANY[n], disposition="no_answer", answered_at=None)
      for day in (-6, -5, -2) for n in range(12)]),
]  # fmt: skip


@pytest.mark.parametrize("before", [pytest.param(case[1], id=case[0]) for case in NEW])
def test_a_little_that_was_good_makes_no_block_usual_for_a_flood(before) -> None:
    events = sorted([*watched((-6, -5, -2)), *before, *PUMPS], key=lambda event: event.at)
    found = run(events)
    (first, *_) = [one for one in detections(found, BLOCKED) if one.at >= moment(0)]
    assert (first.severity, first.values["calls"] <= 9) == ("critical", True)
    assert text(interrupted(events, batch=9)) == text(found)


USUAL = [
    ("many callers, at length", minutes(5, -6, -5, -2, phones=MANY)),
    ("many callers, a minute each", minutes(1, -6, -5, -2, phones=MANY)),
    ("some weeks ago", minutes(5, -30, -29, -28, phones=MANY)),
]


@pytest.mark.parametrize("before", [pytest.param(case[1], id=case[0]) for case in USUAL])
def test_what_many_call_again_and_again_is_usual(before) -> None:
    events = sorted([*watched((-6, -5, -2)), *before, *PUMPS], key=lambda event: event.at)
    assert not [one for one in detections(run(events), BLOCKED) if one.at >= moment(0)]


def test_what_one_calls_again_and_again_is_usual_for_that_one_only() -> None:
    def probed(extension):
        probes = [one for n in range(9) for one in whole(60 * n, 5, SOMALIA[:-1] + str(n), extension)]
        events = sorted([*watched(), *minutes(10, -6, -5, -2), *probes], key=lambda event: event.at)
        return detections(run(events), "call.probe")

    assert (len(probed("1707")), len(probed("1708")) > 0) == (0, True)


def test_long_calls_by_night_are_not_made_usual_by_short_ones_by_day() -> None:
    nights = [event for n in (-5, -4, -3, -2, -1) for event in whole(n * DAY + NIGHT, 3_000, call=f"n{n}")]
    short = minutes(1, -9, -8, -7, -6)
    long = minutes(10, -9, -8, -7, -6)
    fired = [len(detections(run([*days, *nights]), "call.slow_pumping")) for days in (short, long)]
    assert (fired[0] > 0, fired[1]) == (True, 0)


# --- checkpoints of versions that did not let habits age


def test_what_was_trusted_without_age_is_trusted_from_the_checkpoint_on_and_ages() -> None:
    memory, now = Memory(), 20_000 * DAY * 1_000_000
    memory.put("good", OFFICE, array("q", range(100, 108)))
    memory.put("accepted", f"1001\x1f{OFFICE}", array("q", [5]))
    memory.put("shared", OFFICE, array("q", [5, 6, 7]))
    memory.put("called", "+3712765", array("q", [100, 101, 102]))
    memory.put("call.suspect/habit", "1001", array("q", [100]))
    take_over(memory, now)
    assert not any(memory.subjects(name) for name in ("good", "accepted", "shared", "called", "call.suspect/habit"))
    day = DAY * 1_000_000
    assert [is_known_good(memory, OFFICE, now + days * day) for days in (0, LASTS_DAYS - 8, LASTS_DAYS)] == [
        True, True, False,
    ]  # fmt: skip
    before = {name: memory.page(name, who) for name in ("good days", "shared since") for who in [OFFICE]}
    take_over(memory, now + day)
    assert before == {name: memory.page(name, who) for name in before for who in [OFFICE]}


def test_a_block_that_an_older_version_knew_is_usual_for_all() -> None:
    made = engine()
    made.process(login(-DAY, "accepted", "1001", OFFICE))
    pages = {key: value for key, value in made.dirty_pages().items() if value is not None}
    pages['["hq",false,"called","+3712765"]'] = array("q", [20_000, 20_001, 20_002]).tobytes()
    pages['["hq",false,"called","LV"]'] = array("q", [20_000, 20_001, 20_002]).tobytes()
    again = engine()
    again.load(pages.items())
    found = [one for event in [*watched((-1,)), *branch(days=[0])[:8]] for one in again.process(event)]
    assert not detections(found, "call.fan_out")
    facts = again._states["hq", False].memory
    assert facts.subjects("talked")
