"""Where attacks are registered and found."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable

from streams.sim.attacks.attacker import Attacker

Attack = Callable[[Attacker], Awaitable[None]]
ATTACKS: dict[str, Attack] = {}


def attack(name: str) -> Callable[[Attack], Attack]:
    """Register a script under a name of its own."""

    def register(script: Attack) -> Attack:
        if name in ATTACKS:
            raise RuntimeError(f"two attacks are called {name}")
        ATTACKS[name] = script
        return script

    return register


def load_attacks() -> None:
    """Import every module beside this one, so that it registers."""
    package = importlib.import_module("streams.sim.attacks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
