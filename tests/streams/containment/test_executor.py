"""The executor end to end: journal, guard, simulated PBX, crash at any point, and back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.codec import to_micros
from detector.contract.findings import Loss
from detector.contract.vocabulary import Act, Mode, State, SubjectKind
from detector.decide.guard import GuardFacts
from detector.enrich.dialling.emergency import Emergency
from streams.containment.actions.keep_out import BlockIp
from streams.containment.budget import Budgets
from streams.containment.enforcers.enforcer import Enforcer, EnforcerError
from streams.containment.enforcers.feed import Feed, blocks_of
from streams.containment.executor import Executor, lane_of
from streams.containment.outcome import Outcome
from streams.containment.restraint import Restraint
from streams.containment.weighing import Weighing
from streams.pbxs.pbx import AnyAction
from streams.pbxs.pbx_errors import GiveUp, Unreachable
from streams.store.journal.journal import Journal
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import ActionRow
from streams.store.vault import Vault
from tests.lives import lead

SOMALIA = "901125261234567"
SAFE = GuardFacts(emergency_path=True, emergency=Emergency("US"))
CHANGES = {
    Act.RESTRICT_EXTENSION: (SubjectKind.EXTENSION, "1007"),
    Act.RESET_REGISTRATION: (SubjectKind.EXTENSION, "1007"),
    Act.LOCK_ROUTE: (SubjectKind.ROUTE, "International"),
    Act.DISABLE_TRUNK: (SubjectKind.TRUNK, "carrier-a"),
    Act.BLOCK_NUMBER: (SubjectKind.DESTINATION, "+25261"),
    Act.BLOCK_IP: (SubjectKind.SOURCE_IP, "198.51.100.7"),
}


class Killed(BaseException):
    """As `kill -9`: nothing catches it."""


class Wall(Enforcer):
    name = "wall"

    def __init__(self) -> None:
        self.targets: dict[str, datetime] = {}
        self.blocks = 0

    async def block(self, target: str, until: datetime) -> None:
        self.blocks += 1
        self.targets[target] = until

    async def lift(self, target: str) -> None:
        self.targets.pop(target, None)

    async def blocked(self) -> frozenset[str]:
        return frozenset(self.targets)


class Fuse:
    """Lets `strokes` calls through, then fails every one, before or after it was done."""

    def __init__(self, error: type[BaseException], *, after: bool = False) -> None:
        self.strokes: int | None = None
        self.error = error
        self.after = after

    def blow(self) -> None:
        if self.strokes is not None:
            self.strokes -= 1
            if self.strokes < 0:
                raise self.error("cut")


class Fused:
    """Whatever it wraps, with a fuse in every method that is called, those of its parts included."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if isinstance(method, JournalPart):
            return Fused(method, self._fuse)
        if not callable(method):
            return method
        if asyncio.iscoroutinefunction(method):

            async def call(*args: Any, **named: Any) -> Any:
                if not self._fuse.after:
                    self._fuse.blow()
                answer = await method(*args, **named)
                if self._fuse.after:
                    self._fuse.blow()
                return answer

            return call

        def plain(*args: Any, **named: Any) -> Any:
            if not self._fuse.after:
                self._fuse.blow()
            answer = method(*args, **named)
            if self._fuse.after:
                self._fuse.blow()
            return answer

        return plain


class Desk:
    """One executor at a time over one journal, with a clock that only we move."""

    def __init__(self, journal: Journal, vault: Vault, hands: Mapping[Act, AnyAction], now: datetime) -> None:
        self.journal, self.vault, self.now = journal, vault, now
        self.hands = {"hq": hands}
        self.facts = SAFE
        self.told: list[Outcome] = []
        self.executor = self.started()

    def started(
        self,
        journal: Any = None,
        hands: Any = None,
        budgets: Budgets | None = None,
        restraint: Restraint | None = None,
        weighing: Weighing | None = None,
    ) -> Executor:
        async def announce(outcomes: Sequence[Outcome]) -> None:
            self.told.extend(outcomes)

        found = self.hands if hands is None else {**self.hands, "hq": hands}
        self.executor = Executor(
            journal or self.journal,
            found,
            self.vault,
            self.live_facts,
            announce,
            owner="me",
            budgets=budgets,
            restraint=restraint,
            weighing=weighing,
            now=lambda: self.now,
        )
        return self.executor

    async def live_facts(self, row: ActionRow) -> GuardFacts:
        return self.facts

    async def work(self, rounds: int = 1, seconds: float = 0) -> None:
        for _ in range(rounds):
            await self.executor.claim()
            await self.executor.drain()
            self.now += timedelta(seconds=seconds)

    def row(self, decision: str = "dec-1") -> ActionRow:
        row = self.journal.actions.find(f"act-{decision}")
        assert row is not None
        return row

    def states(self, decision: str = "dec-1") -> list[str]:
        view = self.journal.incidents.find(self.row(decision).incident)
        assert view is not None
        return [change.state.value for change in view.history if change.action == f"act-{decision}"]


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def desk(journal: Journal, vault: Vault, office: Any, wall: Wall, make: Any) -> Desk:
    journal.findings.record([make.incident()])
    office.add_route("Emergency", "911", "1007")
    return Desk(journal, vault, office.hands(wall), make.AT)


