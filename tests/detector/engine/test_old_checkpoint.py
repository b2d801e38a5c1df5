"""A checkpoint of an earlier version is read and gone on from; one that is not understood is refused in one line.

`checkpoint.json` holds events, what an engine remembered after `before`, as the first version saved it, and what came
`after`. Where pages change their shape, old ones are read as well, or this test says that they are refused.
"""

import json
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from detector.contract.codec import Codec, Rejected
from detector.contract.events import AnyEvent, Unknown
from detector.contract.findings import AnyFinding, Incident
from detector.engine.engine import Engine
from detector.engine.state import CheckpointError
from tests.detector.engine.builders import engine, text

SAVED = json.loads((Path(__file__).parents[2] / "data" / "checkpoint.json").read_text())
PAGES = {key: b64decode(page) for key, page in SAVED["pages"].items()}


LANDS = ("+252", "+371")
"""Countries, which the first version counted among whom an incident is about: it keeps those until it ends."""
NEWER = "residents"
"""What the first version did not remember yet: it begins after the checkpoint."""


def remembered_since(made: Engine) -> set[str]:
    """The pages of what the first version did not remember."""
    return {key for key in made.dirty_pages() if key.startswith("[") and json.loads(key)[2] == NEWER}


def without_lands(findings: list[AnyFinding]) -> list[AnyFinding]:
    """The same as if no incident were about a country."""
    return [
        replace(one, subjects=tuple(subject for subject in one.subjects if subject.id not in LANDS))
        if isinstance(one, Incident) else one for one in findings
    ]  # fmt: skip


def events(part: str) -> list[AnyEvent | Unknown]:
    """The events before the checkpoint, or after it."""
    found = Codec(trusted=True).decode(json.dumps(SAVED[part]).encode())
    return [event for event in found if not isinstance(event, Rejected)]


def test_an_old_checkpoint_is_gone_on_from_as_if_nothing_had_been() -> None:
    through, again = engine(), engine()
    for event in events("before"):
        through.process(event)
    again.load(PAGES.items())
    wanted = [finding for event in events("after") for finding in through.process(event)]
    found = [finding for event in events("after") for finding in again.process(event)]
    assert text(without_lands(found)) == text(wanted)
    assert {one.status for one in found if isinstance(one, Incident) and one.revision > 1} >= {"open", "closed"}
    assert again.entities() == through.entities() - len(remembered_since(through) - remembered_since(again))


def page_of(part: str) -> str:
    """The key of the first page of a part."""
    return next(key for key in PAGES if key.startswith("[") and json.loads(key)[2] == part)


BROKEN = {
    "an incident without what every one has": (page_of("case"), msgspec.msgpack.encode({"id": "a"})),
    "an incident of a stage that is not known": (
        page_of("case"), msgspec.msgpack.encode(msgspec.msgpack.decode(PAGES[page_of("case")]) | {"stage": "later"})
    ),
    "a call that is cut off": (page_of("leg"), PAGES[page_of("leg")][:20]),
    "event ids as text": (page_of("seen"), msgspec.msgpack.encode("ids")),
    "a time that is none": (page_of("core"), msgspec.msgpack.encode({"now": "noon"})),
    "a timer without its time": ('["hq",false,"timer","soon\\u001fcase\\u001fa"]', b""),
    "a key of another shape": ("hq/core", b""),
    "settings that hold no more": ("settings", msgspec.msgpack.encode({"defaults": {"wishes": 3}})),
    "settings as text": ("settings", msgspec.msgpack.encode("none")),
    "an entry of the fleet list": ("fleet\x1fsource_ip\x1f198.51.100.77", b"\xc1"),
}  # fmt: skip


@pytest.mark.parametrize(("key", "page"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_understood_is_refused_in_one_line_that_says_what_to_do(key: str, page: bytes) -> None:
    with pytest.raises(CheckpointError) as refused:
        engine().load((PAGES | {key: page}).items())
    line = str(refused.value)
    assert "\n" not in line
    assert "go on with that one, or empty the tables `page` and `partition`" in line


def test_nothing_is_forgotten_for_a_checkpoint_that_is_refused() -> None:
    made = engine()
    for event in events("before"):
        made.process(event)
    before = made.entities()
    with pytest.raises(CheckpointError):
        made.load((PAGES | {page_of("core"): b"\xc1"}).items())
    assert made.entities() == before
