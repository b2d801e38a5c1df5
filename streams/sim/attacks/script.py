"""Where attacks are registered and found."""

from collections.abc import Awaitable, Callable

from detector.contract.registry import Registry
from streams.sim.attacks.attacker import Attacker

Attack = Callable[[Attacker], Awaitable[None]]
ATTACKS: Registry[Attack] = Registry("attacks", "streams.sim.attacks")


def attack(name: str) -> Callable[[Attack], Attack]:
    """Register a script under a name of its own."""

    def register(script: Attack) -> Attack:
        ATTACKS.add(name, script)
        return script

    return register


def attacks() -> dict[str, Attack]:
    """All scripts by name."""
    return ATTACKS.all()