@pytest.mark.parametrize("act", CHANGES)
async def test_applied_confirmed_and_undone_at_its_end(desk: Desk, office: Any, make: Any, act: Act) -> None:
    was = office.settings()
    desk.journal.findings.record([make.decision("dec-1", act, *CHANGES[act])])
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error
    assert act is Act.BLOCK_IP or office.settings() != was
    desk.now += timedelta(minutes=59)
    await desk.work()
    assert desk.row().state is State.CONFIRMED
    desk.now += timedelta(minutes=1)
    await desk.work()
    assert desk.states() == ["approved", "applying", "applied", "confirmed", "undone"]
    assert office.settings() == was


async def test_what_stood_there_is_stored_sealed_before_anything_is_touched(desk: Desk, office: Any, make: Any) -> None:
    office.change_route("International", pin_protect="single_pin", pin="471147114711")
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE])])

    class Watched(Fused):
        async def update_outbound_route(self, *args: Any) -> None:
            row = desk.row()
            assert row.state is State.APPLYING
            assert row.before is not None
            assert b"471147114711" not in row.before
            assert b"471147114711" in desk.vault.decrypt(row.before, row.id)
            await office.means.client.update_outbound_route(*args)

    desk.started(hands=office.hands(client=Watched(office.means.client, Fuse(Killed))))
    await desk.work()
    assert desk.row().state is State.CONFIRMED, desk.row().error


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"emergency_path": False}, "emergency"),
        ({"allow_list": ("International",)}, "allow"),
        ({"emergency_device": True}, "device"),
    ],
)
async def test_the_guard_is_asked_again_at_the_last_gate(
    desk: Desk, office: Any, make: Any, facts: dict[str, Any], error: str
) -> None:
    was = office.settings()
    desk.facts = replace(SAFE, **facts)
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE])])
    await desk.work()
    assert (desk.row().state, desk.row().by) == (State.REFUSED, "guard")
    assert error in (desk.row().error or "")
    assert office.settings() == was


async def test_calls_are_cut_and_what_is_redialled_before_the_restriction_too(
    desk: Desk, office: Any, make: Any
) -> None:
    office.call("1007", SOMALIA)
    extension = (SubjectKind.EXTENSION, "1007")
    desk.journal.findings.record([make.decision("dec-1", Act.HANG_UP, *extension)])
    await desk.work()
    assert desk.states() == ["approved", "applying", "applied", "confirmed"]
    assert office.sim.calls == []
    office.call("1007", SOMALIA)
    desk.journal.findings.record([make.decision("dec-2", Act.RESTRICT_EXTENSION, *extension)])
    await desk.work()
    assert desk.row("dec-2").state is State.CONFIRMED
    assert office.sim.calls == []


