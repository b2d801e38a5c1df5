"""How unusual each call was, what that was made of, and what other models say of the same calls."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd  # type: ignore[import-untyped]  # it ships no types

from detector.contract.events import AnyEvent, Call, Control, Unknown
from detector.engine.engine import Engine
from detector.enrich.ledger import Leg
from detector.enrich.scores import Score
from detector.memory.fields import Memory
from models.calls import FEATURES, Calls
from models.places import Places
from models.unusual import Unusual
from streams.config.installation import Installation, core_settings
from streams.runtime.tables import tables
from streams.study.frames import framed

PARTS = (*(feature.name for feature in FEATURES), "combination")
SCORES = ("pbx", "at", "call_id", "extension", "number", "country", "bits", "share", "learned",
          *(f"bits_{part}" for part in PARTS), *(f"cell_{feature.name}" for feature in FEATURES))  # fmt: skip


class Scored(Calls):
    """The model of calls, and what it said of the last one."""

    last: tuple[Leg, Score] | None = None
    learned = False

    def score(self, memory: Memory, leg: Leg, season: int) -> Score:
        """As the model does."""
        score = super().score(memory, leg, season)
        self.last, self.learned = (leg, score), False
        return score

    def learn(self, memory: Memory, leg: Leg, season: int, score: Score) -> None:
        """As the model does."""
        super().learn(memory, leg, season, score)
        self.learned = True


class Anomaly(Protocol):
    """What river's anomaly detectors have in common."""

    def score_one(self, x: dict[str, float]) -> float:
        """The higher, the more unusual."""
        ...

    def learn_one(self, x: dict[str, float]) -> None:
        """From now on this is more usual."""
        ...


def scores(events: Iterable[AnyEvent | Unknown], settings: Installation) -> pd.DataFrame:
    """One row a scored call: its bits and their parts, its share, and whether it was learned.

    `bits_*` add up to `bits`; `cell_*` is where a feature lies among its cells, 0 to 1, none where it is missing.
    A call for which somebody is accused is not learned.
    """
    models, model, rows = Unusual(), Scored(), list[tuple[Any, ...]]()
    models.calls = model
    engine = Engine(core_settings(settings), tables(settings), Places(), models)
    for event in events:
        if isinstance(event, Control):
            continue
        model.last = None
        engine.process(event)
        if isinstance(event, Call) and model.last is not None:
            rows.append(scored(event, *model.last, model.learned))
    return framed(rows, SCORES, ("at",))


def scored(event: Call, leg: Leg, score: Score, learned: bool) -> tuple[Any, ...]:
    """One row of `scores`."""
    return (
        event.pbx, event.at, event.call_id, leg.extension, leg.destination, leg.country, score.bits, score.share,
        learned, *(score.parts.get(part, 0.0) for part in PARTS),
        *(None if cell is None else cell / feature.cells for cell, feature in zip(score.cells, FEATURES, strict=True)),
    )  # fmt: skip


def others(rated: pd.DataFrame, models: Mapping[str, Anomaly]) -> pd.DataFrame:
    """What other models say of the calls of one PBX in `scores`, a column each: scored first, learned where ours did.

    They see the same cells; one that is missing is 0.
    """
    cells = rated.filter(like="cell_").fillna(0.0).to_dict("records")
    said: dict[str, list[float]] = {name: [] for name in models}
    for name, model in models.items():
        for x, learned in zip(cells, rated["learned"], strict=True):
            said[name].append(model.score_one(x))
            if learned:
                model.learn_one(x)
    return pd.DataFrame(said, index=rated.index)
