"""What is remembered is small, bounded, and comes back from a checkpoint as it was."""

import gc
import tracemalloc
from array import array

import pytest

from detector.correlate.pbx_state import PbxState
from detector.engine.state import restore, take_dirty
from detector.enrich.ledger import MAX_LEGS, Leg
from detector.memory.ageing import LastDays, Since
from detector.memory.fields import MAX_COUNTED, MAX_SUBJECTS, Days, Distinct, First, Memory, Once, Window, digest
from detector.memory.seen import MAX_IDS, Seen
from models.places import KEPT
from tests.detector.engine.builders import DAY, HOME, call, cdr, engine, guesses, pages, whole
from tests.detector.engine.streams import attack, seeded, shuffled

WINDOW = Window("window")
ENTITIES = 20_000


class Counting:
    """Something that counts for a while."""

    counted = Window("counted")


KIB = 1_024


def grown(feed) -> int:
    """Bytes that stay when something was fed, beyond what is loaded and cached once for all."""
    feed()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = feed()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept is not None
    return after - before


def test_an_address_at_its_fullest_is_small() -> None:
    """Known, shared, failing just below every limit, locked out and banned before."""

    def feed():
        memory = Memory()
        for number in range(ENTITIES):
            source = f"8.{number // 65_536}.{number // 256 % 256}.{number % 256}"
            for name, instants in (("failed", 4), ("logins", 4), ("locked", 2), ("bans", 2)):
                Window(name).add(memory, source, 5, DAY, cap=50, count=instants)
            LastDays("good days").add(memory, source, 1)
            for at in range(3):
                Since("shared since", cap=3).add(memory, source, at, DAY)
            for name, kept in (("tried", 10), ("own", 5), ("strangers", 3)):
                memory.put(name, source, array("q", range(2 * kept)))
        memory.dirty.clear()
        return memory

    assert grown(feed) / ENTITIES < KIB


def test_an_extension_at_its_fullest_is_small() -> None:
    """Registered, known, scored, called, concurrent, said after hours."""

    def feed():
        memory = Memory()
        for number in range(ENTITIES):
            phone = str(number)
            memory.put("places", phone, array("q", range(KEPT)))
            Since("accepted since").add(memory, f"{phone}\x1f192.0.2.1", 1, DAY)
            for name in ("abroad", "home", "said"):
                Once(name).passed(memory, phone, 1, 1)
            WINDOW.add(memory, phone, 5, DAY, cap=5, count=5)
            for name, kept in (("in use", 2), ("contacts", 2), ("agents", 2)):
                memory.put(name, phone, array("q", range(2 * kept)))
        memory.dirty.clear()
        return memory

    assert grown(feed) / ENTITIES < KIB


def test_an_account_that_is_guessed_at_is_small() -> None:
    """In many minutes, from many addresses and countries."""

    def feed():
        memory = Memory()
        for number in range(ENTITIES):
            for name, kept in (("failed", 15), ("sources", 16), ("countries", 8)):
                memory.put(name, str(number), array("q", range(2 * kept)))
        memory.dirty.clear()
        return memory

    assert grown(feed) / ENTITIES < KIB


def test_a_call_that_is_up_is_small() -> None:
    def feed():
        made = engine()
        for number in range(2_000):
            made.process(call(number / 100, HOME, str(2_000 + number % 500), call=f"c{number}"))
        made.dirty_pages()
        made._states["hq", False].seen = Seen()
        made._sites.clear()
        return made

    assert grown(feed) / 2_000 < 3 * KIB


def test_the_ledger_never_counts_below_nothing() -> None:
    """Whatever order and however often: what the indexes count is what is up."""
    for seed in range(20):
        random, made = seeded(seed), engine()
        events = [event for n in range(30) for event in whole(n * 10, 25 * (n % 7), HOME, str(1001 + n % 5))]
        events += [cdr(n * 10, 5, HOME, str(1001 + n % 5)) for n in range(10)]
        random.shuffle(events)
        for event in events[: random.randrange(40, len(events))]:
            made.process(event)
            ledger = made._states["hq", False].ledger
            up = [leg for leg in ledger.legs.values() if leg.up]
            assert ledger.legs_up == len(up)
            assert ledger.calls("trunk", "carrier-a") == len({leg.call_id for leg in up})
            for phone in {leg.extension for leg in ledger.legs.values()}:
                assert ledger.calls("extension", phone) == len({leg.call_id for leg in up if leg.extension == phone})
            assert all(count > 0 for count in ledger._charged.values())


