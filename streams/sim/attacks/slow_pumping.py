"""No noise: a leaked password, then one or two long calls at a time, for hours."""

from streams.sim.attacks.attacker import SOFTPHONE, Attacker
from streams.sim.attacks.script import attack
from streams.sim.office import GUESSABLE
from streams.sim.telephony.sim_call import CallPlan


@attack("slow_pumping")
async def slow_pumping(attacker: Attacker) -> None:
    """One test call, then two lines of 50 minutes for four script hours."""
    victim = GUESSABLE[0]
    attacker.phase("access")
    if not attacker.register(victim, SOFTPHONE):
        attacker.progress.gave_up = True
        return
    await attacker.wait(120)
    attacker.phase("probe")
    attacker.call(victim, "9011" + attacker.number(), CallPlan(ring=3, talk=12))
    await attacker.wait(300)
    attacker.phase("pumping")
    await attacker.pump((victim,), lines=2, talk=3000, every=60, lasting=4 * 3600, patience=15)
