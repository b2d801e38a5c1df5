"""What an incident costs: which calls are of it, what is spent, and what the next hour would cost."""

from detector.contract.findings import Loss, Subject
from detector.contract.vocabulary import PricedBy, SubjectKind
from detector.correlate.case import Case, Cases
from detector.correlate.pbx_state import PbxState
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.enrich.tariff import Price, Tariff

SECOND_MICROS = 1_000_000
MINUTE_MICROS = 60 * SECOND_MICROS
TIMER = "money"
"""Owner of the timers on which what an incident costs is told again."""


def attach(case: Case, links: list[Subject], leg: Leg | None, state: PbxState, tariff: Tariff) -> None:
    """Subjects belong to an incident from now on, with this leg; new ones bring their calls of the last minutes."""
    for subject in state.cases.link(case, links):
        for other in find_recent(subject, state):
            give_back(other, state, tariff)
            take(case, other, state, tariff)
    if leg is not None and not leg.incident and leg.price:
        take(case, leg, state, tariff)


def find_recent(subject: Subject, state: PbxState) -> list[Leg]:
    """The calls abroad or to costly numbers of an extension or block that belong to no incident, or to one it left."""
    if subject.kind not in {SubjectKind.EXTENSION, SubjectKind.DESTINATION}:
        return []
    return [
        leg for leg in state.ledger.legs.values()
        if (leg.abroad or leg.costly) and (not leg.incident or is_left_behind(leg, subject, state.cases))
        and subject.id in ((leg.extension,) if subject.kind is SubjectKind.EXTENSION else (leg.block, leg.land))
    ]  # fmt: skip


def is_left_behind(leg: Leg, who: Subject, cases: Cases) -> bool:
    """Whether a call went to an incident its extension has left, though that is not about the country it calls."""
    old = cases.by_id.get(leg.incident)
    if old is None or who.kind is not SubjectKind.EXTENSION:
        return False
    return who not in old.subjects and leg.country not in old.countries


def give_back(leg: Leg, state: PbxState, tariff: Tariff) -> None:
    """A call is not of its incident any more, nor what it cost."""
    old = state.cases.by_id.get(leg.incident)
    if old is not None and not settle(old, leg, leg.started, state.cases, tariff):
        old.spent -= reckon_cost(leg, leg.ended, tariff)


def follow(leg: Leg, facts: Facts, state: PbxState, tariff: Tariff) -> Case | None:
    """A phase of a call; returns the incident it belongs to where that was answered or has ended by it."""
    cases = state.cases
    if not leg.incident:
        if not (facts.opened and facts.risky) or (found := find_case(leg, cases)) is None:
            return None
        take(found, leg, state, tariff)
    case = cases.by_id.get(leg.incident)
    if case is None or not (facts.answered_now or facts.ended_now):
        return None
    if facts.ended_now:
        settle(case, leg, facts.at, cases, tariff)
    return case


def find_case(leg: Leg, cases: Cases) -> Case | None:
    """The live incident about the extension of a call, or about what it calls."""
    case = cases.find(Subject(SubjectKind.EXTENSION, leg.extension)) if leg.extension else None
    if case is not None or not leg.block:
        return case
    return cases.find(Subject(SubjectKind.DESTINATION, leg.block))


def take(case: Case, leg: Leg, state: PbxState, tariff: Tariff) -> None:
    """A call is of this incident."""
    leg.incident = case.id
    case.costly = case.costly or leg.costly
    state.ledger.touch(leg)
    if leg.priced_by == PricedBy.TARIFF:
        case.priced_by = PricedBy.TARIFF
    if leg.up:
        case.legs.append(leg.key)
    else:
        case.spent += reckon_cost(leg, leg.ended, tariff)
    state.cases.dirty.add(case.id)


def settle(case: Case, leg: Leg, at: int, cases: Cases, tariff: Tariff) -> bool:
    """A call of an incident is over; whether it was up until now."""
    if leg.key not in case.legs:
        return False
    case.legs.remove(leg.key)
    case.spent += reckon_cost(leg, at, tariff)
    cases.dirty.add(case.id)
    return True


def reckon_cost(leg: Leg, at: int, tariff: Tariff) -> int:
    """Minor units that a leg has cost until `at`."""
    seconds = -(-leg.talked(at) // SECOND_MICROS)
    return tariff.cost(Price(leg.price, leg.increment, PricedBy.DEFAULT), seconds)


def reckon(case: Case, at: int, state: PbxState, tariff: Tariff) -> None:
    """Add up what its calls that are up cost, and ask to be told of it again a minute later."""
    legs = [leg for key in case.legs if (leg := state.ledger.legs.get(key)) is not None and leg.answered]
    case.running = sum(reckon_cost(leg, at, tariff) for leg in legs)
    case.per_minute = sum(tariff.cost(Price(leg.price, 60, PricedBy.DEFAULT), 60) for leg in legs)
    case.peak = max(case.peak, case.per_minute)
    if case.per_minute:
        state.timers.wake(TIMER, case.id, at - at % MINUTE_MICROS + MINUTE_MICROS)


def sum_up(case: Case) -> Loss:
    """Money so far, a minute, and what the next hour at the peak rate would have cost had it not been contained."""
    basis = "operator's tariff" if case.priced_by is PricedBy.TARIFF else "default prices by kind of number"
    if case.avoided:
        basis += "; avoided: one hour at the rate when contained"
    return Loss(
        spent=case.spent + case.running, per_minute=case.per_minute, avoided=case.avoided,
        currency=case.currency, basis=basis,
    )  # fmt: skip
