"""What rules say that they need is true: nothing of it can be missing, and it is enough."""

from collections.abc import Iterator
from functools import cache

import pytest

from detector.contract.visibility import Teller, Telling, Want, kinds_of, read_field, visible
from detector.detect.catalogue import detectors
from detector.detect.needs import needs_of
from tests.detector.detect.rules.test_every_detector import Case, firing
from tests.detector.engine.builders import detections, run

Enough = tuple[Want, ...]
MUST = {"name"}
"""What a kind of event cannot be told without."""
ALTERNATIVES = [(rule, number) for rule, cls in detectors().items() for number in range(len(needs_of(cls)))]
every_alternative = pytest.mark.parametrize(("rule", "number"), ALTERNATIVES, ids=lambda value: str(value))


def given(enough: Enough, lacking: str = "") -> list[Telling]:
    """A source that tells of these events, and says nothing but what is needed, without what is lacking."""
    return [telling(Want(kind, want.fields), lacking) for want in enough for kind in kinds_of(want)]


def telling(want: Want, lacking: str) -> Telling:
    """One kind of event; what it cannot be without is something else where it is lacking."""
    kept = [field for field in want.fields if lacking == "" or read_field(field)[0] != read_field(lacking)[0]]
    only = tuple(f"{name}=another" for name in read_field(lacking)[0] if name in MUST)
    return Telling(kind=want.kind, fields=tuple(text for field in kept for text in each_of(field)), only=only)


def each_of(field: str) -> tuple[str, ...]:
    """A field for itself where it is written as one of several."""
    names, values = read_field(field)
    return names if values is None else (field,)


def fires(case: Case, rule: str, gives: list[Telling]) -> bool:
    """Whether the rule fires in a case of which only so much is told."""
    teller = Teller(gives)
    told = (teller.tell(event) for event in (*case.before, *case.events))
    return bool(detections(run((event for event in told if event is not None), case.configured), rule))


@cache
def fed(rule: str, number: int) -> list[Case]:
    """The cases of a rule in which one alternative of its needs is enough."""
    enough = needs_of(detectors()[rule])[number]
    return [case for case in firing(rule) if fires(case, rule, given(enough))]


def starved(enough: Enough) -> Iterator[tuple[str, list[Telling]]]:
    """What is told where one thing is missing, with its name: a kind of event, or a field that may not be left out."""
    for number, want in enumerate(enough):
        others = given(enough[:number] + enough[number + 1 :])
        yield want.kind, others
        for field in want.fields:
            _, values = read_field(field)
            if values is None or "" not in values:
                yield f"{field} of {want.kind}", [*others, *given((want,), field)]


@every_alternative
def test_what_a_rule_needs_is_enough(rule, number) -> None:
    assert fed(rule, number), "it fires in no row of CASES with these alone"


@every_alternative
def test_a_rule_that_lacks_something_it_needs_never_fires(rule, number) -> None:
    enough = needs_of(detectors()[rule])[number]
    assert {
        what: [case.words for case in fed(rule, number) if fires(case, rule, left)] for what, left in starved(enough)
    } == {what: [] for what, _ in starved(enough)}


@pytest.mark.parametrize(("rule", "number"), ALTERNATIVES, ids=lambda value: str(value))
def test_it_is_seen_with_what_it_needs_and_not_without(rule, number) -> None:
    enough = needs_of(detectors()[rule])[number]
    assert visible((enough,), given(enough))
    assert [what for what, left in starved(enough) if visible((enough,), left)] == []
