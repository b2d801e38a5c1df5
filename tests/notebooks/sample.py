"""A month of a small office in which one extension is robbed at night and another one drips, as an archive."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

from detector.contract.events import AnyEvent
from streams.archive import Archive
from streams.backtest.attacks import ATTACKS
from streams.backtest.history import order
from streams.backtest.slow import SLOW
from tests.evaluate.month import honest, sites

SITE = replace(sites()[0], extensions=10)
SEED = 1
SETTINGS = {"pbxs": [SITE.configured()]}


def sample() -> list[AnyEvent]:
    """All events, in their order."""
    woven = (ATTACKS["irsf"], SLOW["daily_drip"])
    attacks = [event for made in woven for event in made(SITE, Random(SEED)).events]  # noqa: S311 - traffic, not secrets
    return sorted([*honest(SITE, SEED), *attacks], key=order)


def write(folder: Path, events: list[AnyEvent]) -> None:
    """An archive of the events and a configuration."""
    Archive(str(folder / "archive")).write("a", list(enumerate(events, 1)))
    (folder / "ringfence.yaml").write_text(json.dumps(SETTINGS))
