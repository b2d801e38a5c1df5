"""Which brake keeps from which action, and of what nobody is told."""

import pytest
from msgspec.structs import replace

from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind
from detector.decide.brakes import Brake, BrakeKind, Ground, find_brake, quiet, scope, why

THIEF = Subject(SubjectKind.SOURCE_IP, "203.0.113.77")
GUESSED, PUMPED = Ground("registration.bruteforce", THIEF.id), Ground("call.frequency", "1007")
BASE = Brake(id=1, kind=BrakeKind.STOP, reason="a fair", by="anna", at=100)


def brake(kind: BrakeKind = BrakeKind.STOP, **scope: str) -> Brake:
    return replace(BASE, kind=kind, **scope)


@pytest.mark.parametrize(
    ("held", "one"),
    [
        (True, brake()),
        (True, brake(pbx="hq")),
        (False, brake(pbx="branch")),
        (True, brake(rule="call.frequency")),
        (False, brake(rule="call.frequency", pbx="branch")),
        (False, brake(rule="call.country")),
        (True, brake(BrakeKind.FALLBACK, rule="registration.bruteforce")),
        (True, brake(BrakeKind.MUTE, subject=THIEF.id)),
        (False, brake(BrakeKind.MUTE, subject="1007")),
        (False, brake(BrakeKind.MUTE, rule="call.frequency")),
        (False, brake(BrakeKind.MUTE, rule="call.country", subject=THIEF.id)),
    ],
    ids=[
        "all is stopped", "this PBX", "another PBX", "one of its rules", "that rule elsewhere", "another rule",
        "a rule that fell back", "its target is muted", "another subject", "only one of its rules is muted",
        "its target, for another rule",
    ],
)  # fmt: skip
def test_what_keeps_from_blocking_an_address(held: bool, one: Brake) -> None:
    assert find_brake([one], "hq", THIEF, [GUESSED, PUMPED]) == (one if held else None)


def test_a_decision_on_muted_grounds_alone_is_held() -> None:
    mute = brake(BrakeKind.MUTE, rule="registration.bruteforce")
    assert find_brake([mute], "hq", THIEF, [GUESSED]) is mute
    assert find_brake([mute], "hq", THIEF, []) is None


@pytest.mark.parametrize(
    ("silent", "brakes"),
    [
        (False, []),
        (False, [brake()]),
        (False, [brake(BrakeKind.MUTE, subject="1007")]),
        (True, [brake(BrakeKind.MUTE, subject="1007"), brake(BrakeKind.MUTE, rule="registration.bruteforce")]),
        (False, [brake(BrakeKind.MUTE, subject="1007", pbx="branch"), brake(BrakeKind.MUTE, subject=THIEF.id)]),
    ],
    ids=["nothing is muted", "a stop is no mute", "half of it", "all of it, by two", "half of it elsewhere"],
)
def test_of_what_nobody_is_told(silent: bool, brakes: list[Brake]) -> None:
    assert quiet(brakes, "hq", [GUESSED, PUMPED]) is silent


def test_nothing_seen_is_not_muted() -> None:
    assert not quiet([brake(BrakeKind.MUTE, subject="1007")], "hq", [])


@pytest.mark.parametrize(
    ("now", "one", "holds"),
    [(199, replace(BASE, until=200), True), (200, replace(BASE, until=200), False),
     (10**18, BASE, True), (150, replace(BASE, ended_by="bert", ended_at=140), False)],
    ids=["before its end", "at its end", "without an end", "ended by hand"],
)  # fmt: skip
def test_how_long_one_holds(now: int, one: Brake, holds: bool) -> None:
    assert one.in_force(now) is holds


@pytest.mark.parametrize(
    ("one", "about", "said"),
    [
        (brake(), "everything", "anna stopped acting on everything: a fair"),
        (brake(pbx="hq", rule="call.cost"), "rule call.cost on PBX hq",
         "anna stopped acting on rule call.cost on PBX hq: a fair"),
        (brake(BrakeKind.MUTE, subject="1007"), "subject 1007", "anna muted subject 1007: a fair"),
        (brake(BrakeKind.FALLBACK, rule="call.cost"), "rule call.cost",
         "rule call.cost fell back to asking: a fair"),
    ],
)  # fmt: skip
def test_how_it_is_said(one: Brake, about: str, said: str) -> None:
    assert (scope(one), why(one)) == (about, said)
