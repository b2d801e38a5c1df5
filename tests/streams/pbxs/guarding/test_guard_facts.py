"""What the last gate is told: as configured, as the simulated PBX says over real HTTP, and as names resolve."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from detector.audit.posture import Fact
from detector.contract.findings import Decision, Subject
from detector.contract.vocabulary import Act, Mode, State, SubjectKind
from detector.decide.guard import veto
from streams.pbxs.discovery import Discovery
from streams.pbxs.guarding.guard_facts import FRESH_SECONDS, OLD_SECONDS, TargetFacts
from streams.pbxs.guarding.known_names import FORGET_SECONDS
from streams.pbxs.guarding.reconciling import NO_EMERGENCY_PATH
from streams.pbxs.pbx_errors import AccessDenied, Unreachable
from streams.sim import CallPlan, SimOptions
from streams.store.rows import ActionRow
from tests.streams.pbxs.conftest import Linked, group

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CARRIER = "198.51.100.10"
FOUND = {"sip.carrier-a.example", "sip.carrier-b.example"}


def row(act: Act, kind: SubjectKind, target: str) -> ActionRow:
    decision = Decision(
        id="dec-1", pbx="hq", at=AT, incident="inc-1", because=("det-1",), action=act, rung=1, mode=Mode.AUTO,
        target=Subject(kind, target), until=AT + timedelta(hours=1), status="active",
    )  # fmt: skip
    return ActionRow(
        id="act-1", decision=decision, drill=False, state=State.APPROVED, by="policy", attempt=0, error=None,
        until=None, undo_by=None, before=None, handle=None, next_try_at=None, created_at=0,
    )  # fmt: skip


BLOCK = row(Act.BLOCK_IP, SubjectKind.SOURCE_IP, CARRIER)
LOCK = row(Act.LOCK_ROUTE, SubjectKind.ROUTE, "International")
SHUT = row(Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier-a")


class Kept:
    """A memory of the guard that another process may have filled."""

    def __init__(self, *, allowed: Iterable[str] = (), logged_in: Iterable[str] = ()) -> None:
        self.names: dict[str, set[str]] = {}
        self.on_list, self.people = list(allowed), list(logged_in)

    async def allowed(self, pbx: str) -> list[str]:
        return self.on_list

    async def logged_in(self) -> list[str]:
        return self.people

    async def addresses(self, names: Iterable[str]) -> dict[str, list[str]]:
        return {name: sorted(self.names[name]) for name in names if name in self.names}

    async def remember(self, name: str, addresses: Iterable[str], forget_seconds: float) -> None:
        self.names.setdefault(name, set()).update(addresses)


class Resolver:
    """The names there are at the moment; all others cannot be looked up."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self.names = names

    async def __call__(self, name: str) -> Iterable[str]:
        if name not in self.names:
            raise OSError("no such name")
        return self.names[name]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def facts_of(one: Linked, names: Mapping[str, Iterable[str]] | None = None, **changes: Any) -> TargetFacts:
    discover = changes.pop("discover", one.connection.discover)
    given = {"look_up": Resolver(names or {}), "clock": Clock(), "calls": one.connection.calls}
    return TargetFacts(one.pbx, one.profile, discover, **given | changes)


async def vetoed(facts: TargetFacts, action: ActionRow) -> str | None:
    return veto(action.kind, action.target, await facts.of(action))


async def test_a_carrier_that_nobody_configured_is_found_and_never_blocked(link: Any) -> None:
    async with link(SimOptions()) as one:
        facts = facts_of(one, {"sip.carrier-a.example": [CARRIER, "2001:db8::7"]})
        assert set((await facts.of(BLOCK)).trunk_addresses) == FOUND | {CARRIER, "2001:db8::7"}
        assert "an address of a trunk" in (await vetoed(facts, BLOCK) or "")
        assert await vetoed(facts, row(Act.BLOCK_IP, SubjectKind.SOURCE_IP, "203.0.113.9")) is None


