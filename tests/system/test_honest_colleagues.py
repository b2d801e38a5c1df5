"""After a contained theft honest people call as before; who goes on with the theft is met with the next rung."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.system.programs import STOLEN
from tests.system.scenes import SOMALIA, TEN_MINUTES, Scene, come_true, theatre

WITHIN = 15.0
"""Seconds in which a theft is contained."""
OTHER = "1012"
EARLY, LATE = 1, 11
"""Seconds after the containment: what was on its way may begin for 10 s, and later ones got through in spite of it."""
COLLEAGUES = ((EARLY, "1001", f"{SOMALIA}33701"), (LATE, "1004", "901125290123456"), (LATE, "1015", "901149301234567"))
"""Who calls whom: the same block as the thief, another one of Somalia, and Germany."""


@contextlib.asynccontextmanager
async def contained(folder: Path) -> AsyncIterator[Scene]:
    """The theft is over, and it is known."""
    async with theatre(folder, emergency_route=True) as scene:
        scene.installation.settings["pbxs"][0]["routes"] = {"Emergency": {"emergency": True}}
        scene.configure()
        for _, number, _ in COLLEAGUES:
            scene.sim.register(number)
        before = kept_back(scene)
        async with scene.running():
            await scene.theft()
            await come_true("it is contained", scene.held, WITHIN)
            assert kept_back(scene) - before == {f"extension {STOLEN}"}
            yield scene


def kept_back(scene: Scene) -> set[str]:
    """What the PBX does not let its people do."""
    settings = scene.sim.core.settings
    return {
        *(f"extension {one.number}" for one in settings.extensions if one.disable_outb_call),
        *(f"number {number}" for rule in settings.blocked_numbers for number in rule.numbers),
        *(f"route {one.name}" for one in settings.routes if one.pin_protect != "disable"),
        *(f"trunk {one.name}" for one in settings.trunks if not one.enable),
    }


@pytest.mark.slow
async def test_calls_of_honest_colleagues_stay_up_after_a_contained_theft(tmp_path: Path) -> None:
    async with contained(tmp_path) as scene:
        loop = asyncio.get_running_loop()
        before, since, calls = kept_back(scene), loop.time(), []
        for after, number, dialled in COLLEAGUES:
            await asyncio.sleep(since + after - loop.time())
            calls.append(scene.sim.dial(number, dialled, plan=TEN_MINUTES))
        await asyncio.sleep(3)
        assert [call.outcome for call in calls] == ["placed"] * 3
        assert [call.call in scene.sim.calls for call in calls] == [True] * 3
        assert kept_back(scene) == before


@pytest.mark.slow
async def test_who_goes_on_with_another_extension_is_contained_as_well(tmp_path: Path) -> None:
    async with contained(tmp_path) as scene:
        await scene.theft(OTHER)
        await come_true("the other one, too", lambda: scene.sim.extension(OTHER).disable_outb_call == 1, WITHIN)
        await come_true("and its calls are gone", lambda: not scene.abroad(), WITHIN)


@pytest.mark.slow
async def test_who_gets_his_calls_back_and_pumps_again_is_met_with_the_next_rung(tmp_path: Path) -> None:
    async with contained(tmp_path) as scene:
        before = kept_back(scene)
        await asyncio.sleep(LATE)
        scene.sim.change_extension(STOLEN, disable_outb_call=0)
        await scene.theft()
        await come_true("the numbers are blocked", lambda: kept_back(scene) - before, WITHIN)
        await come_true("his calls are gone", lambda: not scene.abroad(), WITHIN)
        assert any(one.startswith("number ") for one in kept_back(scene) - before)
