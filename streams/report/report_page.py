"""Pages that need nothing else: all that comes from outside is escaped and made visible."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from streams.report.visible_text import visible

HEAD = Path(__file__).parent / "templates"


def page(folder: Path, **given: Any) -> bytes:
    """The `report.html` among the templates of a folder, which extends our `page.html`."""
    env = Environment(
        loader=FileSystemLoader([folder / "templates", HEAD]), autoescape=True, undefined=StrictUndefined,
        finalize=visible, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return env.get_template("report.html").render(**given).encode("utf-8", "backslashreplace")
