"""Frames of scores: the engine's own, and those of river's models beside them."""

import pandas as pd
import pytest
from river import anomaly

from streams.config.installation import Installation
from streams.study import PARTS, calls, findings, others, scores
from tests.notebooks.sample import SETTINGS as MONTH
from tests.notebooks.sample import office, sample
from tests.streams.study.builders import SETTINGS, robbed


@pytest.fixture(scope="module")
def rated() -> pd.DataFrame:
    return scores(sample(), Installation.model_validate(MONTH))


def test_each_call_is_a_row_and_its_parts_add_up(rated: pd.DataFrame) -> None:
    assert set(rated["call_id"]) < set(calls(sample(), Installation.model_validate(MONTH))["call_id"])
    assert rated["call_id"].is_unique
    assert rated[[f"bits_{part}" for part in PARTS]].sum(axis=1).tolist() == pytest.approx(rated["bits"].tolist())
    assert rated.filter(like="cell_").stack().dropna().between(0, 1, inclusive="left").all()


def test_scores_are_what_detections_say(rated: pd.DataFrame) -> None:
    found = findings(sample(), Installation.model_validate(MONTH)).detections
    told = found[found["rule"] == "call.unusual"]
    assert not told.empty
    said = rated.merge(told, left_on=["pbx", "extension", "at"], right_on=["pbx", "subject", "at"])
    assert (said["bits"] >= 34).all()
    assert len(said) == len(told)


def test_the_robbed_are_not_learned_and_the_first_calls_only_teach(rated: pd.DataFrame) -> None:
    robbery = rated[(rated["country"] == "SO") & (rated["extension"] == office().phones[3])]
    assert not robbery["learned"].any()
    assert rated["learned"].mean() > 0.9
    assert (rated["share"][:200] == 1).all()
    assert robbery["share"].max() < 0.05


def test_others_score_the_same_calls_before_they_learn_them(rated: pd.DataFrame) -> None:
    class Counting:
        """How much it learned before it was asked."""

        def __init__(self) -> None:
            self.learned = 0

        def score_one(self, x: dict[str, float]) -> float:
            return self.learned

        def learn_one(self, x: dict[str, float]) -> None:
            self.learned += 1

    said = others(rated, {"trees": anomaly.HalfSpaceTrees(seed=42), "counting": Counting()})
    assert said["counting"].tolist() == (rated["learned"].cumsum() - rated["learned"]).tolist()
    robbery = (rated["country"] == "SO") & (rated["extension"] == office().phones[3])
    assert said["trees"][robbery].median() > said["trees"][~robbery].quantile(0.95)


def test_models_find_what_thresholds_do_not() -> None:
    settings = Installation.model_validate(MONTH)
    alone, together = (findings(sample(), settings, models=models) for models in (False, True))
    assert "call.unusual" in set(together.detections["rule"]) - set(alone.detections["rule"])
    assert alone.alarms["kind"].to_list() == ["irsf"]
    assert len(together.alarms) == 2
    assert office().phones[4] in together.alarms["title"].iloc[0]


def test_no_call_is_an_empty_frame() -> None:
    calls_only = [event for event in robbed() if event.id.startswith("r")]
    assert scores(calls_only, SETTINGS).empty
    assert others(scores([], SETTINGS), {"trees": anomaly.HalfSpaceTrees()}).empty
