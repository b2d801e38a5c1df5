"""What `make evaluate` judges of acting, on seeds it does not use: what is cut, who is hit, and always the same."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Call, Control, Registration
from detector.contract.findings import Decision, Subject
from detector.contract.vocabulary import Act, DecisionStatus, Mode, SubjectKind
from detector.detect.catalogue import catalogue
from detector.enrich.premises import Premises
from detector.settings import profile
from streams.backtest.history import order
from tests.evaluate.auto.crimes import all_crimes
from tests.evaluate.auto.figures import BOUNDS, WORLDS, Acted, ActingJob, act, acting_jobs, balances
from tests.evaluate.auto.hits import guilty
from tests.evaluate.auto.offices import KINDS, Office, offices
from tests.evaluate.auto.standing import EMERGENCY, Contained
from tests.evaluate.judge import TABLES, settings_of
from tests.evaluate.profiles import BY_NAME, IDEAL

SEED, AGENCY = 11, 3
SOMALIA, PERU = "252612345678", "51112345678"
THIEF = "203.0.113.77"
CALLER = (SubjectKind.EXTENSION, "2001")


@pytest.fixture
def office() -> Office:
    found = offices(SEED)[AGENCY]
    found.first = 2_001
    return found


def stands(office: Office) -> Contained:
    plan = Premises(profile(settings_of(office), office.pbx, catalogue()), TABLES).plan
    return Contained(office.pbx, plan, office.clock(0, 9))


def decided(office: Office, what: Act, kind: SubjectKind, target: str) -> Decision:
    at = office.clock(0, 9)
    return Decision(
        id="d", pbx=office.pbx, at=at, incident="i", because=("x",), action=what, rung=1, mode=Mode.AUTO,
        target=Subject(kind, target), until=at + timedelta(hours=1), status=DecisionStatus.ACTIVE,
    )  # fmt: skip


def calls(office: Office) -> list[AnyEvent]:
    """One to Somalia, one to Peru, one for help and one of a colleague, each from 9:10 to 9:20."""
    at, line = office.clock(0, 9 + 1 / 6), {"source_ip": THIEF}
    return sorted((event for call in (
        office.call(at, "2001", office.foreign(SOMALIA), 600, **line),
        office.call(at, "2001", office.foreign(PERU), 600),
        office.call(at, "2001", office.access_digit + office.emergency, 600, route=EMERGENCY),
        office.call(at, "2002", office.foreign(PERU), 600),
        office.internal(at, "2001", "2002", 600),
    ) for event in call), key=order)  # fmt: skip


CUT = {
    "nothing decided": ([], set()),
    "an extension restricted": ([(Act.RESTRICT_EXTENSION, *CALLER)], {SOMALIA, PERU}),
    "a number blocked": ([(Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+2526")], {SOMALIA}),
    "the route locked": ([(Act.LOCK_ROUTE, SubjectKind.ROUTE, "Outbound")], {SOMALIA, PERU, "colleague"}),
    "the address blocked": ([(Act.BLOCK_IP, SubjectKind.SOURCE_IP, "203.0.113.0/24")], {SOMALIA}),
    "a hang-up before": ([(Act.HANG_UP, *CALLER)], set()),
    "a backup": ([(Act.BACKUP_PBX, SubjectKind.PBX, "x")], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CUT)
def test_what_stands_keeps_these_calls_from_coming_about(name: str, office: Office) -> None:
    wanted, cut = CUT[name]
    pbx = stands(office)
    pbx.take([decided(office, *one) for one in wanted])
    told = list(pbx.play(calls(office), office.clock(0, 10), lambda at: False))
    assert {name_of(call.call, office) for call in pbx.cuts} == cut
    assert sum(isinstance(event, Control) and event.state == "confirmed" for event in told) == len(wanted)
    assert pbx.calls == 4
    assert sum(pbx.spoken.values()) == 600 * (4 - len(cut))


def name_of(call: Call, office: Office) -> str:
    if call.extension != "2001":
        return "colleague"
    return (call.to or "").removeprefix(office.foreign(""))


def test_a_hang_up_ends_what_is_up_and_no_call_for_help(office: Office) -> None:
    pbx = stands(office)

    def meanwhile() -> Iterator[AnyEvent]:
        for event in calls(office):
            if isinstance(event, Call) and event.phase == "ended":
                pbx.now = office.clock(0, 9.25)
                pbx.take([decided(office, Act.HANG_UP, *CALLER)])
            yield event

    told = list(pbx.play(meanwhile(), office.clock(0, 10), lambda at: False))
    ended = [event for event in told if isinstance(event, Call) and event.phase == "ended" and event.talk != 600]
    assert {name_of(cut.call, office) for cut in pbx.cuts} == {SOMALIA, PERU} == {name_of(one, office) for one in ended}
    assert all(one.talk is not None and 280 < one.talk < 300 for one in ended)


def test_what_is_lifted_is_let_go_and_told(office: Office) -> None:
    pbx, decision = stands(office), decided(office, Act.RESTRICT_EXTENSION, *CALLER)
    pbx.take([decision])
    list(pbx.play([], office.clock(0, 9.1), lambda at: False))
    pbx.take([replace(decision, revision=1, status=DecisionStatus.LIFTED)])
    told = list(pbx.play(calls(office), office.clock(0, 10), lambda at: False))
    assert [event.state for event in told if isinstance(event, Control)] == ["undone"]
    assert pbx.cuts == []


def test_who_is_kept_out_is_not_even_heard(office: Office) -> None:
    pbx = stands(office)
    pbx.take([decided(office, Act.BLOCK_IP, SubjectKind.SOURCE_IP, THIEF)])
    tries = [office.registers(office.clock(0, 9.5), "2001", source) for source in (THIEF, office.office)]
    told = [
        event for event in pbx.play(tries, office.clock(0, 10), lambda at: False) if isinstance(event, Registration)
    ]
    assert [event.source_ip for event in told] == [office.office]


GUILTY = {
    "who calls": (Act.RESTRICT_EXTENSION, *CALLER, True),
    "a colleague": (Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "2002", False),
    "the number called": (Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261", True),
    "another number": (Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+511", False),
    "the thief's address": (Act.BLOCK_IP, SubjectKind.SOURCE_IP, THIEF, True),
    "a network that honest people share with him": (Act.BLOCK_IP, SubjectKind.SOURCE_IP, "203.0.113.0/24", False),
    "the route in use": (Act.LOCK_ROUTE, SubjectKind.ROUTE, "Outbound", True),
    "another route": (Act.LOCK_ROUTE, SubjectKind.ROUTE, "National", False),
}


@pytest.mark.parametrize("name", GUILTY)
def test_who_had_a_part_in_an_attack(name: str, office: Office) -> None:
    what, kind, target, deserved = GUILTY[name]
    plan = Premises(profile(settings_of(office), office.pbx, catalogue()), TABLES).plan
    theft = office.call(office.clock(0, 9), "2001", office.foreign(SOMALIA), 60, source_ip=THIEF)
    guessed = [office.registers(office.clock(0, 9), "2002", THIEF, "rejected")]
    hands = guilty([*theft, *guessed], plan)
    assert hands.deserves(decided(office, what, kind, target), frozenset({"203.0.113.9"})) is deserved


@cache
def quick(seen: str) -> Acted:
    """A month of the smallest office with two thefts, one by night and one by day."""
    return act(ActingJob(SEED, AGENCY, seen, ("irsf", "theft-by-day")))


def test_the_same_seed_gives_the_same_figures() -> None:
    assert balances([act(quick(IDEAL.name).job)])[0].figures() == balances([quick(IDEAL.name)])[0].figures()


@pytest.mark.parametrize("seen", ["P-Series by API and AMI", IDEAL.name])
def test_a_theft_is_found_and_most_of_its_minutes_are_avoided(seen: str) -> None:
    made = balances([quick(seen)])[0]
    assert made.seen is BY_NAME[seen]
    figures = made.figures()
    assert figures["found"] == figures["attacks that could be seen"] == 2
    assert figures["share of minutes avoided"] > 0.9
    assert figures.keys() > BOUNDS.keys()


@pytest.mark.parametrize("seen", ["P-Series by API and AMI", IDEAL.name])
def test_who_does_nothing_is_left_alone(seen: str) -> None:
    done = quick(seen)
    suffered = [done.honest, *(ended.honest for ended in done.attacks)]
    assert sum(each.extension_days for each in suffered) > 100
    assert [hit for each in suffered for hit in each.hits] == []
    assert [each.cut for each in suffered if each.cut] == []


def test_every_attack_comes_to_offices_of_every_world() -> None:
    jobs = acting_jobs(WORLDS, IDEAL)
    assert {(job.seed, job.office) for job in jobs} == {(seed, n) for seed in WORLDS for n in range(len(KINDS))}
    assert {attack for job in jobs for attack in job.attacks} == all_crimes().keys()
    assert len({one.region for one in offices(WORLDS[0])}) == len(KINDS)
