"""No attack takes the place of another unnoticed."""

from random import Random

import pytest

from streams.backtest.attacks import Attack, attack
from streams.backtest.making import Maker
from streams.backtest.slow import known, slow


def fast_guessing(site: Maker, random: Random) -> Attack:
    return Attack((), ())


@pytest.mark.parametrize("register", [attack, slow])
def test_the_name_of_a_fast_attack_is_taken_for_all(register) -> None:
    were = dict(known())
    with pytest.raises(TypeError, match="two attacks are named fast-guessing"):
        register(fast_guessing)
    assert known() == were
