"""What holds of every detector, found through the registry: a new one is covered before it has a test."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from detector.contract.events import Call, Event, Login, Notice, Registration
from detector.contract.findings import AnyFinding
from detector.contract.vocabulary import Mode
from detector.detect.catalogue import catalogue, detectors
from detector.settings import Settings, problems, profile
from detector.settings.params import Params
from tests.detector.engine.builders import (
    HOME,
    SOMALIA_BLOCK,
    THIEF,
    call,
    decisions,
    detections,
    engine,
    fired,
    guesses,
    incidents,
    interrupted,
    listed,
    login,
    mornings,
    run,
    settings,
    usual,
    whole,
)
from tests.detector.engine.streams import Day, attack

HERE = Path(__file__).parent
CODE = HERE.parents[3] / "detector" / "detect" / "rules"
every_detector = pytest.mark.parametrize("cls", detectors().values(), ids=detectors())
QUIET = Day(2026).events()
FOUND_ON_A_QUIET_DAY = run(QUIET, Settings())

STRICT = settings(
    allowed_destination_countries=["US"],
    allowed_source_countries=["US"],
    rules={
        "registration.new_place": {"novelty": 0.3},
        "account.unusual": {"bits": 1.0, "share": 0.9},
        "registration.user_agent": {"allowed": ["Yealink"]},
        "registration.address": {"addresses": ["192.0.2.0/24", "8.8.8.8"]},
        "registration.remote": {"restricted": ["1007"]},
        "login.remote": {"restricted": ["admin"]},
        "login.sso": {"accounts": ["*"]},
        "login.second_factor": {"accounts": ["*"]},
        "call.route": {"allowed": {"International": ["1001-1099"]}},
        "call.blocked": {"numbers": ["1900."]},
        "source.denied": {"deny": ["5.9.0.0/16"]},
    },
)


ATTACK = [*usual(), *mornings(first=2005), listed(-60, THIEF, SOMALIA_BLOCK), *attack()]
BATCHES = (1, 7, 100)
LAYERS: dict[str, Callable[[dict[str, Any]], Settings]] = {
    "defaults": lambda rules: settings(rules=rules),
    "pbx": lambda rules: settings(pbx={"rules": rules}),
    "group": lambda rules: settings(pbx={"groups": {"sales": {"members": ["1007"], "rules": rules}}}),
    "extension": lambda rules: settings(pbx={"extensions": {"1007": {"rules": rules}}}),
}
FOR_ALL = {"defaults", "pbx"}
every_layer = pytest.mark.parametrize("layer", LAYERS)


@cache
def in_an_attack() -> list[AnyFinding]:
    """All findings of the attack."""
    return run(ATTACK, STRICT)


@cache
def in_batches(size: int) -> list[AnyFinding]:
    """The same, where the process is replaced after every batch of so many events."""
    return list(interrupted(ATTACK, STRICT, batch=size))


@cache
def doubled() -> list[AnyFinding]:
    """The same, where every event comes twice."""
    return run((event for event in ATTACK for _ in "ab"), STRICT)


def other(limits: Params) -> dict[str, int | float]:
    """Every number among the limits of a rule, changed."""
    numbers = {name: value for name, value in limits if type(value) in {int, float}}
    return {name: value / 2 if isinstance(value, float) else value - 1 or 2 for name, value in numbers.items()}


def test_the_folder_holds_one_detector_a_file() -> None:
    named = {f"{rule.replace('.', '_')}.py" for rule in detectors()}
    assert named == {path.name for path in CODE.glob("*.py")} - {"__init__.py"}


@every_detector
def test_it_is_named_after_its_file_and_has_a_test(cls) -> None:
    name = cls.id.replace(".", "_")
    assert cls.__module__ == f"detector.detect.rules.{name}"
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", cls.id)
    assert (HERE / f"test_{name}.py").exists()


@every_detector
def test_it_says_what_it_is(cls) -> None:
    for control in (cls.control, *cls.also):
        assert re.fullmatch(r"C(0[1-9]|[12]\d|3[0-2])", control)
    assert cls.control not in cls.also
    assert cls.attack
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique) for technique in cls.attack)
    assert cls.reads
    assert all(issubclass(kind, Event) for kind in cls.reads)


@every_detector
def test_its_docstring_says_when_it_is_quiet_and_what_to_do(cls) -> None:
    first, *_ = cls.__doc__.split("\n\n")
    assert first.startswith("Fires ")
    assert re.search(r"^    Quiet when: \S", cls.__doc__, re.MULTILINE)
    assert re.search(r"^    Runbook: \S", cls.__doc__, re.MULTILINE)


@every_detector
def test_every_limit_has_a_default_and_is_explained(cls) -> None:
    assert issubclass(cls.Limits, Params)
    limits = cls.Limits()
    assert all(f"`{name}`" in cls.Limits.__doc__ for name in type(limits).model_fields)


def test_the_catalogue_is_what_the_settings_are_judged_by() -> None:
    assert list(catalogue()) == sorted(detectors())


@every_detector
def test_it_fires_in_an_attack_in_the_same_way_in_any_batches_over_restarts_and_doubled(cls) -> None:
    """So that the quiet day and the round trip say something about it."""
    found = detections(in_an_attack(), cls.id)
    assert found
    assert [size for size in BATCHES if detections(in_batches(size), cls.id) != found] == []
    assert detections(doubled(), cls.id) == found


@every_layer
@every_detector
def test_its_settings_hold_at_every_level(cls, layer) -> None:
    changed = other(cls.Limits())
    configured = LAYERS[layer]({cls.id: changed | {"mode": "ask"}})
    assert problems(configured, catalogue()) == []
    own, others = (profile(configured, "hq", catalogue()).rule(cls.id, number) for number in ("1007", "1008"))
    assert (own.limits, own.mode) == (cls.Limits(**changed), "ask")
    assert (others == own) == (layer in FOR_ALL)


@every_layer
@pytest.mark.parametrize(
    ("rule", "limit", "events"),
    [
        ("registration.bruteforce", {"failures": 3}, {number: guesses(0, 3, number) for number in ("1007", "1008")}),
        ("login.bruteforce", {"failures": 1}, {number: [login(0, account=number)] for number in ("1007", "1008")}),
        ("call.frequency", {"limit": "1/1/second"}, {number: [call(0, HOME, number)] for number in ("1007", "1008")}),
        ("call.duration", {"limit": 60}, {number: whole(0, 60, HOME, number) for number in ("1007", "1008")}),
    ],
    ids=["a registration", "a login", "a call", "a timer"],
)
def test_limits_of_every_level_are_what_events_are_judged_by(rule, limit, events, layer) -> None:
    configured = LAYERS[layer]({rule: limit})
    assert [bool(fired(events[number], rule, configured)) for number in ("1007", "1008")] == [True, layer in FOR_ALL]
    assert [fired(events[number], rule) for number in ("1007", "1008")] == [[], []]


@every_detector
def test_it_never_warns_on_an_honest_quiet_day(cls) -> None:
    assert [each for each in detections(FOUND_ON_A_QUIET_DAY, cls.id) if each.severity != "info"] == []


def test_nothing_comes_of_an_honest_quiet_day() -> None:
    kinds = {Call, Registration, Login, Notice}
    assert len(QUIET) > 3_000
    assert {type(event) for event in QUIET} >= kinds
    assert FOUND_ON_A_QUIET_DAY == []
    assert incidents(FOUND_ON_A_QUIET_DAY) == decisions(FOUND_ON_A_QUIET_DAY) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_on_the_first_day_no_extension_and_no_call_is_touched(seed) -> None:
    """Nobody is known yet: two who mistype behind one NAT look like guessing, but the phones beside them do not."""
    found = run(Day(seed, first=True).events(), settings())
    assert {each.rule for each in detections(found)} <= {"registration.bruteforce"}
    assert {each.action for each in decisions(found)} <= {"block_ip"}


def test_a_detector_that_breaks_is_counted_and_the_others_go_on() -> None:
    made = engine()
    for event in guesses(0, 4):
        made.process(event)
    (state,) = made._states.values()
    state.memory.restore("registration.bruteforce/failed", "203.0.113.77", b"broken")
    assert made.process(guesses(5, 1)[0]) == []
    assert made.errors == {"registration.bruteforce": 1}
    assert detections(made.process(guesses(6, 1, source="203.0.113.78", count=5)[0]))


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_finds_the_same(mode) -> None:
    def what(found):
        return [(each.id, each.summary) for each in detections(found)]

    assert what(run(attack(), settings(mode=mode))) == what(run(attack(), settings()))
