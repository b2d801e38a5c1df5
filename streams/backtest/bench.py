"""The bench: one history under one or two configurations, with the memory of each morning to start trials from."""

from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from detector.detect.catalogue import catalogue
from detector.engine.engine import Engine
from detector.enrich.premises import Premises, Tables
from detector.settings import PbxProfile, profile
from models.places import Places
from models.unusual import Unusual
from streams.backtest.history import History
from streams.config.installation import Installation, core_settings
from streams.runtime.tables import tables

KEPT_DAYS = 12


def keep_pages(pages: dict[str, bytes], engine: Engine) -> None:
    """Bring pages up to what an engine remembers now, of which they hold what it remembered before."""
    for key, page in engine.dirty_pages().items():
        if page is None:
            pages.pop(key, None)
        else:
            pages[key] = page


class Bench:
    """What every process of a backtest has: the history, the configurations, and a folder for memories."""

    def __init__(self, history: History, settings: tuple[Installation, ...]) -> None:
        self.history = history
        self.settings = settings
        self.day = lru_cache(KEPT_DAYS)(history.day)

    @cached_property
    def tables(self) -> tuple[Tables, ...]:
        """The tables of each configuration."""
        return tuple(tables(one) for one in self.settings)

    @cached_property
    def profiles(self) -> tuple[PbxProfile, ...]:
        """The profile of the PBX under each configuration."""
        return tuple(profile(core_settings(one), self.history.pbx, catalogue()) for one in self.settings)

    @cached_property
    def site(self) -> Premises:
        """The PBX under the first configuration: how numbers are read there, and what calls cost."""
        return Premises(self.profiles[0], self.tables[0])

    def engine(self, which: int, settings: Installation | None = None) -> Engine:
        """An engine that knows nothing yet."""
        return Engine(core_settings(settings or self.settings[which]), self.tables[which], Places(), Unusual())

    def resumed(self, which: int, day: int, settings: Installation | None = None) -> Engine:
        """An engine with all that was remembered on the morning of a day."""
        engine = self.engine(which, settings)
        engine.load(iter(msgspec.msgpack.decode(self._memory(which, day).read_bytes(), type=dict[str, bytes]).items()))
        return engine

    def save(self, which: int, day: int, pages: dict[str, bytes]) -> None:
        """Keep what is remembered on the morning of a day."""
        self._memory(which, day).write_bytes(msgspec.msgpack.encode(pages))

    def _memory(self, which: int, day: int) -> Path:
        return self.history.folder / f"memory-{which}-{day}"
