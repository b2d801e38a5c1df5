"""How an incident ends: contained, gone further in spite of it, or quiet for long enough."""

from detector.contract.codec import to_micros
from detector.contract.findings import FOREVER, Decision, Subject
from detector.contract.vocabulary import DecisionStatus, Stage, State, Status, SubjectKind
from detector.correlate.case import Case, Cases
from detector.correlate.pbx_state import PbxState
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg

SECOND_MICROS = 1_000_000
QUIET_MICROS = 24 * 3_600 * SECOND_MICROS
QUIET_NIGHTS_MICROS = 2 * QUIET_MICROS
"""Of an incident with calls: the next one of a slow attack comes in the night after."""
SETTLING_MICROS = 10 * SECOND_MICROS
"""For so long after a containment calls may still begin that were on their way."""
HIGHEST_RUNG = 4
AVOIDED_MINUTES = 60
CALLING = frozenset({Stage.PROBE, Stage.PUMPING})
TIMER = "case"
"""Owner of the timers on which it is looked at whether an incident is quiet."""


def find_end(case: Case, at: int) -> int:
    """When an incident is over that stays as quiet as it is at `at`; it is not while a call of it is up."""
    quiet = QUIET_NIGHTS_MICROS if CALLING.intersection(case.stages) else QUIET_MICROS
    holds = [to_micros(decision.until) for decision in find_in_force(case) if decision.until != FOREVER]
    end = max([case.updated + quiet, *holds])
    return max(end, at + QUIET_MICROS) if case.legs else end


def close(case: Case, cases: Cases) -> None:
    """An incident is over."""
    case.status = Status.CLOSED
    cases.drop(case)


def find_in_force(case: Case) -> list[Decision]:
    """Its decisions that hold."""
    return [decision for decision in case.decisions.values() if decision.status is DecisionStatus.ACTIVE]


def is_held(case: Case) -> bool:
    """Whether anything that was decided is confirmed to hold, and no call of it is up any more."""
    return case.confirmed_at > 0 and not case.legs and State.CONFIRMED in case.states.values()


def contain(case: Case) -> None:
    """Everything asked for is confirmed."""
    if case.status is Status.OPEN:
        case.status = Status.CONTAINED
        case.avoided = max(case.avoided, case.peak * AVOIDED_MINUTES)


def got_through(case: Case, leg: Leg, facts: Facts) -> bool:
    """Whether a call was answered that began after the incident had been contained."""
    settled = max(case.confirmed_at, case.climbed_at) + SETTLING_MICROS
    return facts.answered_now and case.confirmed_at > 0 and leg.started > settled


def note_outcome(case: Case, decision: str, outcome: str, done: int) -> None:
    """How far a decision was carried out, at `done`."""
    case.states[decision] = outcome
    if outcome == State.CONFIRMED:
        case.confirmed_at = done


def find_leg(case: Case, state: PbxState) -> Leg | None:
    """The first of its calls that are up."""
    return next((leg for key in case.legs if (leg := state.ledger.legs.get(key)) is not None), None)


def name_caller(leg: Leg) -> Subject:
    """Who makes a call: its extension, or the call itself where that is none of ours."""
    return Subject(SubjectKind.EXTENSION, leg.extension) if leg.extension else Subject(SubjectKind.CALL, leg.call_id)


def goes_on(case: Case, state: PbxState) -> bool:
    """Whether a call of it is up and answered: whatever was confirmed, money runs."""
    return any((leg := state.ledger.legs.get(key)) is not None and leg.answered for key in case.legs)


def reopen(case: Case) -> None:
    """What was contained is not any more."""
    if case.status is Status.CONTAINED:
        case.status = Status.OPEN
        case.reopened += 1


def climb(case: Case, at: int) -> None:
    """The calls go on although it was contained: one rung more."""
    case.rung, case.climbed_at = min(case.rung + 1, HIGHEST_RUNG), at
    reopen(case)
