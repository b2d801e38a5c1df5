"""What an audit found, as a table, as JSON and as a page."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from detector.audit.posture_check import CheckVerdict, Judgement
from detector.audit.posture_score import WEIGHTS, PostureScore, score
from streams.pbxs.discovery import Capabilities
from streams.report.report_page import page
from streams.report.visible_text import visible

FOLDER = Path(__file__).parent
COLOURS = {"good": "green", "unknown": "dim", "info": "cyan", "warning": "yellow", "critical": "bold red"}
ORDER = (CheckVerdict.WEAK, CheckVerdict.UNKNOWN, CheckVerdict.GOOD)


class Audited(Struct, frozen=True, kw_only=True):
    """One PBX: its judgements, or why there are none."""

    pbx: str
    at: datetime
    score: PostureScore
    judgements: tuple[Judgement, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    capabilities: Capabilities | None = None


class Report(Struct, frozen=True, kw_only=True):
    """All PBXs of one audit."""

    at: datetime
    score: PostureScore
    pbxs: tuple[Audited, ...]


def report(found: Sequence[Audited], at: datetime) -> Report:
    """All of it, the worst first within each PBX."""
    return Report(at=at, score=score(j for one in found for j in one.judgements), pbxs=tuple(found))


def audited(pbx: str, at: datetime, judgements: Sequence[Judgement], error: str | None = None) -> Audited:
    """One PBX, the worst first."""
    ordered = sorted(judgements, key=lambda j: (ORDER.index(j.verdict), -WEIGHTS[j.severity], j.control))
    return Audited(pbx=pbx, at=at, score=score(judgements), judgements=tuple(ordered), error=error)


def as_json(made: Report) -> bytes:
    """One JSON object."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def as_page(made: Report) -> bytes:
    """One page that needs nothing else; all that comes from a PBX is escaped and made visible."""
    return page(FOLDER, report=made, mark=mark)


def tables(made: Report) -> Iterator[RenderableType]:
    """A table of each PBX, and its score."""
    for one in made.pbxs:
        if one.error is not None:
            yield Text(f"{visible(one.pbx)}: not audited: {visible(one.error)}", style="bold red")
            continue
        table = Table(title=Text(f"{visible(one.pbx)}: {summed(one.score)}"), title_justify="left")
        for heading in ("", "control", "check", "what was found"):
            table.add_column(heading, overflow="fold")
        for judgement in one.judgements:
            table.add_row(*row(judgement))
        yield table
        yield from (Text(f"Note: {visible(line)}") for line in [*one.notes, *cannot(one.capabilities)])


def row(judgement: Judgement) -> tuple[Text, ...]:
    """A line of the table: evidence where something is to be put right."""
    shown = mark(judgement)
    told = [judgement.summary] + list(judgement.evidence) * (judgement.verdict is CheckVerdict.WEAK)
    return (
        Text(shown, style=COLOURS[shown]),
        Text(judgement.control),
        Text(judgement.title),
        Text("\n".join(str(visible(text)) for text in told)),
    )


def cannot(capabilities: Capabilities | None) -> list[str]:
    """What cannot be told of this PBX or done to it, a sentence each."""
    if capabilities is None:
        return []
    told = [f"it cannot tell of {one.kind}: {one.lacking}" for one in capabilities.tells if one.lacking]
    told += [f"its call records cannot be read: {one.lacking}" for one in capabilities.records if one.lacking]
    return told + [f"{one.act} cannot be done to it: {one.lacking}" for one in capabilities.does if one.lacking]


def mark(judgement: Judgement) -> str:
    """`good`, `unknown`, or how bad it is."""
    return str(judgement.severity if judgement.verdict is CheckVerdict.WEAK else judgement.verdict)


def summed(found: PostureScore) -> str:
    """A score in words."""
    percent = "no score" if found.percent is None else f"score {found.percent} of 100"
    return f"{percent}; {found.good} good, {found.weak} weak, {found.unknown} unknown"
