"""The outbound routes of the simulated PBX: tried in the order of their table, changed through the API or moved."""

import pytest

from streams.sim import SimOptions, SimulatedPbx
from streams.sim.settings import RouteMember, SimGroup

HOME, ABROAD, SOFTPHONE = "912125550147", "9011493090182000", "+4930901820"


def way(pbx: SimulatedPbx, number: str, dialled: str) -> str | None:
    """The route by which an extension gets out, None if it does not."""
    path = pbx.core.router.outbound(pbx.extension(number), dialled, None)
    route = getattr(path, "route", None)
    return route.name if route is not None else None


async def test_three_routes_with_their_positions(pbx, api) -> None:
    shown = (await api.get("outbound_route/list"))["data"]
    assert [(row["name"], row["pos"]) for row in shown] == [
        ("National", 1), ("International", 2), ("Softphones E.164", 3),
    ]  # fmt: skip
    assert (await api.get("outbound_route/get", id=3))["data"] == shown[2]
    assert (await api.get("outbound_route/query", ids="3,1,9"))["data"] == [shown[2], shown[0]]
    assert [way(pbx, "1000", dialled) for dialled in (HOME, ABROAD, SOFTPHONE)] == [row["name"] for row in shown]


async def test_the_first_that_takes_a_number_carries_it(pbx, api) -> None:
    everything = [{"pattern": "X.", "strip": 0, "prepend": ""}]
    assert (await api.post("outbound_route/update", id=3, dial_pattern_list=everything))["errcode"] == 0
    assert [way(pbx, "1000", dialled) for dialled in (HOME, ABROAD, "55")] == [
        "National", "International", "Softphones E.164",
    ]  # fmt: skip
    pbx.move_route("Softphones E.164", 1)
    shown = (await api.get("outbound_route/list", sort_by="pos", order_by="asc"))["data"]
    assert [(row["id"], row["pos"]) for row in shown] == [(3, 1), (1, 2), (2, 3)]
    assert [way(pbx, "1000", dialled) for dialled in (HOME, ABROAD)] == ["Softphones E.164"] * 2
    assert way(pbx, "1002", HOME) == "National", "whom the first is not for goes by the next"


async def test_a_position_that_is_sent_changes_nothing(pbx, api) -> None:
    assert (await api.post("outbound_route/update", id=3, pos=1))["errcode"] == 0
    assert [route.name for route in pbx.core.settings.routes][2] == "Softphones E.164"
    with pytest.raises(StopIteration):
        pbx.move_route("Nowhere", 1)


async def test_a_firmware_that_shows_no_positions(api_of) -> None:
    async with SimulatedPbx(SimOptions(show_route_positions=False)) as pbx, api_of(pbx) as api:
        assert "pos" not in (await api.get("outbound_route/list"))["data"][0]
        assert "pos" not in (await api.get("outbound_route/get", id=1))["data"]


async def test_a_group_may_use_a_route(pbx, api) -> None:
    carter = RouteMember(id=2, ext_number="1001")
    some = pbx.core.settings.groups.add(lambda new: SimGroup(id=new, name="Sales", members=(carter,)))
    everyone = pbx.core.settings.groups.add(lambda new: SimGroup(id=new, name="Everyone", member_select="sel_all_ext"))
    for group, extensions in ((some, ["1001"]), (everyone, ["1001", "1002"])):
        entry = {"id": group.id, "ext_name": group.name, "type": "ext_group"}
        assert (await api.post("outbound_route/update", id=1, ext_list=[entry]))["errcode"] == 0
        assert [number for number in ("1001", "1002") if way(pbx, number, HOME)] == extensions
        shown = (await api.get("extensiongroup/get", id=group.id))["data"]
        assert (shown["name"], shown["member_select"]) == (group.name, group.member_select)
    assert (await api.get("extensiongroup/get", id=9))["errcode"] == 60001
    department = {"id": 1, "ext_name": "Sales", "type": "organization"}
    await api.post("outbound_route/update", id=1, ext_list=[department])
    assert way(pbx, "1001", HOME) is None, "departments have no members here"
