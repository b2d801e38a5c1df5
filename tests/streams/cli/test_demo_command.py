"""The morning on which the demonstration plays, and what it begins with."""

from datetime import datetime
from pathlib import Path

import pytest
import typer

from streams.cli.demo_command import DemoOptions, run_demo, working_morning

TUESDAY = "2026-03-10T10:00:00-04:00"
MORNINGS = {
    "in the morning": ("2026-03-10T10:20:00-04:00", TUESDAY),
    "before work": ("2026-03-10T00:00:00-04:00", TUESDAY),
    "late at night": ("2026-03-10T23:59:59-04:00", TUESDAY),
    "where it is tomorrow already": ("2026-03-11T13:00:00+14:00", TUESDAY),
    "a Sunday is the Friday before": ("2026-03-08T12:00:00-04:00", "2026-03-06T10:00:00-05:00"),
    "Thanksgiving is the day before": ("2026-11-26T12:00:00-05:00", "2026-11-25T10:00:00-05:00"),
    "after a long weekend": ("2026-07-05T12:00:00-04:00", "2026-07-02T10:00:00-04:00"),
}


@pytest.mark.parametrize("name", MORNINGS)
def test_it_is_ten_on_the_last_day_of_work(name: str) -> None:
    now, morning = (datetime.fromisoformat(text) for text in MORNINGS[name])
    assert working_morning(now) == morning


def test_it_does_not_begin_with_the_data_of_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stream.db").touch()
    with pytest.raises(typer.Exit):
        run_demo(DemoOptions(port=0, speed=1, data=tmp_path, browser=False))
    assert "is not empty" in capsys.readouterr().err