async def test_a_hang_up_decided_long_ago_cuts_nothing(desk: Desk, office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    desk.journal.findings.record([make.decision("dec-1", Act.HANG_UP, SubjectKind.EXTENSION, "1007")])
    desk.now += timedelta(hours=1)
    await desk.work()
    assert desk.row().state is State.EXPIRED
    assert len(office.sim.calls) == 1


async def eventually(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the executor's side effects have no event to wait for
        await asyncio.sleep(0.01)


async def run_until_killed(desk: Desk, work: Callable[[], Awaitable[None]], fuse: Fuse, strokes: int) -> bool:
    """Whether the kill came."""
    fuse.strokes = strokes
    try:
        await work()
    except Killed:
        return True
    finally:
        fuse.strokes = None
    return False


@pytest.mark.parametrize("part", ["pbx", "journal"])
@pytest.mark.parametrize(
    "act",
    [
        Act.RESTRICT_EXTENSION,
        Act.RESET_REGISTRATION,
        Act.LOCK_ROUTE,
        Act.BLOCK_NUMBER,
        Act.DISABLE_TRUNK,
    ],
)
async def test_killed_at_any_point_and_finished_once(desk: Desk, office: Any, make: Any, act: Act, part: str) -> None:
    was = office.settings()
    kills = 0
    for strokes in range(40):
        name = f"dec-{strokes}"
        until = make.AT + timedelta(hours=strokes + 1)
        desk.now = until - timedelta(hours=1)
        desk.journal.findings.record([make.decision(name, act, *CHANGES[act], at=desk.now, until=until)])
        fuse = Fuse(Killed)
        killed = False
        for due in (desk.now, until):
            desk.now = due
            if part == "pbx":
                pbx: Any = Fused(office.means.client, fuse)
                desk.started(hands=office.hands(client=pbx))
            else:
                desk.started(journal=Fused(desk.journal, fuse))
            killed |= await run_until_killed(desk, desk.work, fuse, strokes)
            desk.journal.actions.release("me")
            desk.started()
            await desk.work()
            if due < until:
                assert desk.row(name).state is State.CONFIRMED, desk.row(name).error
                assert office.settings() != was
                assert len([rule for rule in office.rules() if rule.startswith("ringfence")]) == (
                    act is Act.BLOCK_NUMBER
                )
        assert desk.row(name).state is State.UNDONE, desk.row(name).error
        assert office.settings() == was, f"after {strokes} calls"
        assert desk.states(name).count("applied") == 1
        kills += killed
        if not killed:
            break
    assert kills >= 3, "the test must have killed something"


async def test_a_pbx_that_fails_for_a_while_is_tried_again(desk: Desk, office: Any, make: Any) -> None:
    fuse = Fuse(Unreachable)
    fuse.strokes = 0
    pbx: Any = Fused(office.means.client, fuse)
    desk.started(hands=office.hands(client=pbx))
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *CHANGES[Act.RESTRICT_EXTENSION])])
    await desk.work(3, seconds=30)
    assert (desk.row().state, desk.row().attempt, desk.row().error) == (State.APPROVED, 3, "cut")
    fuse.strokes = None
    await desk.work(1)
    assert desk.row().state is State.CONFIRMED
    assert desk.row().error is None


@pytest.mark.parametrize("strokes", range(5))
async def test_a_pbx_that_stays_away_ends_as_a_failure_that_says_what_is_left(
    desk: Desk, office: Any, make: Any, strokes: int
) -> None:
    was = office.settings()
    fuse = Fuse(Unreachable, after=True)
    fuse.strokes = strokes
    pbx: Any = Fused(office.means.client, fuse)
    desk.started(hands=office.hands(client=pbx))
    decision = make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE], until=make.AT + timedelta(days=2))
    desk.journal.findings.record([decision])
    await desk.work(12, seconds=70)
    if desk.row().state is State.FAILED:
        assert office.settings() == was
        return
    assert desk.row().state is State.UNDO_FAILED, (desk.row().state, desk.row().error)
    desk.started()
    assert desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert desk.row().state is State.UNDONE
    assert office.settings() == was


async def test_giving_up_touches_nothing_and_says_why(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, SubjectKind.ROUTE, "Nowhere")])
    desk.journal.findings.record([make.decision("dec-2", Act.DISABLE_TRUNK, SubjectKind.TRUNK, "nowhere")])
    await desk.work()
    assert (desk.row().state, desk.row().error) == (State.FAILED, "there are 0 routes of this name")
    assert (desk.row("dec-2").state, desk.row("dec-2").attempt) == (State.FAILED, 0)
    assert office.settings() == was