def test_the_ledger_is_empty_when_all_is_over() -> None:
    made = engine()
    for event in [*shuffled(attack(), 5), *guesses(200 * DAY)]:
        made.process(event)
    ledger = made._states["hq", False].ledger
    assert (ledger.legs, ledger._by, ledger._up, dict(ledger._charged)) == ({}, {}, {}, {})


def test_a_full_ledger_gives_up_the_oldest_also_after_a_restart() -> None:
    state = PbxState("hq", drill=False)
    for number in range(MAX_LEGS):
        state.ledger.open(Leg(call_id=f"c{MAX_LEGS - number}", leg="", started=number))
    (again,) = restore(dict(sorted((key, page) for key, page in take_dirty(state) if page is not None))).values()
    for ledger in (state.ledger, again.ledger):
        dropped = ledger.open(Leg(call_id="one more", leg="", started=0))
        assert dropped is not None
        assert dropped.call_id == f"c{MAX_LEGS}"
        assert len(ledger.legs) == MAX_LEGS


@pytest.mark.parametrize(("field", "most"), [("learned", MAX_SUBJECTS), (Counting.counted.name, MAX_COUNTED)])
def test_of_too_many_subjects_the_one_untouched_for_longest_goes(field: str, most: int) -> None:
    memory = Memory()
    for number in range(most):
        memory.put(field, str(number), array("q", [number]))
    WINDOW.add(memory, "other field", 1, DAY, cap=1)
    memory.put(field, "0", array("q", [0]))
    memory.dirty.clear()
    memory.put(field, "one more", array("q", [1]))
    assert memory.get(field, "1") is None
    assert memory.get(field, "0") == array("q", [0])
    assert memory.get(field, "2") is not None
    assert memory.dirty == {(field, "one more"), (field, "1")}


# --- ids seen


def test_an_id_is_known_for_fifty_thousand_others() -> None:
    seen = Seen()
    for number in range(2 * MAX_IDS):
        assert seen.note(str(number), 0, 0) is None
        if number >= MAX_IDS:
            assert str(number - MAX_IDS) in seen.where
    assert len(seen.where) < MAX_IDS + 2_000
    assert seen.note("0", 0, 0) is None


def test_an_id_is_known_for_a_day() -> None:
    seen, day = Seen(), DAY * 1_000_000
    seen.note("first", 0, 0)
    for number in range(600):
        seen.note(f"a{number}", 0, day - 1)
    assert seen.note("first", 0, day - 1) == 0
    for number in range(1_200):
        seen.note(f"b{number}", 0, 2 * day + number)
    assert "first" not in seen.where


def test_a_higher_revision_is_remembered_and_a_lower_one_is_not() -> None:
    seen = Seen()
    assert [seen.note("id", revision, 0) for revision in (1, 0, 3, 2, 3)] == [None, 1, 1, 3, 3]


# --- windows


@pytest.mark.parametrize(
    ("times", "total"),
    [([0], 1), ([0, 9], 2), ([0, 10], 1), ([0, 5, 9], 3), ([9, 5, 0], 3), ([10, 0], 0), ([10, 1], 2), ([5, 5, 5], 3)],
)
def test_a_window_holds_what_is_younger_than_its_length(times, total) -> None:
    memory = Memory()
    assert [WINDOW.add(memory, "x", at, 10, cap=9) for at in times][-1] == total


@pytest.mark.parametrize(
    ("times", "at", "most"),
    [([0, 1, 2], 2, 3), ([0, 1, 2], 0, 3), ([0, 9], 0, 2), ([0, 10], 0, 1), ([0, 6, 12], 6, 2), ([], 0, 0),
     ([0, 1, 2, 50], 1, 3), ([50], 1, 0)],
)  # fmt: skip
def test_the_most_of_any_window_that_holds_an_instant(times, at, most) -> None:
    memory = Memory()
    for time in times:
        WINDOW.add(memory, "x", time, 1_000, cap=9)
    assert WINDOW.most(memory, "x", at, 10) == most


def test_a_window_keeps_no_more_than_its_cap_and_the_youngest() -> None:
    memory = Memory()
    assert WINDOW.add(memory, "x", 5, 10, cap=3, count=1_000_000) == 1_000_000
    WINDOW.add(memory, "x", 6, 10, cap=3)
    assert list(memory.get("window", "x")) == [5, 5, 6]


@pytest.mark.parametrize(
    ("days", "before", "count"),
    [([1, 2, 3], 3, 2), ([3, 1, 2, 2], 4, 3), ([1], 1, 0), ([], 5, 0), (range(20), 30, 8), (range(20, 0, -1), 5, 4)],
)
def test_days_before(days, before, count) -> None:
    memory, field = Memory(), Days("days")
    for day in days:
        field.add(memory, "x", day * Days.DAY + 5)
    assert field.before(memory, "x", before * Days.DAY + 1) == count


