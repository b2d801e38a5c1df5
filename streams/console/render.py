"""Templates: everything shown is escaped, and what is invisible is made visible."""

import hashlib
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from detector.enrich.tariff import amount
from streams.console import wording
from streams.console.timeline import being_undone, can_undo

FOLDER = Path(__file__).parent
FILTERS = (
    amount,
    wording.moment,
    wording.millis,
    wording.open_ended,
    wording.costs,
    wording.stage_steps,
    wording.state_of,
    wording.order,
    wording.done,
    wording.holds,
    wording.stakes,
    wording.consequence,
    wording.words,
    wording.figure,
    wording.who,
    wording.occasion,
    being_undone,
    can_undo,
)
TABLES = ("SEVERITIES", "STATUSES", "STATES", "REACHED", "REMARKS", "MESSAGES")


class Renderer:
    """Makes pages, and the parts of pages that are fetched again and again."""

    def __init__(self, zone: tzinfo) -> None:
        self._env = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=wording.visible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update({name: getattr(wording, name) for name in TABLES})
        self._env.filters.update({function.__name__: function for function in FILTERS})
        self._env.filters["clock"] = lambda at: wording.clock(at, zone)
        self._env.filters["short_clock"] = lambda at: wording.short_clock(at, zone)

    def page(self, template: str, /, *, code: int = 200, **values: object) -> HTMLResponse:
        """A whole page, or a part as it is."""
        return HTMLResponse(self._text(template, values), code)

    def part(self, template: str, /, **values: object) -> tuple[Markup, str]:
        """A part for a page, and the name of exactly this content: what has not changed is not sent again."""
        text = self._text(template, values)
        return Markup(text), hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]  # noqa: S704

    def _text(self, template: str, values: Mapping[str, object]) -> str:
        return self._env.get_template(template).render(values)