async def test_what_a_pbx_offers_no_way_to_do_fails_and_says_so(desk: Desk, make: Any, wall: Wall) -> None:
    desk.started(hands={Act.BLOCK_IP: BlockIp([wall])})
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE])])
    desk.journal.findings.record([make.decision("dec-2", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert (desk.row().state, desk.row().attempt) == (State.FAILED, 0)
    assert "no API" in (desk.row().error or "")
    assert desk.row("dec-2").state is State.CONFIRMED


async def test_lifted_or_asked_for_it_is_undone_early(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    for name, route in (("dec-1", "International"), ("dec-2", "National")):
        desk.journal.findings.record([make.decision(name, Act.LOCK_ROUTE, SubjectKind.ROUTE, route)])
    await desk.work()
    desk.journal.findings.record(
        [make.decision("dec-1", Act.LOCK_ROUTE, SubjectKind.ROUTE, "International", revision=1, status="lifted")]
    )
    desk.journal.actions.request_undo("act-dec-2", "anna", now=0)
    await desk.work()
    assert (desk.row().state, desk.row("dec-2").state, desk.row("dec-2").by) == (State.UNDONE, State.UNDONE, "anna")
    assert office.settings() == was


async def test_drift_is_said_and_left(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE])])
    await desk.work()
    office.change_route("International", pin_protect="single_pin", pin="2468")
    desk.now += timedelta(hours=1)
    await desk.work()
    assert desk.row().state is State.DRIFTED
    assert "single_pin" in (desk.row().error or "")
    assert office.sim.route("International").pin == "2468"


@pytest.mark.parametrize("first", ["dec-1", "dec-2"])
@pytest.mark.parametrize("act", [Act.RESTRICT_EXTENSION, Act.LOCK_ROUTE, Act.BLOCK_IP])
async def test_two_decisions_on_one_target_end_one_after_the_other(
    desk: Desk, office: Any, wall: Wall, make: Any, act: Act, first: str
) -> None:
    was = office.settings()
    for name in ("dec-1", "dec-2"):
        desk.journal.findings.record([make.decision(name, act, *CHANGES[act])])
        await desk.work()
        assert desk.row(name).state is State.CONFIRMED, desk.row(name).error
    second = {"dec-1": "dec-2", "dec-2": "dec-1"}[first]
    desk.journal.actions.request_undo(f"act-{first}", "anna", now=0)
    await desk.work()
    assert desk.row(first).state is State.SUPERSEDED
    assert wall.targets if act is Act.BLOCK_IP else office.settings() != was
    desk.journal.actions.request_undo(f"act-{second}", "anna", now=0)
    await desk.work()
    assert desk.row(second).state is State.UNDONE
    assert office.settings() == was
    assert not wall.targets


@pytest.mark.parametrize("act", CHANGES)
async def test_what_is_decided_anew_while_the_one_before_is_to_be_undone_leaves_nothing(
    desk: Desk, office: Any, wall: Wall, make: Any, act: Act
) -> None:
    was = office.settings()
    desk.journal.findings.record([make.decision("dec-1", act, *CHANGES[act])])
    await desk.work()
    desk.now += timedelta(hours=1)
    until = desk.now + timedelta(hours=1)
    desk.journal.findings.record([make.decision("dec-2", act, *CHANGES[act], at=desk.now, until=until)])
    await desk.work(3)
    assert desk.row("dec-1").state in {State.UNDONE, State.SUPERSEDED}, desk.row("dec-1").error
    assert desk.row("dec-2").state is State.CONFIRMED, desk.row("dec-2").error
    desk.now = until
    await desk.work(3)
    assert desk.row("dec-2").state is State.UNDONE, desk.row("dec-2").error
    assert (office.settings(), wall.targets) == (was, {})


async def test_an_address_stays_out_while_any_pbx_wants_it(desk: Desk, wall: Wall, make: Any) -> None:
    desk.hands["branch"] = desk.hands["hq"]
    desk.started()
    for name, pbx in (("dec-1", "hq"), ("dec-2", "branch")):
        desk.journal.findings.record([make.decision(name, Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP], pbx=pbx)])
    await desk.work()
    desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert (desk.row("dec-1").state, desk.row("dec-2").state) == (State.SUPERSEDED, State.CONFIRMED)
    assert wall.targets
    desk.journal.actions.request_undo("act-dec-2", "anna", now=0)
    await desk.work()
    assert (desk.row("dec-2").state, wall.targets) == (State.UNDONE, {})


async def test_each_blocked_number_has_a_rule_of_its_own_on_the_pbx(desk: Desk, office: Any, make: Any) -> None:
    for name in ("dec-1", "dec-2"):
        desk.journal.findings.record([make.decision(name, Act.BLOCK_NUMBER, *CHANGES[Act.BLOCK_NUMBER])])
        await desk.work()
    rules = office.rules()
    desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert (desk.row("dec-1").state, desk.row("dec-2").state) == (State.UNDONE, State.CONFIRMED)
    assert len(office.rules()) == len(rules) - 1


def test_what_waits_for_what(desk: Desk, make: Any) -> None:
    acts = (*CHANGES, Act.HANG_UP, Act.BACKUP_PBX)
    for act in acts:
        kind, target = CHANGES.get(act, (SubjectKind.EXTENSION, "1007"))
        desk.journal.findings.record([make.decision(f"dec-{act}", act, kind, target)])
    lanes = {act: lane_of(desk.row(f"dec-{act}")) for act in acts}
    own = {Act.HANG_UP: ("hq", "calls"), Act.BACKUP_PBX: ("hq", "backup"), Act.BLOCK_IP: ("", "addresses")}
    assert lanes == dict.fromkeys(acts, ("hq", "settings")) | own


