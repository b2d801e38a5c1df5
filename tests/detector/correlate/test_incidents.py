"""Detections of one attack become one incident, with its stage and its money, and nobody honest in it."""

from collections import Counter
from itertools import pairwise, permutations

import pytest
from msgspec.structs import replace

from detector.contract.events import Unknown
from detector.contract.findings import Decision, Detection, Incident
from detector.contract.vocabulary import STAGES
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    NOON,
    OFFICE,
    OTHER_THIEF,
    PREMIUM,
    SATELLITE,
    SOMALIA,
    SOMALIA_NEXT,
    THIEF,
    branch,
    call,
    cdr,
    decisions,
    detections,
    engine,
    guesses,
    incidents,
    known_phones,
    last,
    login,
    moment,
    outcome,
    refused,
    registration,
    run,
    rung,
    settings,
    tick,
    verdict,
    watched,
    whole,
)

STOLEN = [*guesses(0), registration(10, "accepted")]
GUESS = registration(0, count=5)
ACCEPTED = registration(10, "accepted")
PROBE = call(60, PREMIUM, source_ip=THIEF)
PUMPING = call(70, SATELLITE, source_ip=THIEF)


def subjects(incident):
    return {(each.kind.value, each.id) for each in incident.subjects}


def touched(found):
    """Everything that any decision is about."""
    return {each.target.id for each in decisions(found)}


# --- what belongs together


@pytest.mark.parametrize("order", list(permutations([GUESS, ACCEPTED, PROBE, PUMPING])))
def test_one_attack_is_one_incident_in_whatever_order_it_comes(order) -> None:
    (incident,) = incidents(run(order))
    assert {("extension", "1007"), ("source_ip", THIEF)} <= subjects(incident)


@pytest.mark.parametrize("order", list(permutations([GUESS, ACCEPTED, call(60), login(65, count=9)])))
def test_one_stolen_extension_and_a_try_at_the_web_are_one_incident(order) -> None:
    assert len(incidents(run(order))) == 1


def interleaved(one, other):
    return sorted([*one, *other], key=lambda event: event.at)


def test_two_attackers_at_once_are_two_incidents() -> None:
    one = [*STOLEN, *whole(60, 100), *whole(70, 100)]
    other = [*guesses(0.5, 5, "1001", OTHER_THIEF), registration(10.5, "accepted", "1001", OTHER_THIEF),
             *whole(60.5, 100, LATVIA, "1001"), *whole(70.5, 100, LATVIA, "1001")]  # fmt: skip
    first, second = incidents(run(interleaved(one, other)))
    assert {("extension", "1007"), ("source_ip", THIEF)} <= subjects(first)
    assert {("extension", "1001"), ("source_ip", OTHER_THIEF)} <= subjects(second)
    assert not subjects(first) & subjects(second)


def test_two_attackers_on_one_busy_trunk_stay_two_incidents() -> None:
    one = [*STOLEN, *(call(60 + s, call=f"a{s}") for s in range(3)), call(400, call="a9", phase="ended")]
    other = [*guesses(0.5, 5, "1001", OTHER_THIEF), registration(10.5, "accepted", "1001", OTHER_THIEF),
             *(call(60.5 + s, LATVIA, "1001", call=f"b{s}") for s in range(3))]  # fmt: skip
    ends = [call(300, call=f"a{s}", phase="ended") for s in range(3)]
    again = [call(500 + s, LATVIA, "1001", call=f"c{s}") for s in range(6)]
    busy = settings(rules={"call.concurrent_trunk": {"calls": 4}})
    found = run([*interleaved(one[:-1], other), *ends, *again], busy)
    assert len(detections(found, "call.concurrent_trunk")) == 2
    assert len(incidents(found)) == 2


def test_fan_out_over_extensions_to_one_block_is_one_incident() -> None:
    events = [call(NIGHT + number, SOMALIA[:-1] + str(number), f"10{number:02d}") for number in range(8)]
    (incident,) = incidents(run(events))
    assert len([each for each in incident.subjects if each.kind == "extension"]) == 8


