"""Each action on the simulated PBX over real HTTP: applied, confirmed, undone, and after somebody interfered."""

from datetime import datetime
from typing import Any

import pytest

from detector.contract.vocabulary import Act, SubjectKind
from detector.decide.acts import ACTS
from streams.config.connection import PbxMake
from streams.containment.acting import EVERYWHERE
from streams.containment.actions.keep_out import BlockIp
from streams.containment.enforcers.enforcer import Enforcer, EnforcerError
from streams.pbxs.makes import make_of
from streams.pbxs.pbx import AnyAction, Drifted, Order, PbxAction
from streams.pbxs.pbx_errors import GiveUp, PbxError, Unreachable
from streams.sim import SimOptions
from streams.yeastar.actions.block_number import BlockNumber
from streams.yeastar.actions.hang_up import HangUp
from streams.yeastar.actions.lock_route import LockRoute
from streams.yeastar.actions.restrict_extension import ROUTES, SWITCH, RestrictExtension

SOMALIA = "901125261234567"
OLD_FIRMWARE = SimOptions(accept_disable_outb_call=False)


async def there_and_back(action: AnyAction, order: Order) -> tuple[Any, str | None]:
    before = await action.prepare(order)
    assert not await action.confirmed(order, before, None)
    handle = await action.apply(order, before)
    assert await action.confirmed(order, before, handle)
    return before, handle


async def undo(action: AnyAction, order: Order, before: Any, handle: str | None) -> None:
    assert not await action.undone(order, before, handle)
    await action.undo(order, before, handle)
    assert await action.undone(order, before, handle)
    await action.undo(order, before, handle)


