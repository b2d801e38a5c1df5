"""Findings are a function of the log: however it is cut, doubled, interrupted or replayed."""

import os
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from detector.contract.codec import Codec, Rejected, encode_finding
from detector.contract.events import AnyEvent, Control, Tick, Unknown
from detector.settings import settings_as_json
from tests.detector.engine.builders import (
    HOUR,
    LATVIA,
    THIEF,
    decisions,
    engine,
    guesses,
    incidents,
    interrupted,
    moment,
    outcome,
    pages,
    registration,
    restarted,
    run,
    settings,
    text,
    tick,
    verdict,
    whole,
)
from tests.detector.engine.streams import Day, attack, seeded, shuffled

EXAMPLE = Path(__file__).parents[2] / "data" / "stolen-extension.jsonl"
ROOT = Path(__file__).parents[3]
CONFIGURED = settings(rules={"call.concurrent_trunk": {"calls": 20}})


def example() -> list[AnyEvent | Unknown]:
    """The contract's example."""
    codec = Codec()
    events = [event for line in EXAMPLE.read_bytes().splitlines() for event in codec.decode(line)]
    assert not [event for event in events if isinstance(event, Rejected)]
    return [event for event in events if not isinstance(event, Rejected)]


def answered(events: list[AnyEvent]) -> list[AnyEvent]:
    """The events, with what executor and people would have said to the decisions in between."""
    made, found, wanted = engine(CONFIGURED), [], 0
    for event in events:
        found.append(event)
        for decision in decisions(made.process(event)):
            wanted += 1
            state = ("confirmed", "failed", "refused")[wanted % 3]
            second = (event.at - events[0].at).total_seconds()
            answer = outcome(second, decision.id, state) if wanted % 4 else verdict(second, decision=decision.id)
            answer = replace(answer, pbx=event.pbx, drill=event.drill, at=event.at)
            if decision.revision == 0:
                made.process(answer)
                found.append(answer)
    return found


STREAM = answered(attack())
WITH_HONEST = sorted([*attack("pbx-1"), *Day(1, calls=3).events()], key=lambda event: event.at)
STREAMS = {"example": example(), "attack": STREAM, "out of order": shuffled(attack(), 7), "in a day": WITH_HONEST}
by_stream = pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)


def test_the_streams_exercise_what_there_is() -> None:
    found = run(STREAM, CONFIGURED)
    assert {each.status for each in decisions(found)} == {"active", "lifted"}
    assert {each.status.value for each in incidents(found)} >= {"closed"}
    assert {type(each).__name__ for each in found} == {"Detection", "Incident", "Decision"}
    assert len(found) > 60


def of_a_day(events):
    """The events of the last day: so long an id is known again."""
    last = max(event.at for event in events)
    return [event for event in events if event.at > last - timedelta(days=1)]


@by_stream
def test_the_same_again(events) -> None:
    assert text(run(events, CONFIGURED)) == text(run(events, CONFIGURED))


@by_stream
def test_every_event_doubled_changes_nothing(events) -> None:
    doubled = [event for event in events for _ in "ab"]
    assert run(doubled, CONFIGURED) == run(events, CONFIGURED)
    assert run([*events, *of_a_day(events)], CONFIGURED) == run(events, CONFIGURED)


def test_what_comes_again_is_counted() -> None:
    made = engine(CONFIGURED)
    again = of_a_day(STREAM)
    for event in [*STREAM, *again]:
        made.process(event)
    assert (made.counts["read"], made.counts["duplicate"]) == (len(STREAM) + len(again), len(again))


@by_stream
def test_ticks_between_the_events_change_nothing(events) -> None:
    random, ticked = seeded(3), []
    newest = {}
    for event, after in pairwise(events):
        ticked.append(event)
        whose = (event.pbx, event.drill)
        newest[whose] = max(event.at, newest.get(whose, event.at))
        if after.pbx == event.pbx and after.drill == event.drill and after.at > newest[whose]:
            for number in range(2):
                at = newest[whose] = newest[whose] + (after.at - newest[whose]) * random.random()
                ticked.append(Tick(pbx=event.pbx, id=f"between {event.id} {number}", at=at, drill=event.drill))
    ticked.append(events[-1])
    assert len(ticked) > len(events)
    assert run(ticked, CONFIGURED) == run(events, CONFIGURED)


