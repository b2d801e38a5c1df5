"""Emergency calls while something is done about their extension, number, route or trunk, on the simulated PBX."""

from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.vocabulary import Act, SubjectKind
from detector.enrich.dialling.emergency import Emergency
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx_errors import GiveUp
from streams.sim import SimOptions
from streams.yeastar.actions.block_number import BlockNumber
from streams.yeastar.actions.hang_up import HangUp
from streams.yeastar.actions.lock_route import LockRoute
from streams.yeastar.actions.restrict_extension import RestrictExtension

SOMALIA = "901125261234567"
DIALLED = [
    ("US", (), "911 9911 +1911 *67911 112 9112"),
    ("GB", (), "999 9999 112"),
    ("DE", (), "112 0112 110 0110 +49112"),
    ("US", ("5555",), "5555 95555"),
]
CASES = [
    pytest.param(
        country, configured, dialled, SimOptions(emergency_numbers=("911", dialled)),
        id=f"{country} {dialled}{' configured' if configured else ''}",
    )
    for country, configured, every in DIALLED
    for dialled in every.split()
]  # fmt: skip


def without_access_digit(office: Any, country: str, configured: tuple[str, ...] = ()) -> Any:
    """What actions know of a PBX whose people dial 9, though no setting says so."""
    abroad = "011" if country == "US" else "00"
    emergency = Emergency(country, exit_code=abroad, configured=configured)
    dialling = Dialling(calling_code=emergency.calling_code, international_prefix=abroad, emergency=emergency)
    return replace(office.means, dialling=dialling)


def up(office: Any) -> list[str]:
    return sorted(call.dialled for call in office.sim.calls)


@pytest.mark.parametrize(("country", "configured", "dialled", "options"), CASES)
async def test_it_stays_up_while_its_extension_is_hung_up(
    office: Any, make: Any, country: str, configured: tuple[str, ...], dialled: str
) -> None:
    action = HangUp(without_access_digit(office, country, configured))
    for number in (SOMALIA, SOMALIA, dialled):
        office.call("1007", number)
    order = make.order(SubjectKind.EXTENSION, "1007")
    before = await action.prepare(order)
    assert len(before.calls) == 2
    handle = await action.apply(order, before)
    assert await action.confirmed(order, before, handle)
    assert up(office) == [dialled]
    assert dialled in (action.remark(handle) or "")


@pytest.mark.parametrize(("country", "configured", "dialled", "options"), CASES)
async def test_a_restricted_extension_can_still_dial_it(
    office: Any, make: Any, country: str, configured: tuple[str, ...], dialled: str
) -> None:
    action = RestrictExtension(without_access_digit(office, country, configured))
    order = make.order(SubjectKind.EXTENSION, "1007")
    before = await action.prepare(order)
    await action.apply(order, before)
    assert not office.can_call("1007", SOMALIA)
    assert office.can_call("1007", dialled)


@pytest.mark.parametrize("target", ["911", "91", "9911", "+1911", "112"])
async def test_it_stays_up_while_a_destination_that_begins_like_it_is_hung_up_or_blocked(
    office: Any, make: Any, target: str
) -> None:
    means = without_access_digit(office, "US")
    office.call("1007", "911")
    order = make.order(SubjectKind.DESTINATION, target)
    await HangUp(means).apply(order, await HangUp(means).prepare(order))
    assert up(office) == ["911"]
    try:
        before = await BlockNumber(means).prepare(order)
    except GiveUp:
        return
    await BlockNumber(means).apply(order, before)
    assert all(office.can_call("1007", number) for number in ("911", "112", "9911", "9112"))


async def test_a_call_whose_number_the_pbx_does_not_show_is_left_up(office: Any, make: Any) -> None:
    office.call("1007", SOMALIA)
    [call] = office.sim.core.calls.up.values()
    for member in call.members:
        member.to_number = ""
    order = make.order(SubjectKind.CALL, call.call_id)
    action = HangUp(office.means)
    handle = await action.apply(order, await action.prepare(order))
    assert "does not show" in (action.remark(handle) or "")
    assert up(office) == [SOMALIA]


@pytest.mark.parametrize("pattern", ["9911", "0911", "911", "X.", "9."])
async def test_without_an_access_digit_a_route_that_may_carry_it_is_never_locked(
    office: Any, make: Any, pattern: str
) -> None:
    office.add_route("Out", pattern, "1007")
    with pytest.raises(GiveUp, match="emergency"):
        await LockRoute(without_access_digit(office, "US")).prepare(make.order(SubjectKind.ROUTE, "Out"))


@pytest.mark.parametrize("name", ["International", "Softphones E.164"])
async def test_a_route_abroad_can_be_locked_all_the_same(office: Any, make: Any, name: str) -> None:
    action = LockRoute(without_access_digit(office, "US"))
    order = make.order(SubjectKind.ROUTE, name)
    before = await action.prepare(order)
    await action.apply(order, before)
    assert await action.confirmed(order, before, None)


def test_no_act_is_left_out() -> None:
    tested = {Act.HANG_UP, Act.RESTRICT_EXTENSION, Act.BLOCK_NUMBER, Act.LOCK_ROUTE}
    by_the_guard = {Act.DISABLE_TRUNK, Act.RESET_REGISTRATION}
    assert tested | by_the_guard | {Act.BLOCK_IP, Act.BACKUP_PBX} == set(Act)
