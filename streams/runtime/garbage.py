"""Garbage collection in a process that works for long."""

import gc


def spare() -> None:
    """Never search again what is there by now: modules stay, and to search them stops everything for 50 ms."""
    gc.collect()
    gc.freeze()