def test_a_link_found_later_merges_the_younger_into_the_older() -> None:
    found = run([*guesses(0), call(30, PREMIUM), *guesses(40), registration(50, "accepted")])
    older, younger = last(found, Incident).values()
    assert (younger.status, younger.merged_into) == ("merged", older.id)
    assert older.status == "open"
    assert older.stage == "probe"
    assert {("extension", "1007"), ("source_ip", THIEF)} <= subjects(older)
    assert {each.incident for each in decisions(found)} == {older.id}
    assert set(younger.detections) <= set(older.detections)


def test_what_a_merged_incident_has_cost_is_carried_over() -> None:
    found = run([*guesses(0), *whole(20, 10, PREMIUM), registration(50, "accepted")])
    (incident,) = incidents(found)
    assert incident.loss.spent == 300


def test_a_block_of_numbers_at_home_joins_nobody() -> None:
    fast = [call(n / 10, HOME, phone, call=f"{phone}/{n}") for phone in ("1001", "1002") for n in range(5)]
    assert len(incidents(run(fast))) == 2


def test_calls_of_a_merged_incident_count_once_for_the_other() -> None:
    running = whole(30, 600, PREMIUM)
    found = run([*guesses(0), *running[:2], registration(50, "accepted"), running[2]])
    (incident,) = incidents(found)
    assert incident.loss.spent == 3_000


# --- who does not belong to it


HONEST = known_phones(["1001", "1002", "1003"], days=[-1])
AT_NIGHT = NIGHT + 60


@pytest.mark.parametrize("rule_mode", ["ask", "auto"])
def test_an_honest_extension_on_the_thief_s_trunk_is_left_alone(rule_mode) -> None:
    honest = [*whole(AT_NIGHT, 60, HOME, "1001"), *whole(AT_NIGHT + 5, 60, GERMANY, "1002")]
    thief = [*guesses(NIGHT), registration(NIGHT + 10, "accepted"), *(call(AT_NIGHT + n) for n in range(9))]
    busy = settings(mode=rule_mode, rules={"call.concurrent_trunk": {"calls": 3}})
    found = run([*HONEST, *interleaved(honest, thief)], busy)
    assert detections(found, "call.concurrent_trunk")
    assert touched(found) == {"1007", THIEF}
    assert not [each for each in incidents(found) if {("extension", "1007"), ("extension", "1002")} <= subjects(each)]


@pytest.mark.parametrize("known", [HONEST, [registration(NIGHT - 60, "accepted", "1002", OFFICE)]])
def test_an_honest_extension_in_the_guesser_s_office_is_left_alone(known) -> None:
    guessed = guesses(NIGHT, 60, "9999", OFFICE)
    honest = [registration(AT_NIGHT + 10, "accepted", "1002", OFFICE),
              *whole(AT_NIGHT + 20, 60, GERMANY, "1002", source_ip=OFFICE)]  # fmt: skip
    found = run([*known, *guessed, *honest])
    assert detections(found, "registration.bruteforce")
    assert detections(found, "call.after_hours")
    assert "1002" not in touched(found)


def test_an_honest_call_before_the_guessing_in_its_office_draws_nobody_in() -> None:
    honest = [whole(NIGHT + 2_000 * n, 60, GERMANY, "1002", source_ip=OFFICE, call=f"h{n}") for n in range(2)]
    found = run([*HONEST, *honest[0], *guesses(NIGHT + 100, 60, "9999", OFFICE), *honest[1]])
    assert len(detections(found, "call.after_hours")) == 2
    assert touched(found) == {OFFICE}


def test_a_late_record_does_not_draw_an_honest_office_in() -> None:
    found = run([*HONEST, *guesses(NIGHT, 5, "9999", OFFICE), *(events := whole(AT_NIGHT, 60, PREMIUM, "1002"))])
    seen = run([*HONEST, *guesses(NIGHT, 5, "9999", OFFICE), *events,
                replace(events[2], revision=1, source_ip=OFFICE)])  # fmt: skip
    assert len(incidents(found)) == len(incidents(seen)) == 2


# --- stage, kind, title


def test_the_stage_only_rises() -> None:
    found = run([*STOLEN, *(call(60 + n / 10) for n in range(6)), *guesses(100), registration(200, "accepted")])
    stages = [STAGES.index(each.stage) for each in found if isinstance(each, Incident)]
    assert stages == sorted(stages)
    assert [STAGES[stage] for stage in dict.fromkeys(stages)] == ["credential", "access", "probe", "pumping"]


