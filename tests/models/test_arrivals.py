"""The model of those who are let in: what each feature tells."""

import pytest
from msgspec.structs import replace

from detector.enrich.addresses import AddressTable
from detector.memory.fields import Memory
from models.arrivals import Arrivals
from tests.detector.engine.builders import DAY, HOUR, OFFICE, login, moment, registration

MODEL = Arrivals()
ADDRESSES = AddressTable()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"


def score(memory, event, season=11):
    return MODEL.score(memory, event.account, event, ADDRESSES.look_up(event.source_ip), season)


def let_in(seconds, account="1007", source=OFFICE, **more):
    return login(seconds, "accepted", account, source, **{"user_agent": BROWSER} | more)


@pytest.fixture(scope="module")
def memory() -> Memory:
    """Five people log in from the office every morning for forty days."""
    made = Memory()
    for day in range(40):
        for person in range(5):
            event = let_in(day * DAY + person * 60, str(1005 + person))
            MODEL.learn(made, event.account, event.at, score(made, event, day % 5 * 24 + 9 + person % 3))
    return made


TODAY = 40 * DAY


@pytest.mark.parametrize(
    ("event", "season", "part"),
    [
        (let_in(TODAY), 3, "hour"),
        (let_in(TODAY), 6 * 24 + 10, "hour"),
        (let_in(TODAY, source="203.0.113.77"), 11, "network"),
        (let_in(TODAY, source="10.0.0.9"), 11, "country"),
        (let_in(TODAY, user_agent="curl/8.5.0"), 11, "agent"),
        (let_in(TODAY, surface="api"), 11, "surface"),
        (registration(TODAY, "accepted", source=OFFICE), 11, "surface"),
        (let_in(TODAY + 90 * DAY), 11, "gap"),
    ],
)
def test_each_feature_tells_what_is_odd_about_it(memory, event, season, part) -> None:
    assert score(memory, event, season).parts.get(part, 0) > 3
    assert score(memory, let_in(TODAY)).parts.get(part, 0) < 2


def test_versions_of_a_browser_are_one(memory) -> None:
    newer = let_in(TODAY, user_agent=BROWSER.replace("140", "151"))
    assert score(memory, newer).cells == score(memory, let_in(TODAY)).cells


def test_what_is_odd_in_more_ways_is_odder(memory) -> None:
    abroad = let_in(TODAY, source="203.0.113.77")
    odder = (
        let_in(TODAY),
        abroad,
        replace(abroad, user_agent="curl/8"),
        replace(abroad, user_agent="x", surface="ssh"),
    )
    bits = [score(memory, event, season).bits for event, season in zip(odder, (10, 10, 3, 3), strict=True)]
    assert bits == sorted(bits)
    assert bits[0] < 5 < 15 < bits[-1]


def test_hostile_moments_and_texts_stop_nothing() -> None:
    made = Memory()
    for n, agent in enumerate(["", "\ud800" * 500, "9" * 5_000, None] * 100):
        event = replace(let_in(0, user_agent=agent), at=moment(-(10**9) if n % 2 else 10**9), surface=None)
        MODEL.learn(made, event.account, event.at, score(made, event))
    assert score(made, let_in(HOUR)).bits < 40
    pages = {field: made.page(field, subject) for field, subject in made.dirty}
    assert max(map(len, pages.values())) < 6_000
    assert {page[0] for page in pages.values()} == {1}
