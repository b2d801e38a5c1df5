"""The model of calls: what it makes of a leg, and that its memory is small whatever is called."""

from random import Random

import pytest
from msgspec.structs import replace

from detector.contract.events import Call
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory
from models.calls import Calls
from tests.detector.engine.builders import HOME, engine, moment, refused, settings, usual

MODEL = Calls()
MICROS = 1_000_000
HOUR = 3_600 * MICROS
START = 1_790_000_000 * MICROS
AFTER = (29 * 24 + 15) * HOUR + 2_400 * MICROS
PER_EXTENSION, PER_PBX = 2 * 1024, 64 * 1024


def leg(at: int, **more) -> Leg:
    given = {"call_id": str(at), "leg": "", "started": START + at, "answered": START + at, "talk": 90 * MICROS,
             "direction": "outbound", "extension": "1001", "destination": "+12125550123", "block": "+1212555",
             "country": "US", "klass": "national", "price": 20_000}  # fmt: skip
    return Leg(**given | more)


ABROAD = {"destination": "+2526123456", "block": "+252612", "country": "SO", "klass": "international", "abroad": True}
DEAR = ABROAD | {"price": 900_000}


@pytest.fixture(scope="module")
def memory() -> Memory:
    """A month of calls at home by day."""
    made = Memory()
    for day in range(30):
        for call in range(20):
            one = leg((24 * day + 9) * HOUR + call * 1_200 * MICROS, extension=str(1001 + call % 5))
            season = day % 5 * 24 + 9 + call // 3
            MODEL.learn(made, one, season, MODEL.score(made, one, season))
    return made


@pytest.mark.parametrize(
    ("more", "season", "part"),
    [
        ({}, 3, "hour"),
        ({}, 5 * 24 + 10, "hour"),
        (ABROAD, 10, "country"),
        (ABROAD, 10, "block"),
        (ABROAD, 10, "class"),
        ({"price": 900_000}, 10, "price"),
        ({"talk": 7_200 * MICROS}, 10, "duration"),
        ({"started": START + 100 * 24 * HOUR}, 10, "gap"),
    ],
)
def test_each_feature_tells_what_is_odd_about_it(memory, more, season, part) -> None:
    assert MODEL.score(memory, leg(AFTER, **more), season).parts.get(part, 0) > 3
    assert MODEL.score(memory, leg(AFTER), 10).parts.get(part, 0) < 2


def test_what_is_odd_in_more_ways_is_odder(memory) -> None:
    long = DEAR | {"talk": 7_200 * MICROS}
    odder = (({}, 10), (ABROAD, 10), (DEAR, 10), (long, 10), (long, 3))
    bits = [MODEL.score(memory, leg(AFTER, **more), season).bits for more, season in odder]
    assert bits == sorted(bits)
    assert bits[0] < 10 < 30 < bits[1]


def test_a_new_extension_starts_as_its_pbx_is(memory) -> None:
    assert MODEL.score(memory, leg(0, extension="1099"), 10).bits < 4
    assert MODEL.score(memory, leg(0, extension="1099", **DEAR), 3).bits > 40


def hostile(random: Random, at: int) -> Call:
    """A record in which everything is as large, small or strange as the contract lets it be."""
    to = random.choice([HOME, "9011" + str(random.randrange(10**9, 10**14)), "\ud800" * 30, "9" * 1_000, "+", "#" * 64])
    talk = random.choice([0, 0.001, 1e9, 1e12, 59.9])
    made = refused(at, to, random.choice(["1001", "x" * 1_000, "", "\x00"]), call=f"h{at}")
    return replace(made, talk=talk, started_at=moment(at - random.choice([0, 1, 10**5, 10**9])),
                   disposition=random.choice(["answered", "failed", "busy", None]))  # fmt: skip


def test_state_stays_small_and_scores_come_back_after_hostile_calls() -> None:
    made = engine(settings(mode="shadow"))
    random = Random(4)  # noqa: S311 - numbers, not secrets
    for event in usual():
        made.process(event)
    for at in range(400):
        made.process(hostile(random, 1_000 + 60 * at))
    assert not made.errors
    (state,) = made._states.values()
    fields = {name: pages for name, pages in state.memory._fields.items() if name.startswith("model ")}
    assert max(map(len, fields["model calls"].values())) <= PER_EXTENSION
    assert (
        sum(len(page) for name, pages in fields.items() if name != "model calls" for page in pages.values()) <= PER_PBX
    )
    assert {len(pages) for name, pages in fields.items() if name != "model calls"} == {1}


def test_every_record_says_its_version(memory) -> None:
    for field, subject in sorted(memory.dirty):
        assert memory.page(field, subject)[0] == 1, field