@pytest.mark.parametrize(
    ("events", "kind", "title"),
    [
        (guesses(0), "password_guessing", f"Password guessing from {THIEF}"),
        (STOLEN, "stolen_credential", f"Extension 1007 was taken over from {THIEF}"),
        ([*STOLEN, call(60)], "stolen_credential",
         f"Extension 1007 was taken over from {THIEF} and is calling Somalia"),
        ([*STOLEN, *(call(60, call=str(n)) for n in range(5))], "irsf",
         f"Extension 1007 was taken over from {THIEF} and is pumping calls to Somalia"),
        ([call(0, PREMIUM)], "policy", "Extension 1007 is calling out"),
        ([call(n, HOME, str(2000 + n)) for n in range(30)], "policy", "30 outbound calls at once on trunk carrier-a"),
    ],
)  # fmt: skip
def test_kind_and_title(events, kind, title) -> None:
    (incident,) = incidents(run(events))
    assert (incident.kind, incident.title) == (kind, title)


def hunted(start, extension="1007"):
    prefixes = ("9011", "900", "90011", "9810", "9+")
    return [refused(start + n, f"{prefix}252612345678", extension) for n, prefix in enumerate(prefixes)]


KINDS = [
    ("a hunt", hunted(0), "prefix_hunt"),
    ("a hunt that found its way", [*hunted(0), *(call(60, call=str(n)) for n in range(5))], "irsf"),
    ("a hunt by a stolen extension", [*STOLEN, *hunted(60)], "stolen_credential"),
    ("the break-in comes to light after the hunt", [*hunted(0), *guesses(60), registration(70, "accepted")],
     "stolen_credential"),
    ("costly calls at home without a country", [call(n, SATELLITE, call=str(n)) for n in range(5)], "irsf"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "kind"), [pytest.param(*case[1:], id=case[0]) for case in KINDS])
def test_what_a_rule_names_stands_until_more_is_known(events, kind) -> None:
    (incident,) = incidents(run(events))
    assert incident.kind == kind


def test_kinds_survive_a_merger() -> None:
    found = run([*hunted(0), *hunted(60, "1008"), call(90), call(91, SOMALIA_NEXT, "1008")],
                settings(allowed_destination_countries=["US"]))  # fmt: skip
    (incident,) = incidents(found)
    assert (incident.kind, len(last(found, Incident))) == ("prefix_hunt", 1)


def test_information_accuses_nobody() -> None:
    lone = [call(NIGHT, SOMALIA), *whole(NIGHT + 60, 60, HOME, "1007"), *whole(NIGHT + 90, 60, HOME, "1008")]
    (incident,) = incidents(run(lone))
    assert subjects(incident) == {("extension", "1007"), ("destination", "+2526123")}
    assert len(incident.detections) == 2


def test_information_prolongs_nothing() -> None:
    nights = [call(night * DAY + NIGHT, HOME) for night in range(1, 6)]
    assert incidents(run([call(NIGHT, SOMALIA), *nights]))[0].status == "closed"


def test_what_all_calls_cost_is_told_with_the_attack_that_costs_most() -> None:
    dear = [cdr(n * 60, 3_000, f"90112526{n % 10}34567", str(1010 + n % 5)) for n in range(40)]
    found = run([*watched(), *dear], settings(rules={"call.cost_pbx": {"amount": 1_500}}))
    assert "call.cost_pbx" in {each.rule for each in detections(found)}
    assert len(incidents(found)) == 1


def test_a_title_names_only_where_the_attack_called() -> None:
    own = [cdr(NIGHT + n * 60, 60, LATVIA) for n in range(3)]
    (incident,) = incidents(run([*[cdr(-n * DAY, 60, LATVIA) for n in (1, 2, 5)], call(NIGHT, PREMIUM), *own]))
    assert "Latvia" not in incident.title


def test_a_block_of_numbers_that_is_called_every_day_joins_nobody() -> None:
    def by_two(*before):
        return len(incidents(run([*before, call(0, LATVIA, "1001"), call(60, LATVIA, "1002")], only_home)))

    only_home = settings(allowed_destination_countries=["US"], rules={"call.country": {"mode": "notify"}})
    assert by_two() == 1
    assert by_two(*branch()) == len(incidents(run(branch(), only_home))) + 2


