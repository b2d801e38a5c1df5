"""An address that only the record at the end of a call tells still makes one incident of one attack."""

import pytest

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding, Subject
from detector.contract.vocabulary import SubjectKind
from tests.detector.engine.builders import (
    LATVIA,
    SOMALIA,
    SOMALIA_NEXT,
    THIEF,
    call,
    decisions,
    engine,
    incidents,
    outcome,
    run,
    settings,
    whole,
)

THIEF_AT_HOME = "10.0.0.9"


def pumping(start: float, extension: str, to: str, source: str, *, revision: bool) -> list[AnyEvent]:
    """Five calls at once; the address comes with their records, be those the first news of the end or not."""
    up = [
        event
        for n in range(5)
        for event in (
            call(start + n, to, extension, call=f"{extension}/{n}"),
            call(start + n, to, extension, call=f"{extension}/{n}", phase="answered"),
        )
    ]
    ends = [whole(start + n, 60, to, extension, call=f"{extension}/{n}")[2] for n in range(5)]
    records = [call(start + n + 60, to, extension, call=f"{extension}/{n}", phase="ended", source_ip=source, revision=1,
                    talk=60, disposition="answered") for n in range(5)]  # fmt: skip
    return [*up, *(ends if revision else []), *records]


@pytest.mark.parametrize("revision", [True, False])
def test_two_extensions_from_one_address_are_one_attack(revision: bool) -> None:
    events = [
        *pumping(0, "1007", SOMALIA, THIEF, revision=revision),
        *pumping(100, "1012", LATVIA, THIEF, revision=revision),
    ]
    (incident,) = incidents(run(events))
    assert Subject(SubjectKind.SOURCE_IP, THIEF) in incident.subjects
    assert {"1007", "1012"} <= {subject.id for subject in incident.subjects}


@pytest.mark.parametrize("revision", [True, False])
def test_two_extensions_in_the_office_are_two(revision: bool) -> None:
    events = [
        *pumping(0, "1007", SOMALIA, THIEF_AT_HOME, revision=revision),
        *pumping(100, "1012", LATVIA, THIEF_AT_HOME, revision=revision),
    ]
    assert len(incidents(run(events))) == 2


def after_containment(to: str) -> list[AnyFinding]:
    """1007 pumped and is contained; then 1012 calls `to` once, and a while later pumps calls to Latvia."""
    configured = settings(rules={"call.concurrent_extension": {"mode": "auto"}})
    made = engine(configured)
    found = [f for event in pumping(0, "1007", SOMALIA, THIEF, revision=True) for f in made.process(event)]
    for decision in decisions(found):
        found += made.process(outcome(70, decision.id, "confirmed"))
    later = [call(90, to, "1012"), call(90, to, "1012", phase="answered"),
             *pumping(100, "1012", LATVIA, "", revision=True)]  # fmt: skip
    return [*found, *(f for event in later for f in made.process(event))]


def test_an_extension_that_calls_once_where_another_was_stopped_is_none_of_its_attack() -> None:
    """That it then pumps elsewhere on its own account is an attack of its own, and contained as such."""
    found = after_containment(SOMALIA_NEXT)
    first, second = incidents(found)
    assert "1012" not in {subject.id for subject in first.subjects}
    assert "1012" in {subject.id for subject in second.subjects}
    assert len([d for d in decisions(found, "restrict_extension", "1012") if d.status == "active"]) == 1
    assert {d.rung for d in decisions(found)} == {1}
