"""Whatever happens: what is protected is never touched, every change is undone, and the journal tells what is there."""

from typing import Any

import pytest

from detector.contract.vocabulary import State
from tests.streams.containment.storm import SPARED, Storm, StormDesk
from tests.streams.containment.test_executor import Wall

SEEDS = range(8)
STEPS = 30


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_protected_is_touched_and_every_change_is_undone(
    seed: int, journal: Any, vault: Any, office: Any, make: Any
) -> None:
    wall = Wall()
    journal.findings.record([make.incident()])
    storm = Storm(seed, office, StormDesk(journal, vault, office.hands(wall), make.AT), wall, make)
    for _ in range(STEPS):
        await storm.step()
        assert storm.wrong() == [], storm.log
    await storm.calm_down()
    assert storm.wrong() == [], storm.log
    assert storm.left_over() == [], storm.log
    states = {row.state for row in storm.rows() if row.target.id in SPARED}
    assert states <= {State.REFUSED, State.EXPIRED}, storm.log
    assert storm.kills + storm.refusals > 0, "a storm in which nothing fails shows nothing"
