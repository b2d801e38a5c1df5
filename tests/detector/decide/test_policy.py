"""What is decided, in which mode, until when, and what the guard and people say to it."""

import pytest
from msgspec.structs import replace

from detector.contract.findings import FOREVER, Decision
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    OFFICE,
    PREMIUM,
    ROAMING,
    ROGUE,
    SOMALIA,
    THIEF,
    call,
    cdr,
    decisions,
    detections,
    guesses,
    incidents,
    known_phones,
    last,
    login,
    moment,
    outcome,
    registration,
    run,
    settings,
    tick,
    verdict,
    whole,
)

STOLEN = [*guesses(0), registration(10, "accepted")]
WATCHED = [event for day in (-4, -3, -2, -1) for event in whole(day * DAY, 60, HOME)]


def of(found, action, target=""):
    (one,) = decisions(found, action, target)
    return one


def asked(found):
    """Actions and their targets, in the order in which they were decided."""
    return [(each.action.value, each.target.id) for each in decisions(found)]


# --- the narrowest first


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        pytest.param(guesses(0), [("block_ip", THIEF)], id="guessing"),
        pytest.param([login(s) for s in range(5)], [("block_ip", THIEF)], id="guessing logins"),
        pytest.param(guesses(0, 4), [], id="too little"),
        pytest.param(STOLEN, [("block_ip", THIEF), ("restrict_extension", "1007")], id="broken in"),
        pytest.param([*WATCHED, call(NIGHT, PREMIUM)], [("hang_up", "1007"), ("restrict_extension", "1007")],
                     id="premium"),
        pytest.param([call(10 * HOUR)], [], id="abroad at night is only told"),
        pytest.param([call(n, HOME, str(2000 + n)) for n in range(40)], [], id="a busy trunk is only told"),
        pytest.param([*known_phones(["1007"], "8.8.8.8"),
                      registration(0, "accepted", source="1.1.1.1", user_agent="x")],
                     [], id="a new place"),
        pytest.param([*WATCHED, *known_phones(["1007"], "8.8.8.8"),
                      registration(0, "accepted", source="1.1.1.1", user_agent="x"), call(60)],
                     [], id="a new place and a call to a number that is new here"),
        pytest.param([*WATCHED, *known_phones(["1007"], "8.8.8.8"),
                      registration(0, "accepted", source="1.1.1.1", user_agent="x"),
                      call(60), call(70, LATVIA), call(80, GERMANY)],
                     [("hang_up", "1007"), ("restrict_extension", "1007"), ("block_ip", "1.1.1.1")],
                     id="a new place and calls to numbers that are new here"),
        pytest.param([*WATCHED, *[call(60 - n * DAY) for n in (1, 2, 3)], *known_phones(["1007"], "8.8.8.8"),
                      registration(0, "accepted", source="1.1.1.1", user_agent="x"), call(60)],
                     [], id="a new place and a call to numbers that are known here"),
    ],
)  # fmt: skip
def test_what_is_asked_for(events, wanted) -> None:
    assert asked(run(events)) == wanted


def test_every_decision_has_an_end_a_mode_and_a_reason() -> None:
    found = run([*STOLEN, *(call(60 + n) for n in range(6))])
    known = {each.id for each in detections(found)}
    assert len(decisions(found)) == 3
    for each in decisions(found):
        assert each.until > each.at
        assert each.until == FOREVER or each.review_at is None
        assert set(each.because) <= known
        assert each.status == "active"


@pytest.mark.parametrize(
    ("action", "target", "seconds"),
    [("block_ip", THIEF, 4 + HOUR), ("restrict_extension", "1007", 10 + 12 * HOUR), ("hang_up", "1007", 60 + 600)],
)
def test_how_long_it_lasts_and_that_its_end_is_told(action, target, seconds) -> None:
    events = [*STOLEN, call(60)]
    decided = of(run(events), action, target)
    assert decided.until == moment(seconds)
    assert of(run([*events, tick(seconds - 0.001)]), action, target).status == "active"
    lifted = of(run([*events, tick(seconds)]), action, target)
    assert (lifted.status, lifted.at, lifted.revision) == ("lifted", moment(seconds), decided.revision + 1)


def test_an_address_is_blocked_for_longer_each_time() -> None:
    starts = [0, 2 * HOUR, 30 * HOUR, 60 * HOUR]
    blocks = decisions(run([event for start in starts for event in guesses(start)]), "block_ip")
    assert [each.until for each in blocks] == [moment(4 + HOUR), moment(2 * HOUR + 4 + DAY), FOREVER, FOREVER]
    assert [each.review_at is None for each in blocks] == [True, True, False, False]