def test_whoever_is_called_is_never_accused() -> None:
    found = run([rung(n, f"+2224512{n:04}", source_ip=THIEF) for n in range(9)])
    assert {each.kind for incident in incidents(found) for each in incident.subjects} == {"pbx", "destination"}


def test_revisions_count_up_without_gaps() -> None:
    found = run([*STOLEN, *whole(60, 100), tick(DAY), tick(3 * DAY)])
    for kind in (Incident, Decision):
        for name in last(found, kind):
            revisions = [each.revision for each in found if each.id == name]
            assert revisions == list(range(len(revisions)))


def test_an_incident_closes_after_a_quiet_day() -> None:
    assert incidents(run([*STOLEN, tick(DAY + 9)]))[0].status == "open"
    found = run([*STOLEN, tick(2 * DAY)])
    assert (incidents(found)[0].status, incidents(found)[0].at) == ("closed", moment(DAY + 10))


def test_an_incident_stays_open_as_long_as_a_call_is_up() -> None:
    events = [*STOLEN, call(60), call(61, phase="answered", call="1007@60")]
    patient = settings(rules={"call.duration": {"limit_abroad": "3d"}})
    assert incidents(run([*events, tick(DAY + 60.5)], patient))[0].status == "open"
    assert incidents(run([*events, tick(3 * DAY)], patient))[0].status == "closed"


def test_a_call_that_is_no_sign_of_its_own_keeps_it_open_as_well() -> None:
    events = [*whole(0, 10, PREMIUM), *whole(DAY - 100, 600, GERMANY)]
    assert incidents(run([*events[:5], tick(DAY + 1)]))[0].status == "open"
    assert incidents(run([*events, tick(3 * DAY)]))[0].status == "closed"


def test_what_happens_after_the_end_is_a_new_incident() -> None:
    assert len(incidents(run([*guesses(0), tick(2 * DAY), *guesses(2 * DAY + 1)]))) == 2


# --- money


MINUTE_OF_SOMALIA, MINUTE_OF_LATVIA = 90, 60
MONEY = [
    ("not answered", [call(60), call(90, phase="ended", call="1007@60", disposition="no_answer")], 0),
    ("one second is one minute", whole(60, 1), 90),
    ("a minute is a minute", whole(60, 60), 90),
    ("a second more is two", whole(60, 61), 180),
    ("half a second more is two", whole(60, 60.5), 180),
    ("two calls, each with its own minutes", [*whole(60, 61), *whole(200, 61)], 360),
    ("two countries", [*whole(60, 60), *whole(200, 60, LATVIA)], 150),
    ("two legs of one call both hold a trunk", [event for leg in "ab" for event in whole(60, 60, leg=leg)], 180),
    ("known by its record only", [cdr(60, 61)], 180),
    ("the record comes first", whole(60, 61)[::-1], 180),
    ("the answer was lost", [whole(60, 61)[0], whole(60, 61)[2]], 180),
    ("every event twice", [event for event in whole(60, 61) for _ in "ab"], 180),
    ("the end again under another name", [*whole(60, 61), replace(whole(60, 61)[2], id="again")], 180),
    ("a record that adds the source", [*whole(60, 61), replace(whole(60, 61)[2], revision=1, source_ip=THIEF)], 180),
    ("the calls up when it is noticed", [*whole(-30, 120), call(20, GERMANY)], 180),
    ("what it called a while before", [*whole(-60, 50), call(20, GERMANY)], 90),
    ("what it called long before", [*whole(-2_000, 50), call(20, GERMANY)], 0),
    ("an honest call beside it", [call(50), *whole(60, 600, GERMANY, "1003")], 0),
    ("calls at home cost nothing here", [call(50), *whole(60, 600, HOME)], 0),
    ("clock of the record runs a minute ahead", [replace(e, received_at=moment(200)) for e in whole(100, 61)], 180),
]  # fmt: skip


@pytest.mark.parametrize(("events", "spent"), [pytest.param(*case[1:], id=case[0]) for case in MONEY])
def test_money_is_exact(events, spent) -> None:
    before = [event for event in events if event.at < moment(0)]
    after = [event for event in events if event.at >= moment(0)]
    found = run([*before, *STOLEN, *after, tick(HOUR)])
    assert incidents(found)[0].loss.spent == spent