@pytest.mark.parametrize("events", [STREAM, example(), shuffled(attack(), 7)[:120]])
def test_a_process_replaced_after_every_event_finds_the_same(events) -> None:
    assert list(interrupted(events, CONFIGURED)) == run(events, CONFIGURED)


def test_an_incident_ends_after_a_restart_although_the_end_of_a_call_of_it_was_never_seen() -> None:
    ringing = whole(100, 900, LATVIA, call="lost")[0]
    events = [*guesses(0, 7), registration(10, "accepted"), *whole(60, 12, source_ip=THIEF), ringing,
              tick(698), tick(701), tick(200 * HOUR)]  # fmt: skip
    found = run(events, CONFIGURED)
    assert incidents(found)[-1].status == "closed"
    assert list(interrupted(events, CONFIGURED)) == found


def crashing(events, places: set[int], every: int):
    """Findings as they reach the database: a checkpoint now and then, a crash after each of `places`, then replay."""
    made, kept, saved = engine(CONFIGURED), dict[str, bytes](), 0
    stored: dict[tuple[str, int], bytes] = {}
    offset, left = 0, set(places)
    while offset < len(events):
        for finding in made.process(events[offset]):
            stored.setdefault((finding.id, finding.revision), encode_finding(finding))
        offset += 1
        if offset in left:
            left.discard(offset)
            made, offset = engine(CONFIGURED), saved
            made.load(iter(kept.items()))
        elif offset % every == 0:
            kept, saved = pages(made, kept), offset
    return stored


@examples(max_examples=25, deadline=None, derandomize=True)
@given(
    places=st.sets(st.integers(1, len(STREAM)), max_size=6), every=st.integers(1, 60), stream=st.sampled_from([0, 1])
)
def test_crashes_lose_no_finding_and_invent_none(places, every, stream) -> None:
    events = [STREAM, STREAMS["out of order"]][stream]
    whole = {(each.id, each.revision): encode_finding(each) for each in run(events, CONFIGURED)}
    assert len(whole) == len(run(events, CONFIGURED))
    assert crashing(events, places, every) == whole


@examples(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000), cut=st.integers(0, 10_000))
def test_disorder_and_a_restart_anywhere(seed, cut) -> None:
    events = shuffled(attack(), seed)
    cut %= len(events)
    made, kept = engine(CONFIGURED), dict[str, bytes]()
    found = [finding for event in events[:cut] for finding in made.process(event)]
    made = restarted(made, kept, CONFIGURED)
    found += [finding for event in events[cut:] for finding in made.process(event)]
    assert found == run(events, CONFIGURED)


def test_pbxs_do_not_touch_each_other() -> None:
    one, other = attack("pbx-a"), attack("pbx-b", 30)
    both = sorted([*one, *other], key=lambda event: event.at)
    found = run(both, CONFIGURED)
    assert [each for each in found if each.pbx == "pbx-a"] == run(one, CONFIGURED)
    assert [each for each in found if each.pbx == "pbx-b"] == run(other, CONFIGURED)


PRINTS = """
from tests.detector.engine.builders import run, text
from tests.detector.engine.test_engine_properties import CONFIGURED, STREAMS, interrupted
for events in (STREAMS["attack"], STREAMS["out of order"]):
    print(*text(run(events, CONFIGURED)), sep="\\n")
print(*text(interrupted(STREAMS["out of order"][:60], CONFIGURED)), sep="\\n")
"""


def test_findings_do_not_depend_on_the_order_of_sets() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRINTS], stdout=subprocess.PIPE, cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        for seed in ("1", "4242")
    ]  # fmt: skip
    first, other = (process.communicate()[0] for process in processes)
    assert first.count(b"detection") > 40
    assert first == other


def test_settings_in_the_log_hold_from_there_on_and_over_a_restart() -> None:
    strict = settings(rules={"registration.bruteforce": {"failures": 3}})
    change = Control(pbx="hq", id="s1", at=moment(0), name="settings", settings=settings_as_json(strict))
    events = [*guesses(0, 3, source="203.0.113.1"), change, *guesses(10, 3, source="203.0.113.2")]
    found = run(events)
    assert [each.subject.id for each in found if hasattr(each, "subject")] == ["203.0.113.2"]
    assert list(interrupted(events)) == found
