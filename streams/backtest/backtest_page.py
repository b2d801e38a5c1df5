"""The figures of a backtest as one page that needs nothing else; plots are SVG."""

from pathlib import Path

from streams.backtest import table
from streams.backtest.figures import Backtest
from streams.backtest.plots import plots
from streams.report.report_page import page

FOLDER = Path(__file__).parent


def as_page(made: Backtest) -> bytes:
    """A page; all that comes from outside is escaped and made visible."""
    return page(FOLDER, made=made, table=table, plots=plots(made), days=days(made))


def days(made: Backtest) -> list[list[int]]:
    """False alarms of each judged day, a list for each configuration."""
    return [
        [sum(alarm.day == day for alarm in one.alarms) for day in range(made.warm_up, made.days)]
        for one in made.configs
    ]
