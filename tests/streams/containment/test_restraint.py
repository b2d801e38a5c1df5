"""What nobody approved waits while acting is stopped or above a ceiling; what a person approved does not."""

from datetime import timedelta
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State, SubjectKind
from detector.decide.brakes import BrakeKind
from streams.containment.restraint import Restraint
from streams.pbxs.pbx_errors import Unreachable
from tests.streams.containment.test_executor import Desk, Fuse, Fused, Wall

STOLEN = (SubjectKind.EXTENSION, "1007")


@pytest.fixture
def desk(journal: Any, vault: Any, office: Any, make: Any) -> Desk:
    journal.findings.record([make.incident()])
    office.add_route("Emergency", "911", "1007")
    return Desk(journal, vault, office.hands(Wall()), make.AT)


def held_to(desk: Desk, **ceilings: int) -> None:
    desk.started(restraint=Restraint(desk.journal, {Act(name): most for name, most in ceilings.items()}))


def stop(desk: Desk, **scope: Any) -> int:
    brake = desk.journal.brakes.put(
        scope.pop("kind", BrakeKind.STOP), by="anna", reason="a fair", now=to_micros(desk.now), **scope
    )
    return brake.id


async def test_what_waits_in_a_stop_goes_on_waiting_after_it(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    number = stop(desk)
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *STOLEN)])
    await desk.work()
    assert (desk.row().state, desk.row().error) == (State.REQUESTED, "anna stopped acting on everything: a fair")
    assert desk.journal.brakes.end(number, "bert", now=to_micros(desk.now))
    await desk.work()
    assert desk.row().state is State.REQUESTED
    assert office.settings() == was
    assert desk.journal.actions.approve("act-dec-1", "anna", now=to_micros(desk.now))
    await desk.work()
    assert desk.states() == ["approved", "requested", "approved", "applying", "applied", "confirmed"]


async def test_what_a_person_approves_is_done_in_a_stop(desk: Desk, make: Any) -> None:
    stop(desk)
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *STOLEN)])
    await desk.work()
    desk.journal.actions.approve("act-dec-1", "bert", now=to_micros(desk.now))
    await desk.work()
    assert desk.row().state is State.CONFIRMED


async def test_what_stands_is_undone_at_its_end_in_a_stop(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *STOLEN)])
    await desk.work()
    stop(desk)
    desk.now += timedelta(hours=2)
    await desk.work()
    assert desk.row().state is State.UNDONE
    assert office.settings() == was


async def test_an_attempt_that_failed_is_not_repeated_in_a_stop(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    fuse = Fuse(Unreachable)

    class Deaf(Fused):
        async def update_extension(self, *args: Any, **fields: Any) -> None:
            fuse.blow()
            await office.means.client.update_extension(*args, **fields)

    fuse.strokes = 0
    desk.started(hands=office.hands(client=Deaf(office.means.client, Fuse(Unreachable))))
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *STOLEN)])
    await desk.work()
    assert desk.row().state is State.APPLYING
    stop(desk)
    fuse.strokes = None
    await desk.work(4, seconds=10)
    assert desk.row().state is State.FAILED
    assert "anna stopped acting" in (desk.row().error or "")
    assert office.settings() == was


async def test_above_a_ceiling_it_is_asked_until_the_hour_is_over(desk: Desk, make: Any) -> None:
    held_to(desk, restrict_extension=2)
    for n, number in enumerate(("1001", "1002", "1003")):
        desk.journal.findings.record([
            make.decision(f"dec-{n}", Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, number, at=desk.now)
        ])  # fmt: skip
        await desk.work(seconds=1)
    assert [desk.row(f"dec-{n}").state for n in range(3)] == [State.CONFIRMED, State.CONFIRMED, State.REQUESTED]
    assert desk.row("dec-2").error == "2 of this kind were done on PBX hq within an hour, the ceiling is 2"
    desk.now += timedelta(hours=1)
    desk.journal.findings.record([
        make.decision("dec-3", Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1004", at=desk.now,
                      until=desk.now + timedelta(hours=1))
    ])  # fmt: skip
    await desk.work()
    assert desk.row("dec-3").state is State.CONFIRMED


async def test_a_ceiling_of_one_kind_says_nothing_of_another(desk: Desk, make: Any) -> None:
    held_to(desk, hang_up=0)
    desk.journal.findings.record([
        make.decision("dec-1", Act.RESTRICT_EXTENSION, *STOLEN), make.decision("dec-2", Act.HANG_UP, *STOLEN),
    ])  # fmt: skip
    await desk.work()
    assert [desk.row(name).state for name in ("dec-1", "dec-2")] == [State.CONFIRMED, State.REQUESTED]
