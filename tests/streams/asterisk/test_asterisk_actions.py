"""Each action on a real Asterisk under real calls: in force, read back, undone, and nobody else and no 911 stopped."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, SubjectKind
from streams.asterisk.astdb import AstDb, read_value
from streams.asterisk.asterisk_pbx import AsteriskConnection
from streams.pbxs.pbx import AnyAction, Drifted, Order
from streams.pbxs.pbx_errors import GiveUp
from tests.asterisk import STOLEN, Asterisk
from tests.sipp import Calls, Phone
from tests.streams.asterisk.conftest import HOOK, phone

SOMALIA = "9011252612345678"
LONDON = "9011442079460018"
EMERGENCY = "911"


def order(kind: SubjectKind, target: str, *, key: str = "0123456789ab", seconds: float = 3_600) -> Order:
    return Order(key=key, target=Subject(kind, target), until=datetime.now(UTC) + timedelta(seconds=seconds))


@pytest.fixture(autouse=True)
def nothing_left(pbx: Asterisk) -> Iterator[None]:
    yield
    pbx.cli("database deltree ringfence")
    pbx.cli("channel request hangup all")


async def in_force(action: AnyAction, given: Order) -> Any:
    before = await action.prepare(given)
    assert not await action.confirmed(given, before, None)
    await action.apply(given, before)
    assert await action.confirmed(given, before, None)
    await action.apply(given, before)
    return before


async def called(pbx: Asterisk, extension: str, number: str) -> Counter[str]:
    return await asyncio.to_thread(lambda: phone(pbx, extension).call(number, hold=0.1).ended())


async def up(pbx: Asterisk, extension: str, number: str, calls: int = 1) -> Calls:
    """Calls that are up and stay so."""
    begun = phone(pbx, extension).call(number, times=calls, rate=20, hold=30)
    while begun.so_far()["answered"] < calls:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return begun


DENIED = [
    (Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, STOLEN, [("1001", SOMALIA)]),
    (Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261", [(STOLEN, LONDON), ("1001", LONDON)]),
    (Act.LOCK_ROUTE, SubjectKind.ROUTE, "outbound-world", []),
    (Act.DISABLE_TRUNK, SubjectKind.TRUNK, "carrier", []),
]


@pytest.mark.parametrize(("act", "kind", "target", "others"), DENIED, ids=[one[0] for one in DENIED])
async def test_what_is_denied_is_refused_and_all_else_goes_on(
    pbx: Asterisk, connection: AsteriskConnection, act: Act, kind: SubjectKind, target: str, others: list[Any]
) -> None:
    action, given = connection.actions()[act], order(kind, target)
    assert len(await action.preview(given)) > 20
    before = await in_force(action, given)
    assert await called(pbx, STOLEN, SOMALIA) == {"403": 1}
    for extension, number in [*others, (STOLEN, EMERGENCY), (STOLEN, f"9{EMERGENCY}"), ("1001", EMERGENCY)]:
        assert await called(pbx, extension, number) == {"answered": 1}, (extension, number)
    assert not await action.undone(given, before, None)
    await action.undo(given, before, None)
    assert await action.undone(given, before, None)
    await action.undo(given, before, None)
    assert await called(pbx, STOLEN, SOMALIA) == {"answered": 1}


async def test_it_ends_by_itself_and_outlives_a_restart(pbx: Asterisk, connection: AsteriskConnection) -> None:
    action, given = connection.actions()[Act.RESTRICT_EXTENSION], order(SubjectKind.EXTENSION, STOLEN, seconds=4)
    await in_force(action, given)
    await asyncio.to_thread(pbx.stop)
    await asyncio.to_thread(pbx.start)
    assert await called(pbx, STOLEN, SOMALIA) == {"403": 1}
    await asyncio.sleep(max(0.0, (given.until - datetime.now(UTC)).total_seconds()) + 1)
    assert await called(pbx, STOLEN, SOMALIA) == {"answered": 1}


async def test_two_decisions_on_one_number_end_each_for_itself(connection: AsteriskConnection) -> None:
    action = connection.actions()[Act.BLOCK_NUMBER]
    one, two = (order(SubjectKind.DESTINATION, "+25261", key=key) for key in ("one", "two"))
    before = await in_force(action, one)
    await in_force(action, two)
    await action.undo(one, before, None)
    assert await action.undone(one, before, None)
    assert await action.confirmed(two, before, None)
    await action.undo(two, before, None)
    assert await AstDb(connection.client).tree("ringfence") == {}


async def test_a_value_of_somebody_else_is_left_alone(pbx: Asterisk, connection: AsteriskConnection) -> None:
    action, given = connection.actions()[Act.RESTRICT_EXTENSION], order(SubjectKind.EXTENSION, STOLEN)
    before = await in_force(action, given)
    pbx.cli(f"database put ringfence/extension {STOLEN} mine")
    with pytest.raises(Drifted):
        await action.undo(given, before, None)
    with pytest.raises(GiveUp, match="somebody"):
        await action.prepare(given)
    assert "mine" in (await AstDb(connection.client).tree("ringfence")).values()


@pytest.mark.parametrize(
    ("hook", "problem"),
    [("", "does not have Ringfence's guard"), (HOOK.replace("exten => 9911,1,NoOp()\n", ""), "does not spare 9911")],
    ids=["no guard", "a guard that would stop an emergency call"],
)
async def test_without_a_guard_that_spares_emergency_calls_nothing_is_written(
    pbx: Asterisk, connection: AsteriskConnection, hook: str, problem: str
) -> None:
    pbx.write("extensions_ringfence.conf", hook)
    pbx.cli("dialplan reload")
    try:
        with pytest.raises(GiveUp, match=problem):
            await connection.actions()[Act.RESTRICT_EXTENSION].prepare(order(SubjectKind.EXTENSION, STOLEN))
        lacking = {one.act: one.lacking for one in (await connection.capabilities()).does}
        assert problem in str(lacking[Act.RESTRICT_EXTENSION])
        assert lacking[Act.HANG_UP] is None
        assert await called(pbx, STOLEN, SOMALIA) == {"answered": 1}, "a dialplan without the file lets calls through"
    finally:
        pbx.write("extensions_ringfence.conf", HOOK)
        pbx.cli("dialplan reload")
    assert {one.lacking for one in (await connection.capabilities()).does} == {None}


@pytest.mark.parametrize(
    ("kind", "target"),
    [(SubjectKind.EXTENSION, STOLEN), (SubjectKind.DESTINATION, "+25261")],
    ids=["an extension", "a destination"],
)
async def test_hang_up_cuts_what_is_meant_and_no_emergency_call(
    pbx: Asterisk, connection: AsteriskConnection, kind: SubjectKind, target: str
) -> None:
    action, given = connection.actions()[Act.HANG_UP], order(kind, target)
    running = [await up(pbx, STOLEN, SOMALIA, 3), await up(pbx, STOLEN, EMERGENCY), await up(pbx, "1001", LONDON)]
    assert "3 running calls" in await action.preview(given)
    before = await action.prepare(given)
    left = await action.apply(given, before)
    assert await action.confirmed(given, before, left)
    assert await asyncio.to_thread(running[0].ended) == {"answered": 3, "cut": 3}
    assert {one.called for one in await connection.calls()} == {(EMERGENCY,), (LONDON,)}
    for one in running:
        one.stop()


async def test_one_call_is_hung_up_by_its_id_or_its_channel(pbx: Asterisk, connection: AsteriskConnection) -> None:
    action = connection.actions()[Act.HANG_UP]
    for name in ("id", "channel"):
        running = await up(pbx, STOLEN, SOMALIA)
        [call] = await connection.calls()
        target = call.id if name == "id" else next(one for one in call.uses if one.startswith(f"PJSIP/{STOLEN}-"))
        given = order(SubjectKind.CALL, target)
        await action.apply(given, await action.prepare(given))
        assert await asyncio.to_thread(running.ended) == {"answered": 1, "cut": 1}


async def test_an_account_whose_password_was_reset_is_of_no_use_until_it_is_undone(
    pbx: Asterisk, connection: AsteriskConnection
) -> None:
    action, given = connection.actions()[Act.RESET_REGISTRATION], order(SubjectKind.EXTENSION, STOLEN)
    before = await in_force(action, given)
    assert before.password not in repr(before)
    stolen = phone(pbx, STOLEN)
    assert await asyncio.to_thread(stolen.register) == {"401": 1}
    assert await asyncio.to_thread(lambda: stolen.call(SOMALIA).ended()) == {"401": 1}
    ours = Phone(where=stolen.where, address=stolen.address, account=STOLEN, password=before.password)
    assert await asyncio.to_thread(ours.register) == {"accepted": 1}
    assert await called(pbx, "1001", SOMALIA) == {"answered": 1}
    await action.undo(given, before, None)
    assert await action.undone(given, before, None)
    assert await asyncio.to_thread(stolen.register) == {"accepted": 1}


async def test_an_address_is_kept_out_and_nobody_else(pbx: Asterisk, connection: AsteriskConnection) -> None:
    where = pbx.addresses
    action, given = connection.actions()[Act.BLOCK_IP], order(SubjectKind.SOURCE_IP, where.thief)
    thief = Phone(where=where, address=where.thief, account=STOLEN, password=f"right-{STOLEN}")
    assert await asyncio.to_thread(thief.register) == {"accepted": 1}
    before = await in_force(action, given)
    assert await asyncio.to_thread(thief.register, 2) == {"kept_out": 2}
    assert await asyncio.to_thread(lambda: thief.call(SOMALIA).ended()) == {"kept_out": 1}
    assert await asyncio.to_thread(phone(pbx, STOLEN).register) == {"accepted": 1}
    assert await called(pbx, "1001", SOMALIA) == {"answered": 1}
    await action.undo(given, before, None)
    assert await action.undone(given, before, None)
    assert await asyncio.to_thread(thief.register) == {"accepted": 1}


@pytest.mark.parametrize(
    ("act", "kind"), [(Act.RESET_REGISTRATION, SubjectKind.EXTENSION), (Act.BLOCK_IP, SubjectKind.SOURCE_IP)]
)
async def test_nothing_is_written_where_asterisk_would_not_look_for_it(
    pbx: Asterisk, connection: AsteriskConnection, act: Act, kind: SubjectKind
) -> None:
    sorcery = (pbx.folder / "etc" / "sorcery.conf").read_text()
    pbx.write("sorcery.conf", "[res_pjsip]\nauth=config,pjsip.conf,criteria=type=auth\n")
    try:
        with pytest.raises(GiveUp, match=r"sorcery\.conf lacks"):
            await connection.actions()[act].prepare(
                order(kind, STOLEN if kind is SubjectKind.EXTENSION else "203.0.113.9")
            )
        lacking = {one.act: one.lacking for one in (await connection.capabilities()).does}
        assert "sorcery.conf lacks" in str(lacking[act])
        assert lacking[Act.HANG_UP] is None
    finally:
        pbx.write("sorcery.conf", sorcery)


@pytest.mark.parametrize("name", ["a,b", "a/b", "x" * 81, "1007)", "1007\r\nAction: Ping"])
async def test_a_name_that_the_dialplan_would_read_otherwise_is_given_up(
    connection: AsteriskConnection, name: str
) -> None:
    with pytest.raises(GiveUp):
        await connection.actions()[Act.RESTRICT_EXTENSION].prepare(order(SubjectKind.EXTENSION, name))


@pytest.mark.parametrize(
    ("value", "holders"),
    [("12|ab=12", {"ab": 12}), ("15|ab=12,cd=15", {"ab": 12, "cd": 15}), ("rubbish", None), ("", None), ("12|", None),
     ("12|ab", None), ("12|ab=x", None)],
)  # fmt: skip
def test_what_is_ours_of_a_value(value: str, holders: dict[str, int] | None) -> None:
    assert read_value(value) == holders
