"""One number tried under many dialling prefixes, one call every half minute."""

from streams.sim.attacks.attacker import Attacker
from streams.sim.attacks.script import attack
from streams.sim.office import GUESSABLE
from streams.sim.telephony.sim_call import CallPlan

_PREFIXES = ("00", "011", "0011", "+", "810", "8810", "9", "900", "90011", "9810", "10011", "1010011", "9011")


@attack("prefix_hunt")
async def prefix_hunt(attacker: Attacker) -> None:
    """Thirteen prefixes before one number, half a minute apart; a call that gets through is kept short."""
    victim = GUESSABLE[0]
    attacker.phase("access")
    if not attacker.register(victim):
        attacker.progress.gave_up = True
        return
    number = attacker.number()
    attacker.phase("probe")
    for prefix in _PREFIXES:
        await attacker.wait(30)
        attacker.call(victim, prefix + number, CallPlan(ring=3, talk=8))
