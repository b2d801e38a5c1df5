"""The classic: passwords guessed, one extension taken, one short test call, then many long ones."""

from streams.sim.attacks.attacker import Attacker
from streams.sim.attacks.script import attack
from streams.sim.office import GUESSABLE
from streams.sim.telephony.sim_call import CallPlan


@attack("stolen_extension")
async def stolen_extension(attacker: Attacker) -> None:
    """About 90 script seconds of preparation, then ten lines to Somalia for an hour."""
    victim = GUESSABLE[0]
    attacker.phase("recon")
    await attacker.guess_web(["admin", "administrator", "root"], every=2)
    await attacker.guess_registrations([str(number) for number in range(1002, 1014)])
    attacker.phase("access")
    if not attacker.register(victim):
        attacker.progress.gave_up = True
        return
    await attacker.wait(20)
    attacker.phase("probe")
    attacker.call(victim, "9011" + attacker.number(), CallPlan(ring=3, talk=10))
    await attacker.wait(35)
    attacker.phase("pumping")
    await attacker.pump(GUESSABLE, lines=10, talk=1800, every=3, lasting=3600)