@pytest.mark.parametrize(("times", "cap", "since"), [([5, 3, 9], 1, 3), ([5, 3, 9], 3, 9), ([5, 3], 3, None),
                                                     ([9, 8, 7, 1, 2], 3, 7), ([], 1, None)])  # fmt: skip
def test_the_first_instants(times, cap, since) -> None:
    memory, field = Memory(), First("first", cap=cap)
    for at in times:
        field.add(memory, "x", at)
    assert field.since(memory, "x") == since


DIFFERENT = Distinct("different")


@pytest.mark.parametrize(
    ("things", "counts"),
    [
        ([("a", 0), ("b", 0)], (2, 2)),
        ([("a", 0), ("a", 5)], (1, 1)),
        ([("a", 0), ("b", 63)], (2, 2)),
        ([("a", 0), ("b", 64)], (1, 1)),
        ([("a", 0), ("a", 63), ("b", 64)], (2, 2)),
        ([("b", 64), ("a", 0)], (0, 0)),
        ([("b", 64), ("a", 1), ("a", 0)], (0, 0)),
        ([("a", 63), ("a", 1), ("b", 64)], (2, 2)),
        ([("a", 0), ("b?", 0), ("c?", 0)], (3, 1)),
        ([("a?", 0), ("a", 0)], (1, 1)),
        ([("a", 0), ("a?", 5)], (1, 1)),
    ],
)
def test_how_many_different_things(things, counts) -> None:
    """`?`: read out of free text."""
    memory, found = Memory(), 0
    for name, at in things:
        value = digest(name.rstrip("?"))
        found = DIFFERENT.add(memory, "x", value, at, 64, cap=9, solid="?" not in name)
    assert (found, DIFFERENT.vouched(memory, "x") if found else 0) == counts


def test_different_things_are_no_more_than_the_cap_and_the_youngest() -> None:
    memory = Memory()
    for number in range(100):
        DIFFERENT.add(memory, "x", digest(str(number)), number, 10_000, cap=32)
    assert set(DIFFERENT.seen(memory, "x")) == {digest(str(number)) for number in range(68, 100)}
    assert len(memory.page("different", "x")) == 32 * 16


def test_what_is_seen_again_soon_is_not_written_again() -> None:
    memory = Memory()
    for name in "ab":
        DIFFERENT.add(memory, "x", digest(name), 0, 6_400, cap=9)
    memory.dirty.clear()
    assert DIFFERENT.add(memory, "x", digest("a"), 99, 6_400, cap=9) == 2
    assert not memory.dirty
    assert DIFFERENT.add(memory, "x", digest("a"), 100, 6_400, cap=9) == 2
    assert DIFFERENT.seen(memory, "x") == {digest("a"): 100, digest("b"): 0}


def test_what_was_seen_before_is_told_when_it_is_noted() -> None:
    memory, noted = Memory(), []
    for name, at in (("a", 0), ("b", 50), ("a", 60), ("a", 6_300), ("a", 6_400)):
        noted.append(DIFFERENT.note(memory, "x", digest(name), at, 6_400, cap=9))
    a, b = digest("a"), digest("b")
    assert noted == [{}, {a: 0}, {a: 0, b: 50}, {a: 0, b: 50}, {b: 50, a: 6_300}]


def test_once_in_a_pause() -> None:
    memory, field = Memory(), Once("once")
    assert [field.passed(memory, "x", at, 10) for at in (100, 105, 99, 109, 110, 119)] == [
        True, False, False, False, True, False,
    ]  # fmt: skip


def records(memory):
    return {field: kept for field, kept in memory._fields.items() if kept}


def test_pages_hold_all_memory_and_only_what_changed() -> None:
    made, kept = engine(), dict[str, bytes]()
    events = attack()
    for event in events[:80]:
        made.process(event)
    first = pages(made, kept)
    assert made.dirty_pages() == {}
    for event in events[80:82]:
        made.process(event)
    changed = made.dirty_pages()
    assert 0 < len(changed) < len(first) / 2
    states = restore(first | {k: v for k, v in changed.items() if v is not None})
    for whose, state in made._states.items():
        assert list(states[whose].ledger.legs) == list(state.ledger.legs)
        assert records(states[whose].memory) == records(state.memory)
        assert states[whose].seen.where.keys() == state.seen.where.keys()
        assert states[whose].cases.links == state.cases.links
