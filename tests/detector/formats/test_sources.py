"""What the table says of each source is what its format yields: no less, and no more."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from detector.contract.codec import Rejected
from detector.contract.events import Event, Unknown
from detector.contract.visibility import Source, Telling, alike, as_told_by, defaults_of, kind_of, read_field
from detector.formats.format import FormatOptions, formats
from detector.formats.own_network import Network
from detector.formats.sources import sources
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from detector.formats.yeastar.yeastar_tellings import ROUTED
from tests.detector.formats import source_lines
from tests.detector.formats.yeastar.test_yeastar_events import UP
from tests.hep import CARRIER, PBX

every_source = pytest.mark.parametrize("name", sorted(set(sources()) - {"events"}))
NEW_YORK = ZoneInfo("America/New_York")


def format_of(source: str) -> str:
    """Which format reads what it writes."""
    return next(name for name, kind in formats().items() if source in {one.name for one in kind.sources})


def snapshot() -> list[Event]:
    """Calls that are up when we begin to listen to a P-Series."""
    frames = YeastarFrames("hq", NEW_YORK, keyed_hash=hashed)
    return [each for each in frames.calls_snapshot([UP], datetime.now(UTC)) if isinstance(each, Event)]


def hashed(pin: str) -> str:
    return f"{len(pin)}"


@cache
def told(name: str) -> tuple[Event, ...]:
    """All events of the samples that there are of a source."""
    network = Network([PBX], {"carrier-a": [CARRIER]})
    options = FormatOptions(pbx="hq", zone=NEW_YORK, year=2026, keyed_hash=hashed, network=network)
    found: list[Event] = snapshot() if name == "p-series" else []
    for lines in source_lines.of(name):
        reader = formats()[format_of(name)](options)
        read = [*(each for line in lines for each in reader.read(line)), *reader.close()]
        found += [each for each in read if isinstance(each, Event)]
        assert not [each for each in read if isinstance(each, Rejected | Unknown)]
    return tuple(found)


@every_source
def test_all_that_a_source_yields_is_in_the_table(name) -> None:
    source = sources()[name]
    lost = {repr(event): as_told_by(source, event) for event in told(name) if as_told_by(source, event) != event}
    assert lost == {}


def claims(source: Source) -> list[tuple[Telling, str, str]]:
    """Each field, or each of its values, of each kind; but for routes, which whoever is connected adds."""
    return [
        (telling, field.partition("=")[0], value)
        for telling in source.gives
        if telling.lacking is None and telling not in ROUTED
        for field in (*telling.fields, *(one for one in telling.only if one.startswith("name=")))
        for value in read_field(field)[1] or {"*"}
    ]


def kept(event: Event, telling: Telling, field: str, value: str) -> bool:
    """Whether an event shows that what is claimed does occur."""
    if not alike(kind_of(event), telling.kind) or (telling.text and event.trust is None):
        return False
    attribute = {one.encode_name: one.name for one in structs.fields(type(event))}[field]
    found = getattr(event, attribute)
    return found != defaults_of(type(event))[field] if value == "*" else value == ("" if found is None else found)


@every_source
def test_all_that_the_table_claims_occurs(name) -> None:
    events = told(name)
    never = [
        (telling.kind, field, value)
        for telling, field, value in claims(sources()[name])
        if not any(kept(event, telling, field, value) for event in events)
    ]
    assert never == []