@pytest.mark.parametrize("error", [EnforcerError("away"), GiveUp("never")])
async def test_what_somebody_else_ended_meanwhile_is_over(
    desk: Desk, wall: Wall, make: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(target: str, until: datetime) -> None:
        lead(desk.journal, "act-dec-1", State.UNDONE)
        raise error

    monkeypatch.setattr(wall, "block", overtaken)
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert desk.states()[-1] == "undone"


ADDRESSES = (SubjectKind.SOURCE_IP, "198.51.{}.7")
FLOODS = [
    ("addresses of as many networks", ADDRESSES[1], ["confirmed", "confirmed", "requested", "requested"]),
    ("addresses of one network", "198.51.100.{}", ["confirmed"] * 4),
    ("customers of one /48", "2001:db8:1:{}::/64", ["confirmed"] * 4),
    ("customers of as many /48", "2001:db8:{}::/64", ["confirmed", "confirmed", "requested", "requested"]),
]


@pytest.mark.parametrize(("form", "states"), [pytest.param(*case[1:], id=case[0]) for case in FLOODS])
async def test_budgets_stop_a_flood_and_one_customer_is_one(
    desk: Desk, make: Any, form: str, states: list[str]
) -> None:
    desk.started(budgets=Budgets({Act.BLOCK_IP: 2}))
    flood(desk, make, form, range(4))
    await desk.work()
    assert [desk.row(f"dec-{n}").state.value for n in range(4)] == states


def flood(desk: Desk, make: Any, form: str, numbers: Iterable[int], **changes: Any) -> None:
    for n in numbers:
        target = (SubjectKind.SOURCE_IP, form.format(n))
        desk.journal.findings.record([make.decision(f"dec-{n}", Act.BLOCK_IP, *target, **changes)])


async def test_a_flood_stops_no_person(desk: Desk, make: Any) -> None:
    desk.started(budgets=Budgets({Act.BLOCK_IP: 1}))
    flood(desk, make, ADDRESSES[1], range(2))
    flood(desk, make, ADDRESSES[1], [2], mode=Mode.ASK)
    await desk.work()
    assert desk.row("dec-1").error == (
        "the budget for this kind of action is spent: it waits for a person, or until there is room, 13:00 UTC at the "
        "earliest"
    )
    for name in ("dec-1", "dec-2"):
        assert desk.journal.actions.approve(f"act-{name}", "anna", now=0)
    await desk.work()
    assert [desk.row(f"dec-{n}").state.value for n in range(3)] == ["confirmed"] * 3


async def test_what_was_put_off_is_done_when_there_is_room_the_gravest_first(desk: Desk, make: Any, wall: Wall) -> None:
    desk.started(budgets=Budgets({Act.BLOCK_IP: 2}))
    until = make.AT + timedelta(days=1)
    flood(desk, make, ADDRESSES[1], range(5), until=until)
    theft = make.incident("inc-theft", loss=Loss(5_000, 100, 0, "USD", "tariff"))
    desk.journal.findings.record([theft])
    flood(desk, make, ADDRESSES[1], [5], until=until, incident="inc-theft")
    await desk.work()
    assert sorted(wall.targets) == ["198.51.0.7/32", "198.51.1.7/32"]
    desk.now += timedelta(minutes=59)
    await desk.work(4)
    assert len(wall.targets) == 2
    desk.now += timedelta(minutes=1)
    await desk.work()
    assert [desk.row(f"dec-{n}").state.value for n in range(6)] == [
        "confirmed", "confirmed", "confirmed", "requested", "requested", "confirmed",
    ]  # fmt: skip
    assert desk.states("dec-5") == ["approved", "requested", "approved", "applying", "applied", "confirmed"]
    assert (desk.row("dec-5").by, desk.row("dec-5").waits) == ("executor", False)
    desk.now += timedelta(minutes=30)
    await desk.work(4)
    assert desk.row("dec-3").state is State.REQUESTED  # what was put off counts from when it was done
    desk.now += timedelta(minutes=30)
    await desk.work()
    assert desk.row("dec-3").state is State.CONFIRMED


async def test_what_was_put_off_is_over_when_its_time_is(desk: Desk, make: Any) -> None:
    desk.started(budgets=Budgets({Act.BLOCK_IP: 1}))
    flood(desk, make, ADDRESSES[1], range(2))
    await desk.work()
    desk.now += timedelta(hours=1)
    await desk.work()
    assert desk.states("dec-1") == ["approved", "requested", "expired"]


async def test_what_a_reboot_lost_is_restored_and_nobody_is_told(desk: Desk, wall: Wall, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    states = desk.states()
    wall.targets.clear()
    desk.started()
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    assert list(wall.targets) == ["198.51.100.7/32"]
    assert desk.states() == states
    blocks = wall.blocks
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    assert wall.blocks == blocks


async def test_what_people_took_off_a_list_that_loses_nothing_is_not_put_back(
    desk: Desk, wall: Wall, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wall, "lasting", True)
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    wall.targets.clear()
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    assert desk.row().state is State.DRIFTED
    assert "let in again at wall" in (desk.row().error or "")
    assert not wall.targets


async def test_what_a_person_took_back_on_the_pbx_is_not_done_again(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *CHANGES[Act.RESTRICT_EXTENSION])])
    await desk.work()
    office.sim.change_extension("1007", disable_outb_call=0)
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    assert desk.row().state is State.DRIFTED
    assert office.sim.extension("1007").disable_outb_call == 0


