"""What is seen of each PBX, in a terminal: the controls by how they are seen, and the rules that nothing feeds."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from streams.pbxs.sight import PbxSight, Sight, SightKind
from streams.report.visible_text import visible

MOST_NAMES = 6
INDENT = "  "


def sights(found: Iterable[PbxSight], *, kafka: bool) -> Iterator[RenderableType]:
    """Once for all PBXs of which the same is seen; what the settings want and nothing feeds is said of each."""
    alike: dict[tuple[bool, Sight], list[PbxSight]] = {}
    for one in found:
        alike.setdefault((one.connected, one.sight), []).append(one)
    for (connected, sight), pbxs in alike.items():
        names = named([one.pbx for one in pbxs])
        if not connected:
            more = ", but for what other programs write to Kafka" if kafka else ", but for what is replayed"
            yield line(f"{names}: no connection, so nothing is seen{more}")
            continue
        yield line(f"{names}: {'; '.join(source.title for source in sight.sources)}")
        yield from (line(text) for text in summed(sight))
        yield starving(sight)
        for one in pbxs:
            if one.configured:
                yield line(f"{one.pbx}: has settings for rules that nothing feeds: {', '.join(one.configured)}")


def summed(sight: Sight) -> Iterator[str]:
    """A line for each way to be seen, with the controls, and one for each thing that must be set for some."""
    for seen in SightKind:
        controls = [one.control for one in sight.of(seen)]
        if controls:
            yield f"{INDENT}{seen} ({len(controls)}): {', '.join(controls)}"
    for kind, why in sight.untold.items():
        yield f"{INDENT}{kind} is not told: {why}"
    provided: dict[str, list[str]] = {}
    for one in sight.controls:
        for text in one.provided:
            provided.setdefault(text, []).append(one.control)
    for text, controls in provided.items():
        yield f"{INDENT}all of {', '.join(controls)} only with {text}"


def starving(sight: Sight) -> Table:
    """A row for each rule that nothing feeds."""
    table = Table(title=Text(f"{len(sight.starved)} rules that nothing feeds"), title_justify="left")
    for heading in ("rule", "control", "is not told", "would be told by"):
        table.add_column(heading, overflow="fold")
    for one in sight.starved:
        table.add_row(*map(line, (one.rule, one.control, "; ".join(one.missing), "; ".join(one.show))))
    return table


def named(pbxs: list[str]) -> str:
    """The first of them, and how many more."""
    more = len(pbxs) - MOST_NAMES
    return ", ".join(pbxs[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def line(text: str) -> Text:
    """A line in which names from outside can do no harm."""
    return Text(str(visible(text)))