def test_the_end_of_a_day_s_block_is_told_when_the_incident_ends_with_it() -> None:
    found = run([*guesses(0), *guesses(2 * HOUR), tick(5 * DAY)])
    assert [each.status for each in decisions(found, "block_ip")] == ["lifted", "lifted"]
    assert incidents(found)[0].status == "closed"


def test_after_a_month_the_first_block_is_forgotten() -> None:
    blocks = decisions(run([*guesses(0), *guesses(31 * DAY)]), "block_ip")
    assert blocks[1].until == moment(31 * DAY + 4 + HOUR)


# --- modes


@pytest.mark.parametrize("mode", ["shadow", "notify", "ask", "auto"])
def test_a_decision_has_the_mode_its_rule_has_earned(mode) -> None:
    assert {each.mode for each in decisions(run([*STOLEN, call(60, PREMIUM)], settings(mode=mode)))} == {mode}


def test_a_stronger_rule_strengthens_what_was_decided() -> None:
    configured = settings(mode="notify", rules={"call.premium": {"mode": "auto"}})
    events = [*STOLEN, call(60)]
    assert {each.mode for each in decisions(run(events, configured))} == {"notify"}
    found = run([*events, call(70, PREMIUM)], configured)
    assert of(found, "restrict_extension").mode == "auto"
    assert of(found, "restrict_extension").revision == 1
    assert len(of(found, "restrict_extension").because) == 2


NEW_PLACE = [*known_phones(["1007"], "8.8.8.8"), registration(0, "accepted", source="1.1.1.1", user_agent="x")]
COUNTRIES = settings(allowed_destination_countries=["US"])
WEAK = [
    ("a score", NEW_PLACE, None),
    ("a score, and calls that follow from it", [*NEW_PLACE, *whole(60, 600)], None),
    ("text", [replace(event, trust="text") for event in STOLEN], None),
    ("text, and calls that follow from it",
     [replace(event, trust="text") for event in [*STOLEN, *whole(60, 600, source_ip=THIEF)]], None),
    ("text that names a premium number", [replace(call(0, PREMIUM), trust="text")], None),
    ("a country", [*(call(n * 30, call=str(n)) for n in range(3))], COUNTRIES),
]  # fmt: skip


@pytest.mark.parametrize(("events", "configured"), [pytest.param(*case[1:], id=case[0]) for case in WEAK])
def test_country_score_or_text_alone_never_contains(events, configured) -> None:
    assert "auto" not in {each.mode for each in decisions(run(events, configured))}


NEW = (GERMANY, LATVIA, SOMALIA)


def test_information_vouches_for_nothing() -> None:
    """A traveller who works at night is no more certain a thief for it."""
    home = known_phones(["1007"], "8.8.8.8")
    away = registration(0, "accepted", source="1.1.1.1", user_agent="x", path="direct")
    found = run([*WATCHED, *home, away, call(NIGHT, HOME), *(call(DAY - HOUR + n, to) for n, to in enumerate(NEW))])
    assert {each.rule for each in detections(found)} >= {"registration.new_place", "source.direct", "call.after_hours"}
    assert {each.mode for each in decisions(found)} == {"ask"}


def test_with_something_seen_beside_it_the_same_contains() -> None:
    text = [replace(event, trust="text") for event in guesses(0)]
    found = run([*text, registration(10, "accepted"), call(20, PREMIUM)])
    assert of(found, "restrict_extension").mode == "auto"


@pytest.mark.parametrize(("mode", "wanted"), [("auto", "auto"), ("shadow", "ask")])
def test_a_rule_that_is_only_rehearsed_vouches_for_nothing(mode, wanted) -> None:
    text = [replace(event, trust="text") for event in guesses(0)]
    rehearsed = settings(rules={"call.premium": {"mode": mode}})
    found = run([*text, registration(10, "accepted"), call(20, PREMIUM), replace(call(40), trust="text")], rehearsed)
    assert detections(found, "call.premium")
    assert of(found, "restrict_extension").mode == wanted


# --- the guard


ROUTES = {"routes": {"International": {}}}