async def test_an_entry_on_the_allow_list_lifts_what_stands(desk: Desk, wall: Wall, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    desk.facts = replace(SAFE, allow_list=("198.51.100.0/29",))
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    await desk.work()
    assert (desk.row().state, desk.row().by) == (State.UNDONE, "guard")
    assert not wall.targets


async def test_every_change_is_told_once_with_ids_that_stay(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.HANG_UP, SubjectKind.EXTENSION, "1007")])
    await desk.work()
    await desk.executor.tell()
    await desk.executor.tell()
    assert [outcome.event.id for outcome in desk.told] == [f"outcome:act-dec-1:{n}" for n in (1, 2, 3, 4)]
    assert [outcome.event.state for outcome in desk.told] == ["approved", "applying", "applied", "confirmed"]
    assert {outcome.finding.id for outcome in desk.told} == {"act-dec-1"}
    assert [outcome.finding.revision for outcome in desk.told] == [1, 2, 3, 4]
    assert desk.told[0].event.decision == "dec-1"
    assert desk.told[0].event.name == "outcome"


async def test_a_slow_pbx_holds_up_no_other_and_no_hang_up(desk: Desk, office: Any, make: Any) -> None:
    stuck, release = asyncio.Event(), asyncio.Event()

    class Slow(Fused):
        async def outbound_routes(self) -> Any:
            stuck.set()
            await release.wait()
            return await office.means.client.outbound_routes()

    slow: Any = Slow(office.means.client, Fuse(Killed))
    desk.hands["branch"] = office.hands()
    desk.started(hands=office.hands(client=slow))
    office.call("1007", SOMALIA)
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE])])
    await desk.executor.claim()
    await stuck.wait()
    desk.journal.findings.record([make.decision("dec-2", Act.HANG_UP, SubjectKind.EXTENSION, "1007")])
    desk.journal.findings.record([make.decision("dec-3", Act.BLOCK_NUMBER, *CHANGES[Act.BLOCK_NUMBER], pbx="branch")])
    await desk.executor.claim()
    async with asyncio.timeout(5):
        await eventually(lambda: {desk.row(name).state for name in ("dec-2", "dec-3")} == {State.CONFIRMED})
    assert desk.row("dec-1").state is State.APPROVED
    release.set()
    await desk.executor.drain()
    assert desk.row("dec-1").state is State.CONFIRMED