async def test_hang_up_an_extension_cuts_its_outbound_calls_only(office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    office.call("1001", SOMALIA)
    office.sim.register("1007")
    office.sim.inbound("+12125550199", "1007")
    order = make.order(SubjectKind.EXTENSION, "1007")
    assert "1 running calls" in await HangUp(office.means).preview(order)
    await there_and_back(HangUp(office.means), order)
    assert sorted(call.kind for call in office.sim.calls) == ["Inbound", "Outbound"]


async def test_hang_up_a_destination_in_every_way_it_was_dialled(office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    office.call("1001", "+25261999999")
    office.call("1004", "901144201234567")
    await there_and_back(HangUp(office.means), make.order(SubjectKind.DESTINATION, "+25261"))
    assert [call.dialled for call in office.sim.calls] == ["901144201234567"]


async def test_hang_up_one_call_by_its_id_or_channel(office: Any, make: Any) -> None:
    for name in ("id", "channel"):
        office.call("1007", SOMALIA)
        [call] = office.sim.calls
        target = call.call_id if name == "id" else office.channel(call.call_id)
        await there_and_back(HangUp(office.means), make.order(SubjectKind.CALL, target))
        assert office.sim.calls == []


async def test_an_emergency_call_is_never_cut(office: Any, make: Any) -> None:
    office.call("1007", "911")
    office.call("1007", SOMALIA)
    order = make.order(SubjectKind.EXTENSION, "1007")
    await there_and_back(HangUp(office.means), order)
    [left] = office.sim.calls
    await HangUp(office.means).apply(
        make.order(SubjectKind.CALL, left.call_id), await HangUp(office.means).prepare(order)
    )
    assert [call.dialled for call in office.sim.calls] == ["911"]


async def test_restrict_by_the_switch(office: Any, make: Any) -> None:
    was = office.settings()
    order = make.order(SubjectKind.EXTENSION, "1007")
    before, handle = await there_and_back(RestrictExtension(office.means), order)
    assert handle == SWITCH
    assert not office.can_call("1007", SOMALIA)
    assert not office.can_call("1007", "912125550123")
    assert office.can_call("1007", "911")
    assert office.can_call("1001", SOMALIA)
    await undo(RestrictExtension(office.means), order, before, handle)
    assert office.settings() == was
    assert office.can_call("1007", SOMALIA)


async def test_an_extension_restricted_by_a_person_stays_so(office: Any, make: Any) -> None:
    office.sim.change_extension("1007", disable_outb_call=1)
    order = make.order(SubjectKind.EXTENSION, "1007")
    action = RestrictExtension(office.means)
    before = await action.prepare(order)
    handle = await action.apply(order, before)
    await action.undo(order, before, handle)
    assert await action.undone(order, before, handle)
    assert office.sim.extension("1007").disable_outb_call == 1


@pytest.mark.parametrize("options", [OLD_FIRMWARE])
async def test_restrict_by_the_routes_where_the_switch_is_ignored(office: Any, make: Any) -> None:
    office.add_route("Emergency", "911", "1007", "1001")
    was = office.settings()
    order = make.order(SubjectKind.EXTENSION, "1007")
    before, handle = await there_and_back(RestrictExtension(office.means), order)
    assert handle == ROUTES
    assert not office.can_call("1007", SOMALIA)
    assert not office.can_call("1007", "912125550123")
    assert office.can_call("1007", "911")
    assert office.can_call("1001", SOMALIA)
    assert len(office.sim.route("Emergency").ext_list) == 2
    await undo(RestrictExtension(office.means), order, before, handle)
    assert office.settings() == was


@pytest.mark.parametrize("options", [OLD_FIRMWARE])
async def test_what_a_person_did_to_the_lists_meanwhile_is_kept(office: Any, make: Any) -> None:
    order = make.order(SubjectKind.EXTENSION, "1007")
    before, handle = await there_and_back(RestrictExtension(office.means), order)
    kept = office.sim.route("International").ext_list[1:]
    office.change_route("International", ext_list=kept)
    await undo(RestrictExtension(office.means), order, before, handle)
    numbers = [member.ext_number for member in office.sim.route("International").ext_list]
    assert numbers == ["1001", "1004", "1012", "1015", "1017", "1007"]


@pytest.mark.parametrize("options", [OLD_FIRMWARE])
@pytest.mark.parametrize(("pattern", "kind"), [("9.", "ext_group"), ("X.", "extension")])
async def test_restrict_gives_up_untouched_where_it_could_not_hold(
    office: Any, make: Any, pattern: str, kind: str
) -> None:
    office.add_route("Everybody", pattern, "1007", kind=kind)
    was = office.settings()
    order = make.order(SubjectKind.EXTENSION, "1007")
    before = await RestrictExtension(office.means).prepare(order)
    with pytest.raises(GiveUp, match="Everybody"):
        await RestrictExtension(office.means).apply(order, before)
    assert office.settings() == was


@pytest.mark.parametrize(
    "protection",
    [
        {"pin_protect": "disable"},
        {"pin_protect": "single_pin", "pin": "4711"},
        {"pin_protect": "pin_list", "pin_list": 1},
    ],
)
async def test_lock_a_route_and_put_back_exactly_what_was_there(
    office: Any, make: Any, protection: dict[str, object]
) -> None:
    office.change_route("International", **protection)
    was = office.settings()
    order = make.order(SubjectKind.ROUTE, "International")
    before, handle = await there_and_back(LockRoute(office.means), order)
    assert not office.can_call("1007", SOMALIA)
    assert not office.can_call("1007", SOMALIA, pin="4711")
    assert office.can_call("1007", "912125550123")
    assert before.secret not in repr(before)
    assert len(before.secret) == 12
    await undo(LockRoute(office.means), order, before, handle)
    assert office.settings() == was


async def test_a_person_who_changed_the_lock_is_not_overwritten(office: Any, make: Any) -> None:
    order = make.order(SubjectKind.ROUTE, "International")
    before, handle = await there_and_back(LockRoute(office.means), order)
    office.change_route("International", pin_protect="single_pin", pin="2468")
    with pytest.raises(Drifted, match="single_pin"):
        await LockRoute(office.means).undo(order, before, handle)
    assert office.sim.route("International").pin == "2468"
    office.change_route("International", pin_protect="disable", pin="")
    await LockRoute(office.means).undo(order, before, handle)
    assert await LockRoute(office.means).undone(order, before, handle)


@pytest.mark.parametrize("pattern", ["911", "9911", "X.", "9.", "[0-9]!", "9ZXX"])
async def test_a_route_for_emergency_calls_is_never_locked(office: Any, make: Any, pattern: str) -> None:
    office.add_route("Out", pattern, "1007")
    was = office.settings()
    with pytest.raises(GiveUp, match="emergency"):
        await LockRoute(office.means).prepare(make.order(SubjectKind.ROUTE, "Out"))
    assert office.settings() == was


async def test_a_route_that_is_not_there(office: Any, make: Any) -> None:
    with pytest.raises(GiveUp, match="0 routes"):
        await LockRoute(office.means).prepare(make.order(SubjectKind.ROUTE, "Nowhere"))


async def test_block_a_prefix_in_every_way_it_can_be_dialled(office: Any, make: Any) -> None:
    was = office.settings()
    order = make.order(SubjectKind.DESTINATION, "+25261")
    before, handle = await there_and_back(BlockNumber(office.means), order)
    assert not office.can_call("1007", SOMALIA)
    assert not office.can_call("1007", "+25261")
    assert not office.can_call("1007", "+252619")
    assert office.can_call("1007", "+25262123456")
    assert office.can_call("1007", "911")
    await BlockNumber(office.means).apply(order, before)
    assert len([name for name in office.rules() if name.startswith("ringfence-")]) == 1
    await undo(BlockNumber(office.means), order, before, handle)
    assert office.settings() == was


async def test_a_rule_that_a_person_extended_is_left(office: Any, make: Any) -> None:
    order = make.order(SubjectKind.DESTINATION, "+25261")
    before, handle = await there_and_back(BlockNumber(office.means), order)
    rules = office.sim.core.settings.blocked_numbers
    [rule] = [rule for rule in rules if rule.name == before.name]
    rules.put(rule.model_copy(update={"number_list": rule.number_list + "&+666."}))
    with pytest.raises(Drifted, match="changed"):
        await BlockNumber(office.means).undo(order, before, handle)
    assert before.name in office.rules()
    rules.remove(rule.id)
    await BlockNumber(office.means).undo(order, before, handle)
    assert await BlockNumber(office.means).undone(order, before, handle)


class Wall(Enforcer):
    name = "wall"

    def __init__(self, *, deaf: bool = False) -> None:
        self.targets: dict[str, datetime] = {}
        self.deaf = deaf

    async def block(self, target: str, until: datetime) -> None:
        if self.deaf:
            raise EnforcerError("no answer")
        self.targets[target] = until

    async def lift(self, target: str) -> None:
        self.targets.pop(target, None)

    async def blocked(self) -> frozenset[str]:
        return frozenset(self.targets)


async def test_an_address_is_blocked_by_every_enforcer_or_not_confirmed(make: Any) -> None:
    one, two = Wall(), Wall()
    block = BlockIp([one, two])
    order = make.order(SubjectKind.SOURCE_IP, "2001:db8::1")
    before, handle = await there_and_back(block, order)
    assert one.targets == two.targets == {"2001:db8::/64": order.until}
    await two.lift("2001:db8::/64")
    assert not await block.confirmed(order, before, handle)
    await undo(block, order, before, handle)
    with pytest.raises(GiveUp, match="enforcer"):
        await BlockIp([]).prepare(order)


class Door(PbxAction[Any]):
    """A PBX's own way to keep an address out, which `away` says why it cannot."""

    act = Act.BLOCK_IP
    before = Any

    def __init__(self, away: PbxError | None = None) -> None:
        self.kept_out: set[str] = set()
        self.away = away

    async def prepare(self, order: Order) -> None:
        if self.away is not None:
            raise self.away

    async def apply(self, order: Order, before: Any) -> None:
        self.kept_out.add(order.target.id)

    async def confirmed(self, order: Order, before: Any, handle: str | None) -> bool:
        return order.target.id in self.kept_out

    async def undo(self, order: Order, before: Any, handle: str | None) -> None:
        self.kept_out.discard(order.target.id)

    async def undone(self, order: Order, before: Any, handle: str | None) -> bool:
        return order.target.id not in self.kept_out

    async def preview(self, order: Order) -> str:
        return "refused by the PBX"


@pytest.mark.parametrize("walls", [0, 1], ids=["without enforcers", "beside an enforcer"])
async def test_a_pbx_that_can_keeps_an_address_out_itself(make: Any, walls: int) -> None:
    door, others = Door(), [Wall() for _ in range(walls)]
    block, order = BlockIp(others).beside(door), make.order(SubjectKind.SOURCE_IP, "203.0.113.9")
    before, handle = await there_and_back(block, order)
    assert door.kept_out == {"203.0.113.9"}
    assert [list(wall.targets) for wall in others] == [["203.0.113.9/32"]] * walls
    door.kept_out.clear()
    assert not await block.confirmed(order, before, handle), "somebody let it in"
    await block.apply(order, before)
    await undo(block, order, before, handle)
    assert not door.kept_out


@pytest.mark.parametrize("away", [GiveUp("no such line"), Unreachable("no route")], ids=["cannot", "is away"])
async def test_a_pbx_that_cannot_leaves_it_to_the_enforcers(make: Any, away: PbxError) -> None:
    wall, order = Wall(), make.order(SubjectKind.SOURCE_IP, "203.0.113.9")
    block = BlockIp([wall]).beside(Door(away))
    before, handle = await there_and_back(block, order)
    assert list(wall.targets) == ["203.0.113.9/32"]
    await undo(block, order, before, handle)
    with pytest.raises(type(away)):
        await BlockIp([]).beside(Door(away)).prepare(order)


def test_every_act_can_be_done_once_and_undone_if_it_can_be() -> None:
    ours = make_of(PbxMake.YEASTAR).actions()
    assert set(EVERYWHERE.all()) | set(ours) == set(Act)
    assert not set(EVERYWHERE.all()) & set(ours)
    for act, kind in {**EVERYWHERE.all(), **ours}.items():
        made = (kind.undo, kind.undone)
        assert (PbxAction.undo in made or PbxAction.undone in made) is not ACTS[Act(act)].undoable


async def test_previews_say_what_goes_and_change_nothing(office: Any, make: Any) -> None:
    was = office.settings()
    office.call("1007", SOMALIA)
    [call] = office.sim.calls
    of_office = {
        SubjectKind.EXTENSION: "1007",
        SubjectKind.ACCOUNT: "1007",
        SubjectKind.SOURCE_IP: "198.51.100.7",
        SubjectKind.TRUNK: "carrier-a",
        SubjectKind.ROUTE: "International",
        SubjectKind.DESTINATION: "+25261",
        SubjectKind.CALL: call.call_id,
        SubjectKind.PBX: "hq",
    }
    for act, action in office.hands(Wall()).items():
        for kind in ACTS[act].targets:
            assert len(await action.preview(make.order(kind, of_office[kind]))) > 20
    assert office.settings() == was
