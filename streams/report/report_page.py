"""Pages that need nothing else: all that comes from outside is escaped and made visible."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HEAD = Path(__file__).parent / "templates"


def page(folder: Path, **given: Any) -> bytes:
    """The `report.html` among the templates of a folder, which extends our `page.html`."""
    env = Environment(
        loader=FileSystemLoader([folder / "templates", HEAD]), autoescape=True, undefined=StrictUndefined,
        finalize=visible, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return env.get_template("report.html").render(**given).encode("utf-8", "backslashreplace")


def visible(value: object) -> object:
    """Text whose invisible characters show: names on a PBX may be hostile."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value)
