"""Scripted attacks, one file each, registered by name."""

from streams.sim.attacks.script import Attack, attacks

__all__ = ["Attack", "attacks"]
