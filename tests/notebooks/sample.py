"""A month of a small office in which one extension is robbed at night and another one drips, as an archive."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

from detector.contract.events import AnyEvent
from streams.archive import Archive
from streams.backtest.history import order
from streams.backtest.slow import known
from tests.evaluate.month import honest, sites
from tests.evaluate.site import Site

SEED = 1


def office() -> Site:
    """The small office."""
    return replace(sites()[0], extensions=10)


SETTINGS = {"pbxs": [office().configured()]}


def sample() -> list[AnyEvent]:
    """All events, in their order."""
    site = office()
    woven = ("irsf", "daily-drip")
    attacks = [event for name in woven for event in known()[name](site, Random(SEED)).events]  # noqa: S311 - traffic, not secrets
    return sorted([*honest(site, SEED), *attacks], key=order)


def write(folder: Path, events: list[AnyEvent]) -> None:
    """An archive of the events and a configuration."""
    Archive(str(folder / "archive")).write("a", list(enumerate(events, 1)))
    (folder / "ringfence.yaml").write_text(json.dumps(SETTINGS))