async def test_what_is_configured_stays_beside_what_is_found(link: Any) -> None:
    configured = {"trunks": {"backup": {"hosts": ["sip.other.example", "192.0.2.7"]}}, "protected": ["vpn.example"]}
    async with link(SimOptions(), **configured) as one:
        found = await facts_of(one, {"vpn.example": ["192.0.2.99"]}).of(BLOCK)
    assert set(found.trunk_addresses) == FOUND | {"sip.other.example", "192.0.2.7"}
    assert {"vpn.example", "192.0.2.99", "127.0.0.1", "127.0.0.0/8"} <= set(found.own_addresses)


async def test_a_name_that_nobody_can_look_up_stays_protected_by_name_and_keeps_its_addresses(link: Any) -> None:
    clock, names = Clock(), {"sip.carrier-a.example": [CARRIER]}
    async with link(SimOptions()) as one:
        facts = facts_of(one, names, clock=clock)
        await facts.of(BLOCK)
        names.clear()
        clock.now += OLD_SECONDS + 1
        assert set((await facts.of(BLOCK)).trunk_addresses) == FOUND | {CARRIER}
        clock.now += FORGET_SECONDS
        assert set((await facts.of(BLOCK)).trunk_addresses) == FOUND | {CARRIER}, "nobody has said otherwise since"


async def test_names_are_looked_up_again_and_what_they_were_counts_for_a_day(link: Any) -> None:
    clock, names = Clock(), {"sip.carrier-a.example": [CARRIER]}
    async with link(SimOptions()) as one:
        facts = facts_of(one, names, clock=clock)
        await facts.of(BLOCK)
        names["sip.carrier-a.example"] = ["198.51.100.20"]
        clock.now += FRESH_SECONDS
        assert "198.51.100.20" not in (await facts.of(BLOCK)).trunk_addresses, "fresh enough"
        clock.now += OLD_SECONDS
        assert {CARRIER, "198.51.100.20"} <= set((await facts.of(BLOCK)).trunk_addresses)
        clock.now += FORGET_SECONDS
        assert CARRIER not in (await facts.of(BLOCK)).trunk_addresses


PATHS: list[tuple[str, dict[str, Any], bool]] = [
    ("a route of its own", {"pattern": "911"}, True),
    ("behind the access digit", {"pattern": "9911"}, True),
    ("a route for everything", {"pattern": "X."}, True),
    ("open to a group", {"pattern": "911", "ext_list": (group("Everybody"),)}, True),
    ("over one trunk", {"pattern": "911", "trunks": 1}, True),
    ("a pattern nobody can read", {"pattern": "[9-1]"}, False),
    ("another number", {"pattern": "912"}, False),
    ("behind a PIN", {"pattern": "911", "pin_protect": "single_pin", "pin": "4711"}, False),
    ("open to nobody", {"pattern": "911", "ext_list": ()}, False),
    ("without a trunk", {"pattern": "911", "trunk_list": ()}, False),
]


async def test_where_locks_spare_emergency_calls_no_other_path_is_asked_for(link: Any) -> None:
    async with link(SimOptions()) as one:
        facts = facts_of(structs.replace(one, profile=structs.replace(one.profile, spares_emergency=True)))
        assert [await vetoed(facts, shut) for shut in (LOCK, SHUT)] == [None, None]
        assert NO_EMERGENCY_PATH not in facts.differences
        assert await vetoed(facts_of(one), LOCK)


@pytest.mark.parametrize(("route", "known"), [pytest.param(*case[1:], id=case[0]) for case in PATHS])
async def test_nothing_is_shut_before_a_path_for_emergency_calls_was_found(link: Any, route: Any, known: bool) -> None:
    async with link(SimOptions()) as one:
        assert "no path for emergency calls" in (await vetoed(facts_of(one), LOCK) or "")
        one.add_route("Emergency", **route)
        assert (await vetoed(facts_of(one), LOCK) is None) is known