@pytest.mark.parametrize(
    ("events", "configured", "action", "reason"),
    [
        pytest.param(guesses(0), {"protected": ["203.0.113.0/24"]}, "block_ip", "protected", id="protected"),
        pytest.param(guesses(0, source="192.0.2.250"), {}, "block_ip", "trunk", id="a trunk's host"),
        pytest.param(guesses(0, source="10.1.2.3"), {}, "block_ip", "private", id="the local network"),
        pytest.param([*known_phones(["1001"]), *guesses(0, 5, "9999", OFFICE)], {}, "block_ip", "good use",
                     id="known for four days"),
        pytest.param(STOLEN, {"pbx": {"extensions": {"1007": {"emergency_device": True}}}}, "restrict_extension",
                     "emergency device", id="a lift"),
    ],
)  # fmt: skip
def test_what_the_guard_refuses_is_said_in_the_decision(events, configured, action, reason) -> None:
    assert reason in of(run(events, settings(**configured)), action).refused


def test_what_was_good_on_two_days_only_may_be_blocked() -> None:
    assert of(run([*known_phones(["1001"], days=[-2, -1]), *guesses(0, 5, "9999", OFFICE)]), "block_ip").refused is None
    three = [*known_phones(["1001"], days=[-3, -2, -1]), *guesses(0, 5, "9999", OFFICE)]
    assert of(run(three), "block_ip").refused is not None


def test_the_thief_s_own_stay_does_not_protect_him() -> None:
    stays = [registration(10 + 6 * HOUR * n, "accepted") for n in range(20)]
    found = run([*guesses(0), *stays, *guesses(5 * DAY)])
    assert {each.refused for each in decisions(found, "block_ip")} == {None}


def test_guesses_from_where_one_moved_are_told_but_the_address_is_not_blocked() -> None:
    moved = [
        *known_phones(["1007"], "8.8.8.8"),
        *(registration(6 * HOUR * n, "accepted", source=ROAMING, user_agent=ROGUE) for n in range(20)),
    ]
    found = run([*moved, *guesses(5 * DAY, account="1001", source=ROAMING)])
    assert incidents(found)[-1].severity == "critical"
    assert "good use" in of(found, "block_ip").refused


def test_a_refused_block_of_an_address_does_not_make_the_next_one_longer() -> None:
    found = run([*known_phones(["1001"]), *guesses(0, 5, "9999", OFFICE), *guesses(2 * HOUR, 5, "9999", OFFICE)])
    assert [(each.until - each.at).total_seconds() <= HOUR for each in decisions(found, "block_ip")] == [True, True]


# --- what comes back: outcomes and people


def confirmed(events, at, configured=None):
    """The events, and everything that was decided confirmed."""
    active = [each.id for each in decisions(run(events, configured)) if each.status == "active"]
    return [*events, *(outcome(at, name, "confirmed") for name in active)]


def rungs(events, configured=None):
    return [(each.rung, each.action.value) for each in decisions(run(events, configured)) if each.rung > 1]


FIRST = [*STOLEN, *whole(60, 5)]


def test_it_climbs_a_rung_each_time_calls_go_on_after_it_was_contained() -> None:
    contained = confirmed(FIRST, 100)
    assert rungs(contained) == []
    again = [*contained, *whole(120, 5)]
    assert rungs(again) == [(2, "block_number")]
    third = [*confirmed(again, 130), *whole(150, 5)]
    assert rungs(third) == [(2, "block_number"), (3, "lock_route")]
    fourth = [*confirmed(third, 160), *whole(180, 5)]
    assert rungs(fourth) == [*rungs(third), (4, "disable_trunk")]
    assert rungs([*confirmed(fourth, 190), *whole(210, 5)]) == rungs(fourth)


def test_the_trunk_is_the_last_rung_and_never_without_a_person() -> None:
    third = [*confirmed([*confirmed(FIRST, 100), *whole(120, 5)], 130), *whole(150, 5)]
    (trunk,) = decisions(run([*confirmed(third, 160), *whole(180, 5)]), "disable_trunk")
    assert (trunk.target.id, trunk.mode, trunk.keeps) == ("carrier-a", "ask", ("emergency", "internal"))


# --- a new registration password


def block_of(events):
    return of(run(events), "block_ip").id


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        pytest.param([], [], id="the block is on its way"),
        pytest.param(["confirmed"], ["1007"], id="he comes in although the block is in force"),
        pytest.param(["failed"], ["1007"], id="nothing can block addresses"),
        pytest.param(["approved"], [], id="not yet in force"),
    ],
)
def test_a_thief_who_comes_in_again_makes_us_ask_for_a_new_password(before, wanted) -> None:
    name = block_of(guesses(0))
    events = [*guesses(0), *(outcome(6, name, state) for state in before), registration(10, "accepted")]
    assert [each.target.id for each in decisions(run(events), "reset_registration")] == wanted


