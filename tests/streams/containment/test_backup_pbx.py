"""A backup begins before the first change, is made once, and holds nothing up for long."""

import asyncio
from typing import Any

import pytest

from detector.contract.vocabulary import Act, Mode, State, SubjectKind
from streams.pbxs.pbx_errors import AccessDenied
from streams.sim import SimOptions
from streams.yeastar.actions.backup_pbx import BackupPbx
from tests.streams.containment.test_executor import Desk

DENIED = SimOptions(weak=frozenset({"C31"}), denied_permissions=frozenset({"backup"}))
CHANGE = (Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1007")


@pytest.fixture
def desk(journal: Any, vault: Any, office: Any, make: Any) -> Desk:
    journal.findings.record([make.incident()])
    return Desk(journal, vault, office.hands(), make.AT)


def backups(office: Any) -> list[str]:
    return [made.file_name for made in office.sim.core.backups.made]


def recorded(office: Any) -> list[str]:
    return [change["path"] for change in office.sim.core.changes]


async def confirmed(desk: Desk, decision: str) -> None:
    for _ in range(1_000):
        if desk.row(decision).state is State.CONFIRMED:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"{decision}: {desk.row(decision)}")


async def test_it_is_made_once_and_found_again(office: Any, make: Any) -> None:
    order = make.order(SubjectKind.PBX, "hq")
    before = await BackupPbx(office.means).prepare(order)
    assert not await BackupPbx(office.means).confirmed(order, before, None)
    handle = await BackupPbx(office.means).apply(order, before)
    assert await BackupPbx(office.means).apply(order, before) == handle
    assert await BackupPbx(office.means).confirmed(order, before, None)
    assert backups(office) == [before.name]


async def test_one_that_the_pbx_gave_another_name_is_known_by_its_id(office: Any, make: Any) -> None:
    made = office.sim.core.backups.create("auto.bak")
    order = make.order(SubjectKind.PBX, "hq")
    before = await BackupPbx(office.means).prepare(order)
    assert await BackupPbx(office.means).confirmed(order, before, str(made.id))
    assert not await BackupPbx(office.means).confirmed(order, before, "77")


@pytest.mark.parametrize("options", [DENIED])
async def test_a_permission_that_lacks_is_named(office: Any, make: Any) -> None:
    order = make.order(SubjectKind.PBX, "hq")
    with pytest.raises(AccessDenied):
        await BackupPbx(office.means).apply(order, await BackupPbx(office.means).prepare(order))


@pytest.mark.parametrize("names", [("dec-1", "dec-2"), ("dec-2", "dec-1")], ids=["claimed first", "claimed last"])
async def test_it_begins_before_the_first_change(desk: Desk, office: Any, make: Any, names: tuple[str, str]) -> None:
    desk.journal.findings.record([
        make.decision(names[0], Act.BACKUP_PBX, SubjectKind.PBX, "hq"), make.decision(names[1], *CHANGE),
    ])  # fmt: skip
    await desk.work()
    assert recorded(office) == ["backup/create", "extension/update"]
    assert desk.row("dec-1").state is desk.row("dec-2").state is State.CONFIRMED
    await desk.work()
    assert len(backups(office)) == 1


async def test_who_approves_a_change_approves_its_backup(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([
        make.decision("dec-1", Act.BACKUP_PBX, SubjectKind.PBX, "hq", mode=Mode.ASK),
        make.decision("dec-2", *CHANGE, mode=Mode.ASK),
    ])  # fmt: skip
    assert desk.journal.actions.approve("act-dec-2", "anna", now=0)
    stop = asyncio.Event()
    running = asyncio.create_task(desk.executor.run(stop))
    await confirmed(desk, "dec-2")
    stop.set()
    await running
    assert recorded(office) == ["backup/create", "extension/update"]
    assert {change.by for change in desk.journal.incidents.find("inc-1").history if change.state is State.APPROVED} == {
        "anna"
    }


class Slow:
    """The PBX, but nothing of a backup ever comes back until `let`."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.let = inner, asyncio.Event()

    async def backups(self) -> Any:
        await self.let.wait()
        return await self._inner.backups()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_a_slow_backup_delays_a_change_for_a_moment_and_a_hang_up_not_at_all(
    desk: Desk, office: Any, make: Any
) -> None:
    office.call("1007", "901125261234567")
    slow = Slow(office.means.client)
    desk.started(hands=office.hands(client=slow))
    desk.journal.findings.record([
        make.decision("dec-1", Act.BACKUP_PBX, SubjectKind.PBX, "hq"), make.decision("dec-2", *CHANGE),
        make.decision("dec-3", Act.HANG_UP, SubjectKind.EXTENSION, "1007"),
    ])  # fmt: skip
    await desk.executor.claim()
    await confirmed(desk, "dec-2")
    assert desk.row("dec-3").state is State.CONFIRMED
    assert recorded(office)[0] == "call/hangup"
    assert backups(office) == []
    slow.let.set()
    await desk.executor.drain()
    assert desk.row("dec-1").state is State.CONFIRMED
    assert len(backups(office)) == 1


@pytest.mark.parametrize("options", [DENIED])
async def test_a_backup_that_fails_keeps_nothing_from_being_done(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([
        make.decision("dec-1", Act.BACKUP_PBX, SubjectKind.PBX, "hq"), make.decision("dec-2", *CHANGE),
    ])  # fmt: skip
    await desk.work()
    assert (desk.row("dec-1").state, desk.row("dec-2").state) == (State.FAILED, State.CONFIRMED)
