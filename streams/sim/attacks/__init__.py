"""Scripted attacks, one file each, registered by name."""

from streams.sim.attacks.script import ATTACKS, Attack, load_attacks

load_attacks()

__all__ = ["ATTACKS", "Attack"]
