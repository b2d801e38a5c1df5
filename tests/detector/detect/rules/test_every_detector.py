"""What holds of every detector, found through the registry: a new one is covered before it has a test."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from detector.contract.events import AnyEvent, Call, Event, Login, Notice, Registration
from detector.contract.findings import AnyFinding
from detector.contract.vocabulary import Mode
from detector.detect.catalogue import catalogue, detectors
from detector.settings import Settings, problems, profile
from detector.settings.params import Params
from tests.detector.engine.builders import (
    HOME,
    call,
    decisions,
    detections,
    engine,
    fired,
    guesses,
    incidents,
    interrupted,
    login,
    run,
    settings,
    text,
    whole,
)
from tests.detector.engine.streams import Day, attack

HERE = Path(__file__).parent
CODE = HERE.parents[3] / "detector" / "detect" / "rules"
every_detector = pytest.mark.parametrize("cls", detectors().values(), ids=detectors())
QUIET = Day(2026).events()
FOUND_ON_A_QUIET_DAY = run(QUIET, Settings())

REPLACED = 10
"""So many times at most a process is replaced within a case: each takes a while to start."""
LAYERS: dict[str, Callable[[dict[str, Any]], Settings]] = {
    "defaults": lambda rules: settings(rules=rules),
    "pbx": lambda rules: settings(pbx={"rules": rules}),
    "group": lambda rules: settings(pbx={"groups": {"sales": {"members": ["1007"], "rules": rules}}}),
    "extension": lambda rules: settings(pbx={"extensions": {"1007": {"rules": rules}}}),
}
FOR_ALL = {"defaults", "pbx"}
every_layer = pytest.mark.parametrize("layer", LAYERS)


class Case(NamedTuple):
    """A row of the table `CASES` of a rule's own test, with what comes before it and what is found."""

    words: str
    before: list[AnyEvent]
    events: list[AnyEvent]
    configured: Settings
    found: list[AnyFinding]


@cache
def cases(rule: str) -> list[Case]:
    """The rows of the test named after a rule; it may name settings, `CONFIGURED`, and what comes `BEFORE` each."""
    test = import_module(f"tests.detector.detect.rules.test_{rule.replace('.', '_')}")
    before, configured = getattr(test, "BEFORE", []), getattr(test, "CONFIGURED", settings())
    return [Case(words, before, events, configured, run([*before, *events], configured))
            for words, events, *_ in test.CASES]  # fmt: skip


def firing(rule: str) -> list[Case]:
    """The rows in which it fires."""
    return [case for case in cases(rule) if detections(case.found, rule)]


def differing(rule: str, again: Callable[[Case], Iterable[AnyFinding]]) -> list[str]:
    """The rows in which it fires, of which something else is found in another way."""
    return [case.words for case in firing(rule) if text(again(case)) != text(case.found)]


def doubled(case: Case) -> list[AnyFinding]:
    """What is found where every event comes twice."""
    return run((event for event in (*case.before, *case.events) for _ in "ab"), case.configured)


def restarting(case: Case) -> list[AnyFinding]:
    """What is found where the process is replaced again and again."""
    batch = 1 + (len(case.events) - 1) // REPLACED
    return list(interrupted([*case.before, *case.events], case.configured, batch=batch, first=len(case.before)))


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
def test_it_fires_in_some_cases_of_its_own_test_and_not_in_others(cls) -> None:
    """So that what is said below of cases in which it fires says something."""
    fires = firing(cls.id)
    assert fires, "no row of CASES makes it fire under CONFIGURED, after BEFORE"
    assert len(fires) < len(cases(cls.id)), "every row of CASES makes it fire"


@every_detector
def test_events_that_come_twice_change_nothing(cls) -> None:
    assert differing(cls.id, doubled) == []


@every_detector
def test_a_process_replaced_after_any_event_finds_the_same(cls) -> None:
    assert differing(cls.id, restarting) == []


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
