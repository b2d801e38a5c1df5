"""The figures of a backtest as one page that needs nothing else; plots are SVG."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from streams.audit.report import visible
from streams.backtest import table
from streams.backtest.figures import Backtest
from streams.backtest.plots import plots

FOLDER = Path(__file__).parent


def as_page(made: Backtest) -> bytes:
    """A page; all that comes from outside is escaped and made visible."""
    env = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, finalize=visible,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    page = env.get_template("report.html")
    return page.render(made=made, table=table, plots=plots(made), days=days(made)).encode("utf-8", "backslashreplace")


def days(made: Backtest) -> list[list[int]]:
    """False alarms of each judged day, a list for each configuration."""
    return [
        [sum(alarm.day == day for alarm in one.alarms) for day in range(made.warm_up, made.days)]
        for one in made.configs
    ]