def test_a_stolen_password_does_not_come_back_by_itself_nor_with_the_end_of_the_incident() -> None:
    events = [*guesses(0), outcome(6, block_of(guesses(0)), "confirmed"), registration(10, "accepted")]
    reset = of(run(events), "reset_registration")
    assert (reset.mode, reset.until, reset.keeps) == ("ask", FOREVER, ())
    assert reset.review_at is not None
    assert of(run([*events, tick(40 * DAY)]), "reset_registration").status == "active"
    closed = run([*events, verdict(20, incident=reset.incident)])
    assert incidents(closed)[0].status == "closed"
    assert of(closed, "restrict_extension").status == "lifted"
    assert of(closed, "reset_registration").status == "active"
    assert of(run([*events, verdict(20, decision=reset.id)]), "reset_registration").status == "lifted"


# --- a backup before the first change


def test_a_backup_comes_before_the_first_change_of_the_pbx_and_only_once() -> None:
    again = [*confirmed(FIRST, 100), *whole(120, 5)]
    order = [each.action.value for each in last(run(again), Decision).values()]
    assert order == ["block_ip", "backup_pbx", "restrict_extension", "hang_up", "hang_up", "block_number"]
    (backup,) = decisions(run(again), "backup_pbx")
    assert (backup.target.id, backup.mode, backup.refused) == ("hq", "auto", None)


def test_what_changes_nothing_on_the_pbx_needs_no_backup() -> None:
    assert decisions(run(guesses(0)), "backup_pbx") == []


@pytest.mark.parametrize("state", ["confirmed", "failed", None])
def test_a_backup_neither_contains_an_incident_nor_keeps_it_open(state) -> None:
    found = run(FIRST)
    (backup,) = decisions(found, "backup_pbx")
    told = [outcome(90, backup.id, state)] if state else []
    assert incidents(run([*FIRST, *told]))[0].status == "open"
    others = [outcome(100, each.id, "confirmed") for each in decisions(found)]
    assert incidents(run([*FIRST, *told, *others]))[0].status == "contained"
    assert rungs([*FIRST, *told]) == []


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("requested", "open"),
        ("approved", "open"),
        ("applying", "open"),
        ("applied", "open"),
        ("drifted", "open"),
        ("confirmed", "contained"),
        ("undone", "contained"),
        ("refused", "contained"),
        ("failed", "contained"),
        ("expired", "contained"),
        ("superseded", "contained"),
        ("undo_failed", "contained"),
    ],
)
def test_an_incident_waits_for_what_is_still_to_come_of_its_actions(state, status) -> None:
    first, *others = [each for each in decisions(run(FIRST)) if each.action != "backup_pbx"]
    told = [outcome(100 + n / 10, each.id, "confirmed") for n, each in enumerate(others)]
    assert incidents(run([*FIRST, *told, outcome(102, first.id, state)]))[0].status == status


def test_targets_of_the_rungs() -> None:
    found = run([*confirmed([*confirmed(FIRST, 100), *whole(120, 5)], 130), *whole(150, 5)])
    assert of(found, "block_number").target.id == "+2526123"
    assert of(found, "lock_route").target.id == "International"


def test_one_burst_climbs_one_rung() -> None:
    burst = [event for n in range(5) for event in whole(120 + n / 10, 60, call=f"b{n}")]
    assert rungs(sorted([*confirmed(FIRST, 100), *burst], key=lambda event: event.at)) == [(2, "block_number")]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([], id="no more calls"),
        pytest.param(whole(105, 5), id="one that began as it took hold"),
        pytest.param(
            [call(120), call(130, phase="ended", call="1007@120", disposition="failed")], id="none gets through"
        ),
        pytest.param(whole(120, 5, GERMANY, "1003"), id="an honest extension calls"),
        pytest.param(whole(120, 5, HOME), id="calls at home"),
    ],
)
def test_it_does_not_climb(after) -> None:
    events = [*STOLEN, *whole(60, 5), *after]
    quiet = confirmed([*STOLEN, *whole(60, 5)], 100)
    assert rungs([*quiet, *after]) == []
    assert rungs(events) == []


def test_records_alone_climb_too() -> None:
    assert rungs([*confirmed(FIRST, 100), cdr(120, 5)]) == [(2, "block_number")]


def test_a_failure_climbs_at_once_while_calls_are_up() -> None:
    events = [*STOLEN, *whole(60, 500)[:2]]
    restrict = of(run(events), "restrict_extension")
    assert rungs([*events, outcome(70, restrict.id, "failed")]) == [(2, "block_number")]
    assert rungs([*STOLEN, outcome(70, restrict.id, "failed")]) == []


