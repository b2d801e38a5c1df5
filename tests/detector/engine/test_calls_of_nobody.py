"""Calls that no extension makes are contained by where they go and by which route; a call that is too long is ended."""

import pytest

from detector.contract.events import Call
from detector.contract.vocabulary import Act, Mode
from tests.detector.engine.builders import (
    GERMANY,
    HOUR,
    SOMALIA,
    SOMALIA_BLOCK,
    call,
    cdr,
    decisions,
    engine,
    outcome,
    settings,
    tick,
    watched,
)

AUTO = [Mode.AUTO]


def made(seconds: float, via: str = "direct", **more: object) -> list[Call]:
    """A call that nobody of us makes, answered at once."""
    given = {"direction": "transit", "trunk_in": "carrier-b", "call": f"t{seconds}", "via": via} | more
    return [call(seconds, SOMALIA, None, **given), call(seconds + 1, SOMALIA, None, phase="answered", **given)]


@pytest.mark.parametrize("via", ["direct", "ivr", "disa", "callback"])
def test_pumping_through_the_pbx_is_stopped_by_its_numbers_and_then_by_its_route(via: str) -> None:
    core = engine()
    for event in watched():
        core.process(event)
    found = [finding for n in range(3) for event in made(n * 10, via) for finding in core.process(event)]
    assert [each.mode for each in decisions(found, Act.BLOCK_NUMBER)] == AUTO
    assert {each.target.id for each in decisions(found, Act.BLOCK_NUMBER)} == {SOMALIA_BLOCK}
    assert SOMALIA_BLOCK in {each.target.id for each in decisions(found, Act.HANG_UP)}
    for each in decisions(found):
        found += core.process(outcome(40, each.id, "confirmed"))
    assert decisions(found, Act.LOCK_ROUTE) == []
    for event in made(100, via):
        found += core.process(event)
    [lock] = decisions(found, Act.LOCK_ROUTE)
    assert (lock.target.id, lock.mode, lock.refused) == ("International", Mode.AUTO, None)


def test_where_numbers_cannot_be_blocked_the_route_is_next_at_once() -> None:
    core = engine()
    found = [finding for n in range(3) for event in made(n * 10) for finding in core.process(event)]
    [block] = decisions(found, Act.BLOCK_NUMBER)
    found += core.process(outcome(40, block.id, "failed"))
    assert [each.target.id for each in decisions(found, Act.LOCK_ROUTE)] == ["International"]


def test_numbers_that_are_called_every_day_are_asked_about() -> None:
    core = engine()
    for day in range(-9, 0):
        for extension in range(1001, 1007):
            core.process(cdr(day * 24 * HOUR, 300, SOMALIA, str(extension)))
    found = [finding for n in range(3) for event in made(n * 10) for finding in core.process(event)]
    assert {each.mode for each in decisions(found, Act.BLOCK_NUMBER)} <= {Mode.ASK}
    assert {each.mode for each in decisions(found, Act.HANG_UP) if each.target.id == SOMALIA_BLOCK} <= {Mode.ASK}


def long_call(mode: str) -> list[tuple[str, str, Mode]]:
    core = engine(settings(mode="notify", rules={"call.duration": {"limit_abroad": 600, "mode": mode}}))
    events = [call(0, GERMANY, "1003", call="long"), call(1, GERMANY, "1003", phase="answered", call="long")]
    found = [finding for event in [*events, tick(700)] for finding in core.process(event)]
    return [(each.action, each.target.id, each.mode) for each in decisions(found)]


@pytest.mark.parametrize("mode", ["notify", "ask", "auto"])
def test_a_call_that_is_too_long_is_ended_and_nothing_else_is_done(mode: str) -> None:
    assert long_call(mode) == [("hang_up", "long", Mode(mode))]


def test_a_call_that_is_over_is_not_ended() -> None:
    core = engine(settings(mode="notify", rules={"call.duration": {"limit_abroad": 600, "mode": "auto"}}))
    found = core.process(cdr(0, 700, GERMANY, "1003"))
    assert decisions(found) == []