async def test_the_path_must_stay(link: Any) -> None:
    async with link(SimOptions()) as one:
        one.add_route("Emergency", "911", trunks=1)
        facts = facts_of(one)
        assert await vetoed(facts, SHUT), "its only trunk goes"
        assert await vetoed(facts, row(Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier-b")) is None
        assert await vetoed(facts, row(Act.LOCK_ROUTE, SubjectKind.ROUTE, "Emergency")), "it goes itself"
        one.change_trunk("carrier-a", enable=0)
        assert await vetoed(facts_of(one), LOCK), "its only trunk is off"


async def test_a_path_that_is_configured_needs_no_finding(link: Any) -> None:
    async with link(
        SimOptions(denied_permissions={"outbound_route"}), routes={"Emergency": {"emergency": True}}
    ) as one:
        assert await vetoed(facts_of(one), LOCK) is None


async def test_a_part_that_we_may_not_read_costs_no_other(link: Any) -> None:
    async with link(SimOptions(denied_permissions={"trunk"})) as one:
        one.add_route("Emergency", "911")
        found = await facts_of(one).of(LOCK)
    assert (found.trunk_addresses, found.emergency_path) == ((), False)


UNREAD: Fact[Any] = Fact(None, "the PBX did not answer")


@pytest.mark.parametrize("how", ["no way in", "nothing can be read"])
async def test_what_was_found_stays_while_the_pbx_is_away(link: Any, how: str) -> None:
    away = asyncio.Event()
    clock = Clock()
    async with link(SimOptions()) as one:

        async def discover() -> Discovery:
            if not away.is_set():
                found: Discovery = await one.connection.discover()
                return found
            if how == "no way in":
                raise Unreachable("get_token: no route")
            return Discovery(extensions=UNREAD, trunks=UNREAD, routes=UNREAD, addresses=UNREAD)

        one.add_route("Emergency", "911")
        facts = facts_of(one, discover=discover, clock=clock)
        before = await facts.of(LOCK)
        away.set()
        clock.now += OLD_SECONDS + 1
        assert await facts.of(LOCK) == before
        assert before.emergency_path


async def test_a_pbx_that_does_not_answer_holds_nothing_up_and_names_are_known_by_then(link: Any) -> None:
    async def never() -> Discovery:
        await asyncio.Event().wait()
        raise AssertionError

    async with link(SimOptions(), trunks={"a": {"hosts": ["sip.carrier-a.example"]}}) as one:
        facts = facts_of(one, {"sip.carrier-a.example": [CARRIER]}, discover=never, patience=0.05)
        assert await vetoed(facts, BLOCK)
        assert await vetoed(facts, LOCK)


async def test_who_runs_keeps_them_fresh_for_whoever_asks(link: Any) -> None:
    async with link(SimOptions()) as one:
        one.add_route("Emergency", "911")
        facts = facts_of(one)
        running = asyncio.create_task(facts.run())
        async with asyncio.timeout(5):
            while not (await facts.of(LOCK)).emergency_path:  # noqa: ASYNC110 - the state of another task
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_habits_and_emergency_devices_are_as_configured(link: Any) -> None:
    async with link(SimOptions(), extensions={"1008": {"emergency_device": True}}) as one:
        facts = facts_of(one)
        assert await vetoed(facts, row(Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1008"))
        found = await facts.of(row(Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1007"))
    assert (found.emergency_device, found.emergency.calling_code) == (False, "1")
    assert "911" in found.emergency.numbers


async def test_this_machine_is_looked_up_by_its_own_resolver(link: Any) -> None:
    async with link(SimOptions(), protected=["localhost", "no-such-name.invalid"]) as one:
        found = await TargetFacts(one.pbx, one.profile).of(BLOCK)
    assert {"localhost", "127.0.0.1", "no-such-name.invalid"} <= set(found.own_addresses)


async def test_what_carries_an_emergency_call_is_not_taken_away(link: Any) -> None:
    async with link(SimOptions()) as one:
        one.add_route("Emergency", "911")
        one.sim.register("1007")
        assert one.sim.dial("1007", "9911", plan=CallPlan(talk=600)).placed
        [call] = one.sim.calls
        facts = facts_of(one)
        cut = row(Act.HANG_UP, SubjectKind.CALL, call.call_id)
        reset = row(Act.RESET_REGISTRATION, SubjectKind.EXTENSION, "1007")
        for action in (cut, SHUT, reset):
            assert "emergency call" in (await vetoed(facts, action) or ""), action.kind
        for other in (
            row(Act.HANG_UP, SubjectKind.EXTENSION, "1007"),  # it spares the call by itself
            row(Act.RESET_REGISTRATION, SubjectKind.EXTENSION, "1001"),
            row(Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier-b"),
        ):
            assert await vetoed(facts, other) is None, other.kind


async def test_where_nobody_can_say_which_calls_are_up_nothing_is_cut(link: Any) -> None:
    async with link(SimOptions(denied_permissions={"call"})) as one:
        one.add_route("Emergency", "911")
        with pytest.raises(AccessDenied):
            await facts_of(one).of(SHUT)
        assert await vetoed(facts_of(one), LOCK) is None


@pytest.mark.parametrize(
    ("configured", "known"),
    [({"Emergency": {"emergency": True}}, False), ({"National": {"emergency": True}}, True)],
    ids=["it is not there", "it is there"],
)
async def test_a_configured_path_that_the_pbx_does_not_have_is_none(link: Any, configured: Any, known: bool) -> None:
    async with link(SimOptions(), routes=configured) as one:
        facts = facts_of(one)
        assert (await vetoed(facts, LOCK) is None) is known
        assert any("Emergency is configured, and the PBX has none" in each for each in facts.differences) is not known


async def test_people_are_asked_each_time(link: Any) -> None:
    kept = Kept(allowed=["203.0.113.0/28"], logged_in=["192.0.2.44"])
    async with link(SimOptions()) as one:
        facts = facts_of(one, memory=kept)
        assert "allow list" in (await vetoed(facts, block("203.0.113.9")) or "")
        assert "Ringfence itself" in (await vetoed(facts, block("192.0.2.44")) or "")
        kept.on_list.clear()
        kept.people.clear()
        assert await vetoed(facts, block("203.0.113.9")) is None
        assert await vetoed(facts, block("192.0.2.44")) is None


def block(address: str) -> ActionRow:
    return row(Act.BLOCK_IP, SubjectKind.SOURCE_IP, address)


async def test_a_name_known_once_is_known_to_the_next_process(link: Any) -> None:
    names, kept = {"sip.carrier-a.example": [CARRIER], "sip.carrier-b.example": ["198.51.100.11"]}, Kept()
    async with link(SimOptions()) as one:
        first = facts_of(one, memory=kept)
        assert (await first.of(BLOCK)).unknown_names == ("sip.carrier-a.example", "sip.carrier-b.example")
        names_now = facts_of(one, names, memory=kept)
        assert (await names_now.of(BLOCK)).unknown_names == ()
        after = facts_of(one, memory=kept)
        found = await after.of(BLOCK)
        assert found.unknown_names == ()
        assert {CARRIER, "198.51.100.11"} <= set(found.trunk_addresses)
        assert "an address of a trunk" in (await vetoed(after, BLOCK) or "")


async def test_numbers_of_the_pbx_are_never_blocked(link: Any) -> None:
    async with link(SimOptions()) as one:
        found = await facts_of(one).of(BLOCK)
        assert set(found.own_numbers) == {"+12125550100", "+12125550200"}
        ours = row(Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+1212555")
        assert "a number of this PBX" in (await vetoed(facts_of(one), ours) or "")


async def test_this_machine_and_its_name_servers_are_never_blocked(link: Any) -> None:
    async with link(SimOptions()) as one:
        facts = facts_of(one, machine=lambda: ("203.0.113.50", "203.0.113.53"))
        assert "this installation" in (await vetoed(facts, block("203.0.113.53")) or "")
        assert await vetoed(facts, block("203.0.113.51")) is None