def test_it_is_contained_when_all_is_confirmed_and_no_call_is_up() -> None:
    events = [*STOLEN, *whole(60, 600)[:2]]
    names = [each.id for each in decisions(run(events))]
    ended = whole(60, 40)[2]
    some = [outcome(90, name, "confirmed") for name in names[:-1]]
    assert incidents(run([*events, *some, ended]))[0].status == "open"
    everything = [*some, outcome(91, names[-1], "confirmed")]
    assert incidents(run([*events, *everything]))[0].status == "open"
    assert incidents(run([*events, *everything, ended]))[0].status == "contained"
    assert incidents(run([*events, ended, *everything]))[0].status == "contained"


def test_what_was_contained_is_open_again_when_calls_go_on() -> None:
    contained = confirmed(FIRST, 100)
    assert incidents(run(contained))[0].status == "contained"
    assert incidents(run([*contained, *whole(120, 5)]))[0].status == "open"


def test_nothing_is_contained_while_a_call_of_it_is_up_however_soon_it_began() -> None:
    contained = confirmed(FIRST, 100)
    assert [(each.status, each.reopened) for each in incidents(run(contained))] == [("contained", 0)]
    on_its_way = whole(101, 5)
    placed, answered, ended = on_its_way
    assert [(each.status, each.reopened) for each in incidents(run([*contained, placed]))] == [("contained", 0)]
    assert [(each.status, each.reopened) for each in incidents(run([*contained, placed, answered]))] == [("open", 1)]
    assert rungs([*contained, *on_its_way]) == [], "it is told, and nothing more is done about it yet"
    again = run([*confirmed([*contained, placed, answered, ended], 110), *whole(130, 5)])
    assert [each.reopened for each in incidents(again)] == [2]


def test_nothing_is_contained_that_was_only_told() -> None:
    assert incidents(run(FIRST, settings(mode="notify")))[0].status == "open"


def test_each_call_is_hung_up_once_the_one_before_was() -> None:
    events = [*STOLEN, call(60), call(61)]
    first = of(run(events), "hang_up")
    done = [*events, outcome(62, first.id, "confirmed")]
    assert len(decisions(run([*done, call(63)]), "hang_up")) == 2
    assert len(decisions(run([*done, call(63), call(64), call(65)]), "hang_up")) == 2


def ships(second):
    """What nobody does by day."""
    return [call(second + n, f"9011870773{n}12345") for n in range(3)]


def test_an_undone_decision_is_lifted_and_not_made_again_for_a_day() -> None:
    events = [*WATCHED, *STOLEN, call(60)]
    restrict = of(run(events), "restrict_extension")
    undone = [*events, verdict(100, decision=restrict.id)]
    assert of(run(undone), "restrict_extension").status == "lifted"
    again = [*undone, *ships(200), tick(14 * HOUR), *ships(15 * HOUR)]
    assert [each.status for each in decisions(run(again), "restrict_extension")] == ["lifted"]
    assert len(decisions(run(again), "hang_up")) > 1
    next_day = [*again, *ships(HOUR * 23.5), *ships(HOUR * 24.6)]
    assert [each.status for each in decisions(run(next_day), "restrict_extension")] == ["lifted", "active"]


def test_a_late_event_does_not_remake_what_was_undone() -> None:
    restrict = of(run(STOLEN), "restrict_extension")
    found = run([*STOLEN, tick(300), verdict(310, decision=restrict.id), call(290), call(400)])
    assert [each.status for each in decisions(found, "restrict_extension")] == ["lifted"]


def test_undone_for_one_is_not_undone_for_another() -> None:
    restrict = of(run(STOLEN), "restrict_extension")
    other = [registration(120, "accepted", "1008"), call(130, extension="1008")]
    found = run([*STOLEN, verdict(100, decision=restrict.id), *other])
    assert of(found, "restrict_extension", "1008").status == "active"


def test_a_closed_incident_lets_everything_go() -> None:
    events = [*STOLEN, call(60)]
    (incident,) = incidents(run(events))
    found = run([*events, verdict(100, incident=incident.id)])
    assert incidents(found)[0].status == "closed"
    assert {each.status for each in decisions(found)} == {"lifted"}
    assert run([*events, verdict(100, incident=incident.id), outcome(110, decisions(found)[0].id, "undone")]) == found


def test_two_hundred_decisions_leave_room_for_the_next() -> None:
    events = [*STOLEN, *(call(60 + 700 * n, PREMIUM, call=f"c{n}") for n in range(260))]
    hung_up = decisions(run(events), "hang_up")
    assert len(hung_up) == len({each.id for each in hung_up}) == 260
