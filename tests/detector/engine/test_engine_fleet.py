"""The fleet list in the engine: findings stay a function of the log, and the list stays bounded."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Control
from detector.enrich import fleet_list
from detector.enrich.fleet_list import FleetEntries
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOUR,
    OTHER_THIEF,
    SOMALIA_BLOCK,
    THIEF,
    call,
    detections,
    engine,
    guesses,
    interrupted,
    listed,
    moment,
    pages,
    registration,
    restarted,
    run,
    text,
    whole,
)
from tests.detector.engine.streams import Day, attack

EVERYTHING: Sequence[AnyEvent] = [
    listed(-HOUR, THIEF, "198.51.100.250"), *attack()[:40], listed(90, THIEF, SOMALIA_BLOCK, pbxs=4, holds=DAY),
    *whole(95, 20, extension="1020"), registration(96, source=OTHER_THIEF), listed(97, OTHER_THIEF),
    *guesses(98, 3, source=OTHER_THIEF),
    *attack()[40:], *[replace(event, pbx="another") for event in attack(start=200)], *guesses(8 * DAY),
]  # fmt: skip


def names(made: FleetEntries) -> list[str]:
    return sorted(name for _, name in made.entries)


def told(*entries: str, at: float = 0, holds: float = DAY, pbxs: int = 3) -> Control:
    return listed(at, *entries, holds=holds, pbxs=pbxs)


def take(made: FleetEntries, *controls: Control) -> FleetEntries:
    for control in controls:
        made.take(control.fleet, round(control.at.timestamp() * 1_000_000))
    return made


def test_the_stream_exercises_the_list() -> None:
    found = detections(run(EVERYTHING))
    assert {"fleet.known_source", "fleet.known_destination"} <= {each.rule for each in found}
    assert {each.pbx for each in found if each.rule == "fleet.known_source"} == {"hq", "another"}
    assert {3, 4} <= {each.values.get("fleet_pbxs") for each in found}


def test_the_same_again_and_every_event_doubled_and_a_process_replaced_after_every_event_find_the_same() -> None:
    once = text(run(EVERYTHING))
    assert text(run(EVERYTHING)) == once
    assert text(run([event for event in EVERYTHING for _ in "ab"])) == once
    assert text(interrupted(EVERYTHING)) == once


@pytest.mark.parametrize("cut", [1, 20, 45, 60, 80])
def test_recovery_from_a_checkpoint_and_the_log_behind_it_finds_the_same(cut: int) -> None:
    made, kept = engine(), dict[str, bytes]()
    for event in EVERYTHING[:cut]:
        made.process(event)
    again = restarted(made, kept)
    assert text(found for event in EVERYTHING[cut:] for found in again.process(event)) == text(
        found for event in EVERYTHING[cut:] for found in made.process(event)
    )


def test_an_entry_is_a_page_of_its_own_that_goes_with_it() -> None:
    made, kept = engine(), dict[str, bytes]()
    made.process(told(THIEF, OTHER_THIEF, SOMALIA_BLOCK))
    assert len(pages(made, kept)) == 3
    made.process(told(THIEF, pbxs=9))
    assert len(made.dirty_pages()) == 1
    made.process(told("192.0.2.77", at=2 * DAY))
    assert len(pages(made, kept)) == 1


def test_a_checkpoint_that_is_loaded_leaves_nothing_of_what_was_there_before() -> None:
    made = engine()
    made.process(told(THIEF))
    made.load(iter(()))
    assert detections(made.process(registration(9))) == []


@pytest.mark.parametrize(
    ("controls", "pbxs"),
    [
        ([told(THIEF), told(THIEF, pbxs=8)], 8),
        ([told(THIEF, pbxs=8), told(THIEF)], 8),
        ([told(THIEF, pbxs=8), told(THIEF, at=60)], 3),
        ([told(THIEF, at=60), told(THIEF, pbxs=8)], 3),
    ],
    ids=["more PBXs", "told late", "told again for longer", "an older list comes late"],
)
def test_what_is_told_last_holds_in_whatever_order_it_comes(controls: list[Control], pbxs: int) -> None:
    assert [one.pbxs for one in take(FleetEntries(), *controls).entries.values()] == [pbxs]


def test_kinds_of_a_newer_version_are_left_alone() -> None:
    strange = replace(told(THIEF), fleet=(replace(told(THIEF).fleet[0], kind="user_agent"),))
    assert take(FleetEntries(), strange).entries == {}


def test_the_list_is_bounded_and_those_not_seen_for_longest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_list, "MAX_ENTRIES", 3)
    lists = [told("192.0.2.1", at=20), told("192.0.2.2", at=10), told("192.0.2.3", "192.0.2.4", at=30)]
    made = take(FleetEntries(), *lists)
    assert names(made) == ["192.0.2.1", "192.0.2.3", "192.0.2.4"]
    assert names(take(FleetEntries(), *reversed(lists))) == names(made)


def test_who_is_not_listed_is_treated_as_ever() -> None:
    events = Day(3, calls=4).events()
    assert run([listed(-10 * HOUR, "198.51.100.250", "+99999"), *events]) == run(events)


def test_findings_of_calls_say_how_many_saw_the_block() -> None:
    stolen = [listed(-60, SOMALIA_BLOCK, pbxs=5), *guesses(0), registration(10, "accepted")]
    for to, pbxs in ((None, 5), (GERMANY, None)):
        made = call(60) if to is None else call(60, to)
        (suspect,) = detections(run([*stolen, made]), "call.suspect")
        assert suspect.values.get("fleet_pbxs") == pbxs


def test_a_timer_knows_the_list_as_well() -> None:
    up = [listed(-60, SOMALIA_BLOCK), call(0), call(0, phase="answered"), *guesses(3 * HOUR, 1)]
    (long,) = detections(run(up), "call.duration")
    assert long.values["fleet_pbxs"] == 3
    assert long.at < moment(3 * HOUR)