def test_money_is_told_every_minute_while_calls_are_up() -> None:
    found = run([*STOLEN, *whole(60, 150)[:2], *whole(90, 300, LATVIA)[:2], tick(205)])
    told = [((each.at - NOON).total_seconds(), each.loss.spent, each.loss.per_minute)
            for each in found if isinstance(each, Incident) and each.loss.per_minute]  # fmt: skip
    assert told == [(60, 0, 90), (90, 90, 90), (90, 90, 150), (120, 150, 150), (180, 300, 150)]


def test_the_default_price_is_named_as_such() -> None:
    found = run([*STOLEN, *whole(60, 60, GERMANY)])
    assert incidents(found)[0].loss.basis.startswith("default")
    assert incidents(run([*STOLEN, *whole(60, 60)]))[0].loss.basis.startswith("operator")


def test_what_containment_avoided_is_an_hour_at_the_rate_it_had() -> None:
    events = [*STOLEN, *whole(60, 120)[:2]]
    auto = [each.id for each in decisions(run(events))]
    contained = [*events, *(outcome(100, name, "confirmed") for name in auto), whole(60, 60)[2]]
    (incident,) = incidents(run(contained))
    assert (incident.status, incident.loss.avoided, incident.loss.per_minute) == ("contained", 60 * 90, 0)


# --- time


def test_a_revision_adds_the_source_and_counts_nothing_twice() -> None:
    events = whole(60, 61, PREMIUM)
    found = run([*events, replace(events[2], revision=1, source_ip=THIEF)])
    (incident,) = incidents(found)
    assert ("source_ip", THIEF) in subjects(incident)
    assert len(detections(found, "call.premium")) == 1
    assert incidents(run(events))[0].loss.spent == incident.loss.spent == 600


def test_a_source_that_is_learned_late_joins_the_guessing_with_the_calls() -> None:
    events = whole(60, 61, PREMIUM)
    found = run([*guesses(0), *events, replace(events[2], revision=1, source_ip=THIEF)])
    (incident,) = incidents(found)
    assert {("extension", "1007"), ("source_ip", THIEF)} <= subjects(incident)
    (older,) = incidents(run([*events, *guesses(200), replace(events[2], revision=1, source_ip=THIEF)]))
    assert subjects(older) == subjects(incident)


def test_the_same_revision_again_changes_nothing() -> None:
    events = whole(60, 61, PREMIUM)
    revised = replace(events[2], revision=1, source_ip=THIEF)
    assert run([*events, revised, revised, replace(events[2], source_ip=OTHER_THIEF)]) == run([*events, revised])


def history(events):
    return [replace(event, received_at=moment((event.at - NOON).total_seconds() + HOUR + 1)) for event in events]


def test_history_cannot_decide() -> None:
    attack = [*STOLEN, *whole(60, 100), *(call(200 + n / 10) for n in range(9))]
    found = run(history(attack))
    assert decisions(found) == []
    assert {each.late for each in detections(found)} == {True}
    assert decisions(run([replace(event, received_at=moment(0)) for event in attack])) != []


def test_history_does_not_climb() -> None:
    events = [*STOLEN, call(60)]
    names = [each.id for each in decisions(run(events))]
    confirmed = [*events, *(outcome(100, name, "confirmed") for name in names)]
    old = history([*whole(200, 100), *whole(400, 100)])
    assert {each.rung for each in decisions(run([*confirmed, *old]))} == {1}


def test_late_events_are_marked() -> None:
    found = run([*STOLEN[:-1], tick(200), call(139, PREMIUM), call(141, PREMIUM)])
    assert [each.late for each in detections(found, "call.premium")] == [True, False]


def test_a_clock_an_hour_ahead_is_bounded() -> None:
    made = engine()
    ahead = replace(registration(HOUR), received_at=moment(0), count=5)
    (found,) = (each for each in made.process(ahead) if isinstance(each, Detection))
    assert found.at == moment(0)
    assert made.counts["ahead"] == 1
    slightly = replace(registration(60, account="x"), received_at=moment(0), count=5)
    (found,) = (each for each in made.process(slightly) if isinstance(each, Detection))
    assert found.at == moment(60)
    assert made.counts["ahead"] == 1


def test_nothing_begins_after_it_was_heard_of() -> None:
    ahead = replace(call(NIGHT, started_at=moment(NIGHT)), received_at=moment(0))
    assert detections(run([ahead]), "call.after_hours") == []


