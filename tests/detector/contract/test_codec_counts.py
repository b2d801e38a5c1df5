"""What schema 1 does not know is counted, and the count is bounded."""

import msgspec

from detector.contract.codec import MAX_NAMES, Codec
from detector.contract.events import Tick, Unknown

TICK = {"kind": "tick", "pbx": "hq", "id": "t", "at": "2026-03-07T02:10:00Z"}


def test_fields_kinds_and_values_are_counted_and_change_nothing() -> None:
    codec = Codec()
    tick = codec.decode(msgspec.json.encode(TICK | {"mood": "calm"}))
    later = codec.decode(msgspec.json.encode(TICK | {"kind": "fax"}))
    strange = codec.decode(msgspec.json.encode(TICK | {"trust": "gossip"}))
    assert [type(event) for event in (*tick, *later, *strange)] == [Tick, Unknown, Tick]
    assert codec.unknown == {"tick.mood": 1, "kind fax": 1, "trust=gossip": 1}


def test_hostile_names_do_not_fill_the_memory() -> None:
    codec = Codec()
    for number in range(3 * MAX_NAMES):
        codec.decode(msgspec.json.encode(TICK | {f"field-{number}": 1}))
    assert len(codec.unknown) <= MAX_NAMES + 1
    assert codec.unknown.total() == 3 * MAX_NAMES
