"""What a simulated P-Series can tell and what can be done to it, with these rights and on this firmware."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from detector.contract.codec import Rejected
from detector.contract.events import KINDS, AnyEvent, Event
from detector.contract.visibility import read_field
from detector.contract.vocabulary import Act
from detector.formats.yeastar.yeastar_tellings import NOT_SHOWN, NOT_TOLD
from streams.containment.acting import EVERYWHERE
from streams.pbxs.discovery import Capabilities
from streams.sim import CallPlan, SimOptions
from streams.yeastar.p_series_action import ACTIONS
from tests.streams.pbxs.conftest import Linked, linked

ALWAYS = {field.encode_name for field in msgspec.structs.fields(Event)}


def lacking(found: Capabilities) -> dict[str, str]:
    return {one.act.value: one.lacking for one in found.does if one.lacking}


async def test_a_pbx_that_lets_us_do_everything() -> None:
    async with linked(SimOptions()) as one:
        found = await one.connection.capabilities()
        assert not one.sim.core.changes
    assert (found.make, found.model, found.firmware) == ("yeastar", "P570", "37.23.0.123")
    assert {one.act for one in found.does} == set(Act) - set(EVERYWHERE.all())
    assert lacking(found) == {}
    assert {one.kind: one.lacking for one in found.tells if one.lacking} == {
        "registration.rejected": NOT_TOLD, "config": NOT_SHOWN,
    }  # fmt: skip


DENIED = "the API application may not read "
OLD = "this firmware does not offer "


@pytest.mark.parametrize(
    ("options", "path", "why"),
    [
        ({"denied_permissions": {"call"}}, "call/query", DENIED),
        ({"denied_permissions": {"extension"}}, "extension/list", DENIED),
        ({"denied_permissions": {"outbound_route"}}, "outbound_route/list", DENIED),
        ({"denied_permissions": {"trunk"}}, "trunk/list", DENIED),
        ({"denied_permissions": {"block_numbers"}}, "block_numbers/list", DENIED),
        ({"denied_permissions": {"backup", "system"}}, "backup/list", DENIED),
        ({"unsupported_endpoints": {"extension/getpassword"}}, "extension/getpassword", OLD),
    ],
    ids=["calls", "extensions", "routes", "trunks", "numbers", "backups", "passwords"],
)
async def test_what_is_denied_or_missing_costs_what_rests_on_it(options: Any, path: str, why: str) -> None:
    async with linked(SimOptions(**options)) as one:
        found = await one.connection.capabilities()
    resting = [act for act, kind in ACTIONS.all().items() if path in kind.reads]
    assert resting
    assert lacking(found) == dict.fromkeys(resting, why + path)
    assert (found.firmware is None) == ("system" in options.get("denied_permissions", ()))


async def test_without_its_records_a_pbx_does_not_tell_where_a_call_came_from() -> None:
    async with linked(SimOptions(denied_permissions={"cdr"})) as one:
        found = await one.connection.capabilities()
    assert {telling.lacking for telling in found.records if "source_ip" in telling.fields} == {DENIED + "cdr/search"}
    assert [
        telling for telling in found.tells if "source_ip" in telling.fields and telling.kind.startswith("call")
    ] == []


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"denied_permissions": {"outbound_route"}}, DENIED + "outbound_route/list"),
        ({"unsupported_endpoints": {"outbound_route/get"}}, OLD + "outbound_route/get"),
    ],
    ids=["denied", "an old firmware"],
)
async def test_without_its_routes_a_pbx_does_not_tell_which_one_a_call_took(options: Any, why: str) -> None:
    async with linked(SimOptions(**options)) as one:
        found = await one.connection.capabilities()
    told = {telling.kind: telling.lacking for telling in found.tells if "route" in telling.fields}
    assert told == dict.fromkeys(("call.started", "call.answered", "call.ended"), why)


async def test_kinds_and_fields_are_those_of_the_contract() -> None:
    async with linked(SimOptions()) as one:
        found = await one.connection.capabilities()
    for telling in (*found.tells, *found.records):
        kind, _, said = telling.kind.partition(".")
        shape = KINDS[kind]
        assert not said or said in shape.ENUMS["phase" if kind == "call" else "outcome"]
        named = [name for field in (*telling.fields, *telling.only) for name in read_field(field)[0]]
        assert set(named) <= {field.encode_name for field in msgspec.structs.fields(shape)}
        assert len(set(telling.fields)) == len(telling.fields)


class Log:
    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    async def put(self, events: Sequence[AnyEvent]) -> None:
        self.events += events

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)


async def a_busy_minute(one: Linked, log: Log) -> None:
    """Somebody registers, calls out and in, is refused, and somebody else guesses at the portal."""
    sim = one.sim
    sim.register("1001")
    out = sim.dial("1001", "912125550100", plan=CallPlan(ring=0, talk=None)).call
    assert out is not None
    sim.inbound("+12125550199", "1001", plan=CallPlan(ring=0, talk=None))
    sim.login("admin", "not the password", "203.0.113.77")
    sim.dial("1002", "9011252612345678")
    for _ in range(200):
        if {"call", "registration", "login"} <= {event.__struct_config__.tag for event in log.events}:
            break
        await asyncio.sleep(0.02)
    for call in list(sim.core.calls.up.values()):
        members: Any = call.state()["members"]
        sim.core.calls.hang_up(str(next(iter(members[0].values()))["channel_id"]))


async def test_everything_that_comes_was_announced_with_its_fields() -> None:
    log = Log()
    async with linked(SimOptions()) as one:
        sources = one.connection.sources(log, lambda pin: "hash", since=None)
        running = asyncio.create_task(sources.run())
        async with asyncio.timeout(20):
            while not all(status.connected for status in sources.statuses()):  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)
            await a_busy_minute(one, log)
            while not any(getattr(event, "phase", "") == "ended" for event in log.events):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert sources.heard_at is not None
        found = await one.connection.capabilities()
    announced: dict[str, set[str]] = {}
    for telling in (*found.tells, *found.records):
        names = {name for field in telling.fields for name in read_field(field)[0]}
        announced.setdefault(telling.kind, ALWAYS | {"name", "call_id"}).update(names)
    seen: dict[str, set[str]] = {}
    for event in log.events:
        made = msgspec.to_builtins(event)
        said = made.get("phase") or made.get("outcome")
        kind = f"{made['kind']}.{said}" if said else made["kind"]
        seen.setdefault(kind, set()).update(made.keys() - ALWAYS - {"kind", "phase", "outcome"})
    assert {"call.started", "call.answered", "call.ended", "registration.accepted", "login.rejected"} <= seen.keys()
    assert {kind: fields - announced.get(kind, set()) for kind, fields in seen.items()} == {
        kind: set() for kind in seen
    }
