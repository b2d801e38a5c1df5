"""Whom an action hits is known before it is done, by a real look at the PBX; above the bounds a person is asked."""

from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.codec import to_micros
from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, Mode, State, SubjectKind
from detector.decide.blast import Blast, Bounds, beyond, sentences
from streams.containment.weighing import Weighing
from streams.pbxs.guarding.bystanders import Bystanders, LastLook
from streams.pbxs.pbx import Present
from streams.sim import SimOptions
from streams.yeastar.discover import discover, present
from tests.streams.containment.test_executor import Desk, Wall

SHARED = "198.51.100.7"
SOMALIA = "901125261234567"
BOUNDS = Bounds(cut_off=0, calls=0, limited=1.0)
STOLEN = Subject(SubjectKind.EXTENSION, "1007")


@pytest.fixture
async def desk(journal: Any, vault: Any, office: Any, make: Any) -> Desk:
    journal.findings.record([make.incident(subjects=(STOLEN,))])
    office.add_route("Emergency", "911", "1007")
    desk = Desk(journal, vault, office.hands(Wall()), make.AT)
    client, dialling = office.means.client, office.means.dialling

    async def found() -> Any:
        return await discover(client, dialling)

    async def now() -> Present:
        return await present(client)

    look = LastLook(found)
    await look()
    bystanders = Bystanders(dialling, (), now, look, patience=60)
    desk.started(weighing=Weighing(journal, BOUNDS, bystanders.of, lambda: ["hq"]))
    return desk


def decide(desk: Desk, make: Any, act: Act, kind: SubjectKind, target: str, **changes: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", act, kind, target, **changes)])


def blast(desk: Desk) -> Blast:
    found = desk.row().blast
    assert found is not None
    return found


async def test_an_address_from_which_others_register_is_asked_about(desk: Desk, office: Any, make: Any) -> None:
    for number in ("1007", "1003", "1012"):
        office.sim.register(number, source_ip=SHARED)
    assert office.sim.dial("1003", "912125550147").placed
    decide(desk, make, Act.BLOCK_IP, SubjectKind.SOURCE_IP, SHARED)
    await desk.work()
    assert desk.row().state is State.REQUESTED
    assert "it would cut off 1003, 1012" in (desk.row().error or "")
    assert (blast(desk).cut_off, blast(desk).calls) == (("1003", "1012"), 1)
    desk.journal.actions.approve("act-dec-1", "anna", now=to_micros(desk.now))
    await desk.work()
    assert desk.row().state is State.CONFIRMED


async def test_an_address_of_the_thief_alone_is_blocked(desk: Desk, office: Any, make: Any) -> None:
    office.sim.register("1007", source_ip=SHARED)
    office.sim.register("1003", source_ip="192.0.2.9")
    decide(desk, make, Act.BLOCK_IP, SubjectKind.SOURCE_IP, SHARED)
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error
    assert blast(desk).emergency == "Nobody else is registered from there: only 1007"


async def test_calls_of_others_to_the_same_numbers_are_not_ended_without_a_person(
    desk: Desk, office: Any, make: Any
) -> None:
    office.call("1007", SOMALIA)
    office.call("1000", SOMALIA)
    decide(desk, make, Act.HANG_UP, SubjectKind.DESTINATION, "+25261")
    await desk.work()
    assert desk.row().state is State.REQUESTED
    assert blast(desk).calls == 1
    assert len(office.sim.calls) == 2


async def test_what_the_thief_has_up_is_ended(desk: Desk, office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    office.call("1000", SOMALIA)
    decide(desk, make, Act.HANG_UP, SubjectKind.EXTENSION, "1007")
    await desk.work()
    assert desk.row().state is State.CONFIRMED
    assert [sorted(call.extensions) for call in office.sim.calls] == [["1000"]]


async def test_what_waits_says_what_no_longer_works_and_by_what_emergency_calls_go(
    desk: Desk, office: Any, make: Any
) -> None:
    decide(desk, make, Act.LOCK_ROUTE, SubjectKind.ROUTE, "International", mode=Mode.ASK)
    [row] = desk.journal.actions.unweighed(["hq"], 9)
    await desk.executor._work._weighing.weigh(row)
    said = list(sentences(blast(desk)))
    assert said[0] == "No calls leave over route International."
    assert said[-1] == "Emergency calls leave over Emergency."
    assert blast(desk).limited
    assert desk.journal.actions.unweighed(["hq"], 9) == []


@pytest.mark.parametrize("options", [SimOptions(denied_permissions=frozenset({"call", "extension"}))])
async def test_what_the_pbx_does_not_show_is_said_and_holds_nothing_back(desk: Desk, make: Any) -> None:
    decide(desk, make, Act.BLOCK_IP, SubjectKind.SOURCE_IP, SHARED)
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error
    assert "may not read extension/list" in blast(desk).unknown


BASE = Blast(cut_off=("1002", "1003"), limited=3, extensions=6, calls=2)


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        (Bounds(2, 2, 0.5), None),
        (Bounds(1, 2, 0.5), "cut off 1002, 1003"),
        (Bounds(2, 1, 0.5), "end 2 calls"),
        (Bounds(2, 2, 0.49), "limit 3 of 6 extensions"),
    ],
    ids=["at each bound", "one more cut off", "one more call", "one more limited"],
)
def test_each_bound(bounds: Bounds, why: str | None) -> None:
    reason = beyond(BASE, bounds)
    assert reason is None if why is None else why in (reason or "")


def test_what_is_not_known_holds_nothing_back_but_the_calls_of_others() -> None:
    nothing = replace(BASE, cut_off=None, limited=None, calls=0)
    assert beyond(nothing, Bounds(0, 0, 0.0)) is None
    assert beyond(replace(nothing, calls=None, unknown="no answer"), Bounds(9, 9, 1.0)) is not None
