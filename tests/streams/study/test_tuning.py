"""A limit at several values: attacks found and alarms of the past, each as the backtest judges them."""

import pytest

from streams.backtest.history import HistoryError
from streams.config.installation import Installation
from streams.study import tuned
from tests.notebooks.sample import SETTINGS, office, sample


def test_a_sharper_limit_finds_more_and_alarms_more() -> None:
    settings = Installation.model_validate(SETTINGS)
    table = tuned(sample(), settings, office().pbx, "call.cost", "amount", [25, 100, 500], "leaked-password", trials=2)
    assert table["value"].tolist() == [25, 100, 500]
    assert table["trials"].tolist() == [2, 2, 2]
    assert table["found"].tolist() == [2, 2, 2]
    assert table["by_rule"].tolist() == [2, 2, 0]
    assert table["alarms"][0] > table["alarms"][1] >= 1
    assert table["seconds"][0] < table["seconds"][1]
    assert 25 <= table["spent"][0] < 50
    assert 100 <= table["spent"][1] < 125
    assert table["seconds"].isna().tolist() == [False, False, True]


def test_too_short_a_past_teaches_nothing() -> None:
    with pytest.raises(HistoryError, match="no events"):
        tuned([], Installation(), "hq", "call.cost", "amount", [10], "irsf")
