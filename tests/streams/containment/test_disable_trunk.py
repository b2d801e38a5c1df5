"""A trunk switched off: never the only way for emergency calls, and on again only if it was."""

from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.vocabulary import SubjectKind
from streams.pbxs.pbx_errors import GiveUp
from streams.yeastar.actions.disable_trunk import DisableTrunk


def put_trunk(office: Any, name: str, **fields: object) -> None:
    trunks = office.sim.core.settings.trunks
    [trunk] = [trunk for trunk in trunks if trunk.name == name]
    trunks.put(trunk.model_copy(update=fields))


def enabled(office: Any) -> dict[str, int]:
    return {trunk.name: trunk.enable for trunk in office.sim.core.settings.trunks}


async def test_off_and_on_again_while_emergency_calls_go_on(office: Any, make: Any) -> None:
    office.add_route("Emergency", "911", "1007")
    was = office.settings()
    order = make.order(SubjectKind.TRUNK, "carrier-a")
    before = await DisableTrunk(office.means).prepare(order)
    assert not await DisableTrunk(office.means).confirmed(order, before, None)
    for _ in range(2):
        await DisableTrunk(office.means).apply(order, before)
        assert await DisableTrunk(office.means).confirmed(order, before, None)
    assert enabled(office) == {"carrier-a": 0, "carrier-b": 1}
    assert office.can_call("1007", "911")
    for _ in range(2):
        await DisableTrunk(office.means).undo(order, before, None)
        assert await DisableTrunk(office.means).undone(order, before, None)
    assert office.settings() == was


async def test_one_that_was_off_stays_off(office: Any, make: Any) -> None:
    office.add_route("Emergency", "911", "1007")
    put_trunk(office, "carrier-a", enable=0)
    order = make.order(SubjectKind.TRUNK, "carrier-a")
    before = await DisableTrunk(office.means).prepare(order)
    await DisableTrunk(office.means).apply(order, before)
    await DisableTrunk(office.means).undo(order, before, None)
    assert enabled(office)["carrier-a"] == 0


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no route for emergency calls", "no route for emergency calls is known"),
        ("the other trunk is off", "no other trunk that is on"),
        ("the route has this trunk only", "no other trunk that is on"),
        ("a route that is for emergency calls by configuration has this trunk only", "no other trunk that is on"),
    ],
)
async def test_the_only_way_for_emergency_calls_is_never_touched(office: Any, make: Any, case: str, said: str) -> None:
    means = office.means
    if case != "no route for emergency calls":
        office.add_route("Emergency", "911", "1007")
    if case == "the other trunk is off":
        put_trunk(office, "carrier-b", enable=0)
    if case == "the route has this trunk only":
        office.change_route("Emergency", trunk_list=office.sim.route("National").trunk_list[:1])
    if case.startswith("a route that is"):
        means = replace(means, emergency_routes=frozenset({"International"}))
        office.change_route("International", trunk_list=office.sim.route("National").trunk_list[:1])
    was = office.settings()
    with pytest.raises(GiveUp, match=said):
        await DisableTrunk(means).prepare(make.order(SubjectKind.TRUNK, "carrier-a"))
    assert office.settings() == was


async def test_the_other_way_may_go_between_looking_and_doing(office: Any, make: Any) -> None:
    office.add_route("Emergency", "911", "1007")
    order = make.order(SubjectKind.TRUNK, "carrier-a")
    before = await DisableTrunk(office.means).prepare(order)
    put_trunk(office, "carrier-b", enable=0)
    with pytest.raises(GiveUp):
        await DisableTrunk(office.means).apply(order, before)
    assert enabled(office)["carrier-a"] == 1


async def test_the_preview_counts_what_uses_it(office: Any, make: Any) -> None:
    office.call("1007", "901125261234567")
    assert "1 outbound calls use it now" in await DisableTrunk(office.means).preview(
        make.order(SubjectKind.TRUNK, "carrier-a")
    )
