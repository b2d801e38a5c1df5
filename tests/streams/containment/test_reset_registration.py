"""A new registration password: the thief is out, a person's false alarm can be put right, nothing is overwritten."""

from typing import Any

import pytest

from detector.contract.vocabulary import SubjectKind
from streams.pbxs.pbx import Drifted
from streams.pbxs.pbx_errors import GiveUp
from streams.sim import SimOptions
from streams.sim.telephony.registrar import RegistrationResult
from streams.yeastar.actions.reset_registration import ResetRegistration

THIEF = "203.0.113.77"


async def reset(office: Any, make: Any) -> tuple[Any, Any]:
    order = make.order(SubjectKind.EXTENSION, "1007")
    before = await ResetRegistration(office.means).prepare(order)
    assert not await ResetRegistration(office.means).confirmed(order, before, None)
    await ResetRegistration(office.means).apply(order, before)
    assert await ResetRegistration(office.means).confirmed(order, before, None)
    return order, before


async def test_who_has_the_old_password_neither_calls_nor_registers(office: Any, make: Any) -> None:
    stolen = office.sim.extension("1007").reg_password
    assert office.sim.register("1007", THIEF, stolen) is RegistrationResult.ACCEPTED
    await reset(office, make)
    assert not office.sim.dial("1007", "901125261234567", source_ip=THIEF).placed
    assert office.sim.register("1007", THIEF, stolen) is RegistrationResult.BAD_PASSWORD


async def test_it_is_put_back_and_both_may_be_repeated(office: Any, make: Any) -> None:
    was = office.settings()
    order, before = await reset(office, make)
    await ResetRegistration(office.means).apply(order, before)
    assert not await ResetRegistration(office.means).undone(order, before, None)
    for _ in range(2):
        await ResetRegistration(office.means).undo(order, before, None)
        assert await ResetRegistration(office.means).undone(order, before, None)
    assert office.settings() == was


async def test_no_password_shows(office: Any, make: Any) -> None:
    _, before = await reset(office, make)
    assert before.old not in repr(before)
    assert before.new not in repr(before)
    assert len(before.new) == 24
    assert before.new != (await ResetRegistration(office.means).prepare(make.order(SubjectKind.EXTENSION, "1007"))).new


async def test_what_somebody_set_since_is_left(office: Any, make: Any) -> None:
    order, before = await reset(office, make)
    office.sim.change_extension("1007", reg_password="Chosen-by-Anna-7")
    assert not await ResetRegistration(office.means).confirmed(order, before, None)
    with pytest.raises(Drifted):
        await ResetRegistration(office.means).undo(order, before, None)
    with pytest.raises(GiveUp, match="meanwhile"):
        await ResetRegistration(office.means).apply(order, before)
    assert office.sim.extension("1007").reg_password == "Chosen-by-Anna-7"


@pytest.mark.parametrize("options", [SimOptions(unsupported_endpoints=frozenset({"extension/getpassword"}))])
async def test_what_could_not_be_put_back_is_not_touched(office: Any, make: Any) -> None:
    was = office.settings()
    with pytest.raises(GiveUp):
        await ResetRegistration(office.means).prepare(make.order(SubjectKind.EXTENSION, "1007"))
    assert office.settings() == was


async def test_who_is_asked_is_told_of_emergency_calls(office: Any, make: Any) -> None:
    assert "emergency calls too" in await ResetRegistration(office.means).preview(
        make.order(SubjectKind.EXTENSION, "1007")
    )