def test_unknown_kinds_are_counted_and_move_time() -> None:
    made = engine()
    for event in [*STOLEN, *whole(60, 3 * HOUR)[:2]]:
        made.process(event)
    read = made.counts["read"]
    found = made.process(Unknown(kind="weather", pbx="hq", id="w1", at=moment(3 * HOUR)))
    assert made.counts["read"] == read + 1
    assert detections(found, "call.duration")


# --- drills


def drill(events):
    return [replace(event, drill=True, id=f"drill/{event.id}") for event in events]


def test_a_drill_is_detected_rehearsed_and_touches_no_real_memory() -> None:
    attack = [*STOLEN, *whole(60, 61)]
    found = run(drill(attack))
    assert {each.drill for each in found} == {True}
    assert {type(each) for each in found} == {Detection, Incident, Decision}
    rehearsed = run([*drill(attack), *guesses(100, 4), call(200)])
    assert [each for each in rehearsed if not each.drill] == []
    assert run([*drill(guesses(0, 4)), *guesses(10, 4)]) == []


def test_a_drill_is_not_told_by_what_really_happened() -> None:
    real = [*STOLEN, *whole(60, 61)]
    both = run([*real, *drill(real)])
    assert [each for each in both if not each.drill] == run(real)
    assert [each for each in both if each.drill] == run(drill(real))
    assert not {each.id for each in run(real)} & {each.id for each in run(drill(real))}


# --- bounds


def test_a_hundred_subjects_of_a_kind_and_what_is_beyond_them() -> None:
    def hunt(seconds, extension, country):
        return [call(seconds + n, f"9011{country}2{n:03d}4321", extension) for n in range(90)]

    only_home = settings(allowed_destination_countries=["US"])
    two = [*STOLEN, *hunt(60, "1007", 371), *hunt(200, "1003", 370)]
    assert len(incidents(run(two, only_home))) == 2
    merged = [*two, registration(300, "accepted", "1003")]
    (incident,) = incidents(run(merged, only_home))
    counted = Counter(each.kind for each in incident.subjects)
    assert counted == {"source_ip": 1, "extension": 2, "destination": 100, "trunk": 1}
    after = [*merged, verdict(310, incident=incident.id), *hunt(400, "1004", 370)]
    closed, *_, new = incidents(run(after, only_home))
    assert (closed.status, new.status, len(new.subjects)) == ("closed", "open", 91)


def test_decoys_do_not_push_a_running_attack_out() -> None:
    made = engine()
    running = [*STOLEN, *whole(60, 10 * HOUR)[:2]]
    for event in running:
        made.process(event)
    for number in range(1_100):
        made.process(registration(100 + number, source=f"198.18.{number // 250}.{number % 250}", count=5))
    found = [*made.process(whole(60, 2_000)[2])]
    (incident,) = incidents(found)
    assert (incident.status, incident.loss.spent) == ("open", 34 * 90)


def test_each_verdict_and_outcome_of_what_is_unknown_changes_nothing() -> None:
    events = [*STOLEN, outcome(20, "nothing", "confirmed"), verdict(21, incident="nothing"), verdict(22, decision="no")]
    assert run(events) == run(STOLEN)


def test_a_finding_comes_after_what_it_refers_to() -> None:
    known: set[str] = set()
    for each in run([*STOLEN, *(call(60 + n / 10) for n in range(6))]):
        if isinstance(each, Incident):
            assert set(each.detections) <= known
        if isinstance(each, Decision):
            assert {each.incident, *each.because} <= known
        known.add(each.id)


def test_time_never_runs_back_in_what_an_incident_tells() -> None:
    found = run([*STOLEN, *whole(60, 100), *whole(70, 100), *whole(20, 10)])
    told = [each.at for each in found if isinstance(each, Incident)]
    assert all(one <= other for one, other in pairwise(told))


def test_a_country_that_is_new_is_no_tie() -> None:
    found = run([call(NIGHT, SOMALIA), call(NIGHT + 1, "901129077123456", "1003")])
    assert len(incidents(found)) == 2


def test_neighbours_abroad_are_one_block() -> None:
    found = run([call(NIGHT, SOMALIA), call(NIGHT + 1, SOMALIA_NEXT, "1003")])
    assert len(incidents(found)) == 1
