"""Passwords guessed on the web portal and over SIP, without luck."""

from streams.sim.attacks.attacker import Attacker
from streams.sim.attacks.script import attack


@attack("guessing_only")
async def guessing_only(attacker: Attacker) -> None:
    """Six web logins, then sixty registrations over accounts that exist and do not, one a second."""
    attacker.phase("recon")
    await attacker.guess_web(["admin", "administrator", "root", "support", "1000", "1001"])
    attacker.phase("credential")
    await attacker.guess_registrations([str(number) for number in range(990, 1050)])
    attacker.progress.gave_up = True
