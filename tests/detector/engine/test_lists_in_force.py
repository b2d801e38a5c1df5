"""Which block lists hold is said in the log: a replay, and a process that starts anew, use those."""

import pytest

from detector.contract.events import Control
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.blocklists import BlockList, BlockListing, BlockLists
from detector.enrich.networks import Networks
from detector.enrich.premises import Tables
from models.places import Places
from tests.detector.engine.builders import NOON, THIEF, detections, moment, pages, registration, settings

RULE = "source.listed"
AT = round(NOON.timestamp()) * 1_000_000
OTHER = "198.51.100.9"


def lists(digest, *addresses):
    return BlockLists([BlockList(BlockListing("bad", AT), Networks(addresses), digest)])


SHELF = {"bad-1": lists("bad-1", THIEF), "bad-2": lists("bad-2", OTHER)}


def started(now="bad-1", shelf=SHELF):
    """A process that finds these lists where they are read from."""
    return Engine(settings(), Tables(AddressTable(), SHELF[now], find_lists=shelf.get), Places())


def told(seconds, digest, name="tables"):
    more = {"settings": {"defaults": {"region": "US"}}} if name == "settings" else {}
    tables = {"block_lists": digest} if digest else {}
    return Control(pbx="*", id=f"{name}:{seconds}", at=moment(seconds), name=name, tables=tables, **more)


def found(engine, events):
    made = [finding for event in events for finding in engine.process(event)]
    return [each.subject.id for each in detections(made, RULE)]


def both(seconds):
    return [registration(seconds + n, source=source) for n, source in enumerate((THIEF, OTHER))]


@pytest.mark.parametrize("name", ["tables", "settings"])
def test_from_the_event_on_the_lists_it_names_hold(name) -> None:
    assert found(started(), [*both(0), told(10, "bad-2", name), *both(20)]) == [THIEF, OTHER]


def test_a_replay_uses_the_lists_that_held_then_whatever_is_read_now() -> None:
    log = [told(0, "bad-1"), *both(1), told(10, "bad-2"), *both(20)]
    assert found(started("bad-1"), log) == found(started("bad-2"), log) == [THIEF, OTHER]


def test_no_lists_are_lists_too() -> None:
    assert found(started(), [told(0, ""), *both(1)]) == []


def test_a_process_that_starts_anew_goes_on_with_the_lists_that_held() -> None:
    first = started("bad-1")
    assert found(first, [told(0, "bad-1")]) == []
    again = started("bad-2")
    again.load(pages(first, {}).items())
    assert found(again, both(1)) == [THIEF]


def test_lists_that_nobody_kept_are_counted_and_the_old_ones_stay() -> None:
    engine = started(shelf={})
    assert found(engine, [told(0, "bad-7"), *both(1)]) == [THIEF]
    assert engine.counts["lists_missing"] == 1
