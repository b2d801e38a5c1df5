"""How an incident ends: contained, gone further in spite of it, or quiet for long enough."""

from detector.contract.codec import to_micros
from detector.contract.findings import FOREVER, Decision, Subject
from detector.contract.vocabulary import Act, DecisionStatus, Stage, State, Status, SubjectKind
from detector.correlate.case import Case
from detector.correlate.evidence import Dossiers
from detector.correlate.pbx_state import PbxState
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg

SECOND_MICROS = 1_000_000
QUIET_MICROS = 24 * 3_600 * SECOND_MICROS
QUIET_NIGHTS_MICROS = 2 * QUIET_MICROS
"""Of an incident with calls: the next one of a slow attack comes in the night after."""
SETTLING_MICROS = 10 * SECOND_MICROS
"""For so long after a containment calls may still begin that were on their way."""
LEAK_GRACE_MICROS = 60 * SECOND_MICROS
"""A firewall that has fetched its list needs a while to load it."""
LEAK_QUIET_MICROS = 600 * SECOND_MICROS
"""An address of which nothing was seen for so long is kept out after all."""
AVOIDED_MINUTES = 60
CALLING = frozenset({Stage.PROBE, Stage.PUMPING})
CALLERS = frozenset({SubjectKind.EXTENSION, SubjectKind.CALL})
TIMER = "case"
"""Owner of the timers on which it is looked at whether an incident is quiet."""


def find_end(case: Case, at: int) -> int:
    """When an incident is over that stays as quiet as it is at `at`; it is not while a call of it is up."""
    quiet = QUIET_NIGHTS_MICROS if CALLING.intersection(case.stages) else QUIET_MICROS
    holds = [to_micros(decision.until) for decision in find_in_force(case) if decision.until != FOREVER]
    end = max([case.updated + quiet, *holds])
    return max(end, at + QUIET_MICROS) if case.legs else end


def close(case: Case, state: PbxState) -> None:
    """An incident is over, and what was known of those whom it was about is with it."""
    case.status = Status.CLOSED
    state.dossiers.forget(subject for subject in case.subjects if state.cases.links.get(subject) == case.id)
    state.cases.drop(case)


def find_in_force(case: Case) -> list[Decision]:
    """Its decisions that hold."""
    return [decision for decision in case.decisions.values() if decision.status is DecisionStatus.ACTIVE]


def is_held(case: Case) -> bool:
    """Whether anything that was decided is confirmed to hold, and no call of it is up any more."""
    return case.confirmed_at > 0 and not case.legs and not case.leaks and State.CONFIRMED in case.states.values()


def contain(case: Case) -> None:
    """Everything asked for is confirmed."""
    if case.status is Status.OPEN:
        case.status = Status.CONTAINED
        case.avoided = max(case.avoided, case.peak * AVOIDED_MINUTES)


def holds(case: Case, subject: Subject) -> bool:
    """Whether anything that was decided of a subject is in force."""
    return any(one.target == subject and one.status is DecisionStatus.ACTIVE for one in case.decisions.values())


def got_through(leg: Leg, facts: Facts, dossiers: Dossiers) -> Subject | None:
    """Who is contained and called again, so that it was answered: whoever makes the call, or the number it goes to.

    Whoever else calls there is none of the attack's.
    """
    if not facts.answered_now:
        return None
    for subject in find_parties(leg):
        since = dossiers.held_since(subject)
        if since and leg.started > since + SETTLING_MICROS:
            return subject
    return None


def find_leak(case: Case, source: Subject, at: int) -> Decision | None:
    """The decision that was confirmed to keep this address out, of which something came at `at` all the same."""
    if case.confirmed_at == 0 or at <= case.confirmed_at + LEAK_GRACE_MICROS:
        return None
    return next((
        decision for decision in find_in_force(case)
        if decision.action is Act.BLOCK_IP and decision.target == source
        and case.states.get(decision.id) == State.CONFIRMED
    ), None)  # fmt: skip


def note_leak(case: Case, leak: Decision, at: int) -> bool:
    """An address is not kept out: what it was blocked for is not contained. Whether that is news."""
    new = leak.id not in case.leaks
    case.leaks[leak.id] = max(at, case.leaks.get(leak.id, at))
    reopen(case)
    return new


def close_leaks(case: Case, at: int) -> bool:
    """Forget addresses of which nothing was seen for a while, or that nobody wants kept out any more; whether any."""
    active = {decision.id for decision in find_in_force(case)}
    left = {name: seen for name, seen in case.leaks.items() if name in active and at < seen + LEAK_QUIET_MICROS}
    fewer = len(left) < len(case.leaks)
    case.leaks = left
    return fewer


def note_outcome(case: Case, decision: str, outcome: str, done: int) -> None:
    """How far a decision was carried out, at `done`."""
    case.states[decision] = outcome
    if outcome == State.CONFIRMED:
        case.confirmed_at = done


def find_uncontained(case: Case, made: Decision, state: PbxState) -> tuple[Subject | None, Leg | None]:
    """Whom a decision that came to nothing was to contain, and a call of theirs: one that is up, or else the last.

    What was to close a number, a route or a trunk was asked for because of whoever has climbed as far.
    """
    target = made.target
    mine = [leg for leg in state.ledger.legs.values() if leg.incident == case.id and is_about(target, leg)]
    mine.sort(key=lambda leg: (leg.up, leg.number), reverse=True)
    if target.kind in CALLERS or (target.kind is SubjectKind.DESTINATION and made.rung == 1):
        return target, next(iter(mine), None)
    for leg in mine:
        for subject in find_parties(leg):
            if state.dossiers.rung(subject) == made.rung > 1:
                return subject, leg
    return None, None


def is_about(target: Subject, leg: Leg) -> bool:
    """Whether a call is made by, is, or goes by what an act was to be done to."""
    places = {
        SubjectKind.EXTENSION: leg.extension, SubjectKind.CALL: leg.call_id, SubjectKind.DESTINATION: leg.block,
        SubjectKind.ROUTE: leg.route, SubjectKind.TRUNK: leg.trunk,
    }  # fmt: skip
    return bool(target.id) and places.get(target.kind) == target.id


def find_parties(leg: Leg) -> tuple[Subject, Subject]:
    """Who makes a call, and the block of numbers it goes to."""
    return name_caller(leg), Subject(SubjectKind.DESTINATION, leg.block)


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