async def test_run_works_until_it_is_stopped(desk: Desk, office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    stop = asyncio.Event()
    running = asyncio.create_task(desk.executor.run(stop))
    desk.journal.findings.record([make.decision("dec-1", Act.HANG_UP, SubjectKind.EXTENSION, "1007")])
    desk.executor.wake()
    async with asyncio.timeout(5):
        await eventually(lambda: len(desk.told) == 4)
    stop.set()
    await running
    assert office.sim.calls == []


class Polled:
    """A feed, and a firewall that fetches it when told to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.feed = Feed(blocks_of(desk.journal), desk.journal, now=lambda: desk.now)
        desk.started(hands={Act.BLOCK_IP: BlockIp([self.feed])})

    async def fetch(self, firewall: str = "edge") -> list[str]:
        listed = await self.feed.listed()
        await self.feed.note(firewall, listed)
        return list(listed)


@pytest.fixture
def polled(desk: Desk) -> Polled:
    return Polled(desk)


async def test_a_block_by_feed_is_confirmed_when_it_was_fetched_and_undone_when_it_is_gone(
    desk: Desk, polled: Polled, make: Any
) -> None:
    for name in ("dec-1", "dec-2"):
        desk.journal.findings.record([make.decision(name, Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert await polled.fetch() == ["198.51.100.7"]
    await desk.work()
    assert [desk.row(name).state for name in ("dec-1", "dec-2")] == [State.CONFIRMED] * 2
    desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert await polled.fetch() == ["198.51.100.7"]
    desk.now += timedelta(hours=1) - timedelta(seconds=1)
    await polled.fetch()
    desk.now += timedelta(seconds=1)
    await desk.work()
    assert (desk.row("dec-2").state, desk.row("dec-2").waits) == (State.CONFIRMED, True)  # the firewall still has it
    assert await polled.fetch() == []
    await desk.work()
    assert [desk.row(name).state for name in ("dec-1", "dec-2")] == [State.SUPERSEDED, State.UNDONE]


async def test_a_block_that_nobody_fetches_waits_and_is_confirmed_by_the_first_fetch(
    desk: Desk, polled: Polled, make: Any
) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work(90, seconds=15)
    assert (desk.row().state, desk.row().waits, desk.row().attempt) == (State.APPLIED, True, 1)
    assert desk.row().error == "waiting for the firewall: nobody has ever fetched the list of blocked addresses"
    await polled.fetch()
    await desk.work()
    assert (desk.row().state, desk.row().waits, desk.row().error) == (State.CONFIRMED, False, None)
    assert desk.states() == ["approved", "applying", "applied", "confirmed"]


async def test_a_block_that_nobody_ever_fetches_has_failed_after_a_while(desk: Desk, polled: Polled, make: Any) -> None:
    until = make.AT + timedelta(days=1)
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP], until=until)])
    await desk.work(121, seconds=15)
    assert desk.row().state is State.FAILED
    assert desk.row().error == (
        "waiting for the firewall: nobody has ever fetched the list of blocked addresses; given up after 30 minutes"
    )
    assert await polled.fetch() == []


async def test_an_undo_does_not_wait_for_a_firewall_that_has_stopped(desk: Desk, polled: Polled, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    await polled.fetch()
    await desk.work()
    desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work(19, seconds=15)
    assert desk.row().state is State.CONFIRMED
    await desk.work(3, seconds=15)
    assert (desk.row().state, desk.row().by) == (State.UNDONE, "anna")


@pytest.mark.parametrize("broken", [True, False])
async def test_beside_a_feed_an_enforcer_that_does_not_do_it_is_a_failure_and_no_waiting(
    desk: Desk, polled: Polled, wall: Wall, make: Any, broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.started(hands={Act.BLOCK_IP: BlockIp([polled.feed, wall])})
    if broken:

        async def nothing() -> frozenset[str]:
            return frozenset()

        monkeypatch.setattr(wall, "blocked", nothing)
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert (desk.row().state, desk.row().waits) == (State.APPLIED, not broken)
    assert (desk.row().error == "not in force when read back") is broken
    assert wall.blocks == 1


@pytest.mark.parametrize("pbx", ["hq", "another gateway's"])
async def test_a_narrow_block_returns_when_the_wide_one_over_it_ends(
    desk: Desk, office: Any, wall: Wall, make: Any, pbx: str
) -> None:
    desk.hands[pbx] = desk.hands["hq"]
    desk.started()
    for name, target, of in (("dec-1", "198.51.100.7", pbx), ("dec-2", "198.51.100.0/24", "hq")):
        desk.journal.findings.record([make.decision(name, Act.BLOCK_IP, SubjectKind.SOURCE_IP, target, pbx=of)])
        await desk.work()
    if pbx != "hq":
        del desk.hands[pbx]
    del wall.targets["198.51.100.7/32"]  # as an interval set does, which refuses overlaps
    desk.journal.actions.request_undo("act-dec-2", "anna", now=0)
    await desk.work()
    assert list(wall.targets) == ["198.51.100.7/32"]
    assert [desk.row(name).state for name in ("dec-1", "dec-2")] == [State.CONFIRMED, State.UNDONE]


async def test_a_drill_is_never_carried_out(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    desk.journal.findings.record(
        [make.decision("dec-1", Act.RESTRICT_EXTENSION, *CHANGES[Act.RESTRICT_EXTENSION], drill=True)]
    )
    await desk.work()
    assert desk.row().state is State.REQUESTED
    assert office.settings() == was


async def test_a_preview_changes_nothing(desk: Desk, office: Any, make: Any) -> None:
    was = office.settings()
    desk.journal.findings.record([make.decision("dec-1", Act.LOCK_ROUTE, *CHANGES[Act.LOCK_ROUTE], mode=Mode.ASK)])
    assert "9011." in await desk.executor.preview(desk.row())
    assert office.settings() == was


async def test_what_people_allow_is_lifted_while_it_runs(desk: Desk, wall: Wall, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    now = to_micros(make.AT)
    stop = asyncio.Event()
    running = asyncio.create_task(desk.executor.run(stop))
    async with asyncio.timeout(10):
        await eventually(lambda: desk.row().state is State.CONFIRMED)
        desk.facts = replace(SAFE, allow_list=("198.51.100.7",))
        desk.journal.guard.allow("198.51.100.7", pbx=None, reason="ours", by="anna", now=now, until=now + 1)
        await eventually(lambda: desk.row().state is State.UNDONE)
    stop.set()
    await running
    assert (desk.row().by, dict(wall.targets)) == ("guard", {})
    assert "on the allow list" in (desk.row().error or "")


async def test_what_may_be_a_carrier_waits_for_a_person(desk: Desk, wall: Wall, make: Any) -> None:
    desk.facts = replace(SAFE, unknown_names=("sip.carrier.example",))
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP], sends_calls=True)])
    await desk.work(2)
    assert (desk.row().state, desk.row().by) == (State.REQUESTED, "guard")
    assert "sip.carrier.example" in (desk.row().error or "")
    assert not wall.targets
    assert desk.journal.actions.approve("act-dec-1", "anna", now=to_micros(desk.now))
    await desk.work(2)
    assert (desk.row().state, list(wall.targets)) == (State.CONFIRMED, ["198.51.100.7/32"])


async def test_an_address_that_never_sent_a_call_does_not_wait(desk: Desk, make: Any) -> None:
    desk.facts = replace(SAFE, unknown_names=("sip.carrier.example",))
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert desk.row().state is State.CONFIRMED


async def test_the_record_of_a_hang_up_says_which_call_was_spared(desk: Desk, office: Any, make: Any) -> None:
    for number in (SOMALIA, "9911"):
        office.call("1007", number)
    desk.journal.findings.record([make.decision("dec-1", Act.HANG_UP, SubjectKind.EXTENSION, "1007")])
    await desk.work()
    await desk.executor.tell()
    assert [call.dialled for call in office.sim.calls] == ["9911"]
    assert "9911" in (desk.told[-1].finding.error or "")
    assert desk.row().state is State.CONFIRMED


async def test_a_reset_that_stands_is_not_taken_back_for_an_emergency_call(desk: Desk, office: Any, make: Any) -> None:
    desk.journal.findings.record([make.decision("dec-1", Act.RESTRICT_EXTENSION, *CHANGES[Act.RESTRICT_EXTENSION])])
    await desk.work()
    desk.facts = replace(SAFE, emergency_call=True)
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    await desk.work()
    assert desk.row().state is State.CONFIRMED


async def test_an_enforcer_that_left_the_settings_is_not_forgotten(desk: Desk, wall: Wall, make: Any) -> None:
    class Hedge(Wall):
        name = "hedge"

    hedge = Hedge()
    desk.journal.findings.record([make.decision("dec-1", Act.BLOCK_IP, *CHANGES[Act.BLOCK_IP])])
    await desk.work()
    assert desk.row().handle == "wall"
    desk.started(hands={Act.BLOCK_IP: BlockIp([hedge])})  # one is named anew, and the other one no more
    await desk.executor.reconcile(["hq"])
    await desk.executor.drain()
    assert (desk.row().handle, list(hedge.targets)) == ("hedge,wall", ["198.51.100.7/32"])
    desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert desk.row().state is State.UNDO_FAILED
    assert desk.row().error == (
        "wall may still keep 198.51.100.7/32 out, and is not among the enforcers in the settings any more: name it "
        "there again and undo this, or lift it by hand"
    )
    assert not hedge.targets
    desk.started(hands={Act.BLOCK_IP: BlockIp([hedge, wall])})
    assert desk.journal.actions.request_undo("act-dec-1", "anna", now=0)
    await desk.work()
    assert (desk.row().state, wall.targets) == (State.UNDONE, {})
