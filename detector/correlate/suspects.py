"""What the open incidents say of whoever acts: a suspect's calls and logins are neither honest nor to be learned."""

from detector.contract.findings import Subject
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.correlate.case import Case, Cases
from detector.correlate.evidence import Dossiers
from detector.correlate.pbx_state import PbxState
from detector.enrich.addresses import AddressTable
from detector.enrich.facts import Facts
from detector.enrich.habits import find_office, recognise, was_refused
from detector.enrich.ledger import Leg
from detector.enrich.networks import nearby


def accuse(facts: Facts, state: PbxState, account: str) -> None:
    """Say whether the account belongs to the address, and whether the address or extension was seen breaking in.

    An extension that acts from where it always was is not in other hands.

    Who was accepted from an address before the break-in is no suspect for sharing it with whoever guesses, nor is
    anybody where several were: an office behind NAT must not fall with one of its phones.
    """
    since = recognise(facts, state.memory, account)
    cases = state.cases
    if not cases.links:
        return
    if facts.place is not None:
        source = Subject(SubjectKind.SOURCE_IP, facts.place.key)
        case = cases.find(source) or find_standing_for(source, account, facts, state)
        if case is not None:
            office = find_office(state.memory, facts.place.key, facts.at)
            facts.at_home = facts.at_home or any(first is not None and first < case.opened for first in (since, office))
            facts.suspect_source = (source in case.proven or facts.standing_for is not None) and not facts.at_home
            facts.guesser = facts.suspect_source and (facts.standing_for is not None or state.dossiers.guessed(source))
            guessed = facts.standing_for is not None or state.dossiers.broke_in(source, case.opened)
            facts.broken_in = facts.suspect_source and guessed
    if facts.extension:
        entered = Subject(SubjectKind.EXTENSION, facts.extension)
        case = cases.find(entered)
        if case is None or entered not in case.entered:
            return
        if account == facts.extension and since is not None and since < case.opened:
            return
        facts.suspect_extension = True
        facts.broken_in = facts.broken_in or state.dossiers.broke_in(entered, case.opened)


def find_standing_for(source: Subject, account: str, facts: Facts, state: PbxState) -> Case | None:
    """The incident about guessing that an address is part of, though it is not named there; says what stands for it.

    Of many addresses only some are named; but whoever was refused while an account is guessed at, or beside many that
    guess, is one of them.
    """
    if not was_refused(state.memory, source.id, facts.at):
        return None
    network = nearby(source.id)
    for other in (Subject(SubjectKind.ACCOUNT, account), Subject(SubjectKind.SOURCE_IP, network)):
        case = state.cases.find(other)
        if case is None or Stage.CREDENTIAL not in case.stages:
            continue
        if other.kind is SubjectKind.ACCOUNT or network in case.folded:
            facts.standing_for = other
            return case
    return None


def accuse_caller(facts: Facts, state: PbxState, addresses: AddressTable) -> None:
    """The same of a call, and from which countries its extension was entered."""
    accuse(facts, state, facts.extension)
    if facts.suspect_extension:
        facts.came_from = find_origins(facts.extension, state.cases, addresses)


def find_origins(extension: str, cases: Cases, addresses: AddressTable) -> frozenset[str]:
    """The countries from which an extension was entered, as far as they are known."""
    case = cases.find(Subject(SubjectKind.EXTENSION, extension))
    found = [addresses.look_up(address) for address in case.names(SubjectKind.SOURCE_IP)] if case else []
    return frozenset(place.country for place in found if place is not None and place.country)


def is_of_attack(leg: Leg, dossiers: Dossiers, at: int) -> bool:
    """Whether something that was seen happening tells of an attack by whoever calls, or on the number called."""
    extension = Subject(SubjectKind.EXTENSION, leg.extension)
    numbers = (Subject(SubjectKind.DESTINATION, name) for name in (leg.block, leg.land) if name)
    return any(
        one.solid and (one.severity is Severity.CRITICAL or one.breaks_in)
        for subject in (extension, *numbers) for one in dossiers.recent(subject, at)
    )  # fmt: skip


def is_accused(leg: Leg, cases: Cases) -> bool:
    """Whether the call, its extension or its block belong to an open incident: none of it is to be learned."""
    if not cases.links:
        return False
    whose = (SubjectKind.EXTENSION, leg.extension), (SubjectKind.DESTINATION, leg.block)
    return bool(leg.incident) or any(name and cases.find(Subject(kind, name)) for kind, name in whose)
