"""A PBX that refuses to change extensions, and nothing else: the ladder climbs, and nobody is told that it is over."""

import asyncio
from pathlib import Path

import pytest

from tests.system.programs import STOLEN
from tests.system.scenes import SOMALIA, TEN_MINUTES, Scene, come_true, theatre

OTHER_BLOCKS = ("90112526337700", "90112529012345")
AGAIN = 12
"""Seconds after a hang-up: for 10 s it might be a call that was on its way."""
FAILED = f"stop outbound calls of extension {STOLEN}: FAILED (extension/list: 10005 ACCESS DENIED)"


def blocks(scene: Scene, number: str) -> bool:
    """Whether the PBX does not let anybody dial it."""
    rules = scene.sim.core.settings.blocked_numbers
    return any(number.startswith(one.rstrip(".")) for rule in rules for one in rule.numbers)


def statuses(scene: Scene) -> list[str]:
    return [one["status"] for one in scene.installation.incidents()]


async def never_contained_while_calls_are_up(scene: Scene) -> None:
    """Watch until it is cancelled; the PBX was asked before and after, so a call that just began does not count."""
    while True:
        before = {call.call_id for call in scene.sim.calls}
        await asyncio.sleep(1)
        found = await asyncio.to_thread(statuses, scene)
        still = before & {call.call_id for call in scene.sim.calls}
        assert not (still and "contained" in found), still


@pytest.mark.slow
async def test_where_extensions_cannot_be_changed_numbers_and_route_are_next(tmp_path: Path) -> None:
    async with theatre(tmp_path, emergency_route=True, denied_permissions=frozenset({"extension"})) as scene:
        scene.installation.settings["pbxs"][0]["routes"] = {"Emergency": {"emergency": True}}
        scene.configure()
        async with scene.running():
            watch = asyncio.create_task(never_contained_while_calls_are_up(scene))
            await scene.theft()
            await come_true("the numbers are blocked", lambda: blocks(scene, f"{SOMALIA}10000") and not scene.sim.calls)
            await come_true("the failure is told with its reason", lambda: scene.told(FAILED))
            await asyncio.sleep(AGAIN)
            assert scene.sim.dial(STOLEN, OTHER_BLOCKS[0], plan=TEN_MINUTES).placed
            await come_true("the route is locked", lambda: scene.sim.route("International").pin_protect != "disable")
            await come_true("no call is up", lambda: not scene.sim.calls)
            assert not scene.sim.dial(STOLEN, OTHER_BLOCKS[1], plan=TEN_MINUTES).placed
            await come_true("it goes on, people are told", lambda: scene.told("calls get through again"))
            await come_true("and now it is held", lambda: statuses(scene) == ["contained"])
            assert not watch.done(), watch.exception()
            watch.cancel()
