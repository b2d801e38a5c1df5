"""Which detections are one attack: what belongs together becomes one incident, and grows."""

from collections import Counter
from collections.abc import Iterable

from detector.contract.findings import Decision, Detection, Subject
from detector.contract.ids import derive_id
from detector.contract.vocabulary import Basis, PricedBy, Severity, Stage, Status, SubjectKind
from detector.correlate.case import MAX_DETECTIONS, MAX_RELATED, Case, Cases, remember
from detector.correlate.pbx_state import PbxState
from detector.correlate.relations import GUESSING, is_worn, leave_by_extension, leave_campaigns, leave_worn
from detector.detect.catalogue import AnyDetector
from detector.detect.detector import Hit
from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.habits import find_accepted, is_known_good
from detector.enrich.ledger import Leg
from detector.memory.fields import Memory

MAX_CASES = 1_000
USUAL_DAYS = 3
"""A block of numbers that was called on so many earlier days joins nobody: honest people call it too."""
VAGUE = frozenset({Basis.SCORE, Basis.LIMIT})
"""Who is unlike before, or reaches a limit, has no part in what others do who call the same numbers."""
TOGETHER_MICROS = 6 * 3_600 * 1_000_000
"""Of accounts at which many guess within so long the same are thought to guess at all."""
ENTERED_MICROS = 3_600 * 1_000_000
"""So long after the last sign of guessing whoever came in has to do with it."""
SPRAYING = "account.spraying"
GUESSED_AT = frozenset({SubjectKind.ACCOUNT, SubjectKind.PBX})


def find_links(
    rule: AnyDetector, hit: Hit, subject: Subject, basis: Basis, facts: Facts, state: PbxState
) -> list[Subject]:
    """What this detection shares with others of the same attack."""
    if rule.subject is SubjectKind.TRUNK:  # shared by everybody: it joins one attack, and never joins two
        links = [subject, *find_by_trunk(subject, facts, state.cases)]
    elif rule.subject is SubjectKind.PBX and facts.leg is not None and not facts.inbound:
        links = [subject, *find_by_spending(facts.leg, basis, state.cases)]
    elif facts.inbound:  # the callee has done nothing, and the address is the carrier's
        links = [subject]
    else:
        links = [subject, *find_shared(rule, basis, facts, state.memory), *find_by_area(subject, facts, state.cases)]
        links += find_guessing(rule, hit, subject, facts, state)
    return list(dict.fromkeys([*links, *hit.links]))


def find_by_trunk(trunk: Subject, facts: Facts, cases: Cases) -> list[Subject]:
    """The first subject of the attack whose calls hold the trunk, or held it last, where it belongs to none yet."""
    if trunk in cases.links:
        return []
    mixed = (leg.incident for leg in facts.ledger.up(SubjectKind.TRUNK, trunk.id) if leg.incident in cases.by_id)
    case = cases.by_id.get(next(mixed, ""))
    if case is None and facts.leg is not None:
        case = cases.find(Subject(SubjectKind.EXTENSION, facts.leg.extension))
    return case.subjects[:1] if case is not None else []


def find_by_spending(leg: Leg, basis: Basis, cases: Cases) -> list[Subject]:
    """What is said of all calls belongs to the attack this one is of, or that costs most; it accuses nobody.

    That calls are unlike any before is nothing that another dear attack explains.
    """
    case = cases.by_id.get(leg.incident)
    if basis is Basis.SCORE:
        case = case or find_about(leg, cases)
    else:
        case = case or max(cases.by_id.values(), key=lambda each: (each.spent + each.running, each.id), default=None)
        case = case if case is not None and case.spent + case.running else None
    return [one for one in case.subjects if one.kind is not SubjectKind.PBX][:1] if case is not None else []


def find_about(leg: Leg, cases: Cases) -> Case | None:
    """The live incident about who makes a call, or else about the numbers or the country it goes to."""
    places = (
        (SubjectKind.EXTENSION, leg.extension), (SubjectKind.DESTINATION, leg.block),
        (SubjectKind.DESTINATION, leg.land),
    )  # fmt: skip
    found = (cases.find(Subject(kind, name)) for kind, name in places if name)
    return next((case for case in found if case is not None), None)


def find_by_area(area: Subject, facts: Facts, cases: Cases) -> list[Subject]:
    """The first subject of the attack that has most of the calls there, where no extension makes them."""
    if area.kind is not SubjectKind.DESTINATION or facts.extension or area in cases.links:
        return []
    calls = Counter(leg.incident for leg in facts.ledger.recent(area.id) if leg.incident in cases.by_id)
    most = calls.most_common(1)
    return cases.by_id[most[0][0]].subjects[:1] if most else []


def find_guessing(rule: AnyDetector, hit: Hit, subject: Subject, facts: Facts, state: PbxState) -> list[Subject]:
    """A subject of the incident in which many guess, where this is of the same attack.

    Who tries many accounts from many addresses does one thing; and who came in from a new place while many guessed
    there, and calls, is one of them. Where all accounts are tried, so is who came in anywhere and pumps.
    """
    if rule.stage is Stage.CREDENTIAL and subject.kind in GUESSED_AT:
        return find_guessed(state.cases.by_id.values(), facts.at, state)
    if hit.severity is Severity.INFO or not (facts.suspect_extension and is_misused(rule, facts)):
        return []
    account, own = (Subject(kind, facts.extension) for kind in (SubjectKind.ACCOUNT, SubjectKind.EXTENSION))
    there, entry = state.cases.find(account), state.cases.find(own)
    guessing = [there] if there is not None else []
    if there is None and hit.severity is Severity.CRITICAL:
        guessing = [case for case in state.cases.by_id.values() if SPRAYING in case.rules and case.stage in GUESSING]
    return find_guessed((
        case for case in guessing
        if entry is not None and case.opened < entry.opened <= case.updated + ENTERED_MICROS
    ), facts.at, state)  # fmt: skip


def find_guessed(guessing: Iterable[Case], at: int, state: PbxState) -> list[Subject]:
    """A subject of the first of these incidents in which many guess, or guess at many accounts, and did so lately."""
    for case in guessing:
        if Stage.CREDENTIAL not in case.stages or at - case.updated > TOGETHER_MICROS:
            continue
        spread = SPRAYING in case.rules and case.stage in GUESSING
        for one in case.subjects:
            if one.kind is SubjectKind.ACCOUNT and state.dossiers.guessed(one):
                return [one]
            if spread and one.kind is SubjectKind.SOURCE_IP:
                return [one]
    return []


def find_shared(rule: AnyDetector, basis: Basis, facts: Facts, memory: Memory) -> list[Subject]:
    """Where it came from, who was misused, and what was called that nobody called before."""
    links = []
    place, leg = facts.place, facts.leg
    if place is not None and not (place.private or facts.at_home or is_known_good(memory, place.key, facts.at)):
        links.append(Subject(SubjectKind.SOURCE_IP, place.key))
    if facts.standing_for is not None and facts.suspect_source:
        links.append(facts.standing_for)
    if is_misused(rule, facts):
        links.append(Subject(SubjectKind.EXTENSION, facts.extension))
    if facts.risky and facts.new_block(USUAL_DAYS) and leg is not None and basis not in VAGUE:
        links.append(Subject(SubjectKind.DESTINATION, leg.block))
    return links


def is_misused(rule: AnyDetector, facts: Facts) -> bool:
    """Whether the extension of the event did what the rule is about, or had it done in its name."""
    return bool(facts.extension) and not facts.inbound and rule.stage not in {Stage.RECON, Stage.CREDENTIAL}


def find_cases(
    rule: AnyDetector, subject: Subject, links: list[Subject], basis: Basis, facts: Facts, state: PbxState
) -> list[Case]:
    """The live incidents that a detection belongs to."""
    cases = state.cases
    if subject.kind is SubjectKind.PBX:
        return find_of_all(rule, subject, links, basis, facts.at, cases)
    found = leave_campaigns(cases.linked(links), rule.stage, facts.at)
    found = leave_worn(found, subject, facts.at, cases)
    if subject.kind is SubjectKind.DESTINATION and subject in cases.links:
        return found
    if basis not in VAGUE or rule.stage is Stage.ACCESS:
        found = leave_by_extension(found, links, rule.id, subject, facts, state)
    return found or find_unnamed(subject, facts, cases)


def find_of_all(
    rule: AnyDetector, pbx: Subject, links: list[Subject], basis: Basis, at: int, cases: Cases
) -> list[Case]:
    """The PBX is shared by everybody: what is said of it joins an attack, or else what the same rule said before."""
    found = cases.linked(link for link in links if link != pbx)
    before = cases.told_by(rule.id, pbx)
    if found or before is None:
        return found
    return [] if basis is Basis.SCORE and is_worn(before, at) and not is_of_all(before) else [before]


def is_of_all(case: Case) -> bool:
    """Whether nobody is known whom an incident is about: it is said of the PBX alone."""
    return all(one.kind is SubjectKind.PBX for one in case.subjects)


def find_unnamed(subject: Subject, facts: Facts, cases: Cases) -> list[Case]:
    """The incident in which calls of this extension were odd among those of others, before it was known whose."""
    if subject.kind is not SubjectKind.EXTENSION:
        return []
    calls = (leg.incident for leg in facts.ledger.legs.values() if leg.incident and leg.extension == subject.id)
    found = (cases.by_id[name] for name in dict.fromkeys(calls) if name in cases.by_id)
    return [case for case in found if is_of_all(case) and not is_worn(case, facts.at)]


def open_case(detection: Detection, currency: str, at: int, state: PbxState) -> Case:
    """A new incident."""
    case = Case(
        id=derive_id("incident", detection.id), opened=at, updated=at, tenant=detection.tenant, currency=currency,
        drill=state.drill,
    )  # fmt: skip
    state.cases.add(case)
    return case


def find_weakest(cases: Cases) -> Case | None:
    """The incident that is given up for a new one, where there is no more room."""
    return min(cases.by_id.values(), key=Case.weight) if len(cases.by_id) >= MAX_CASES else None


def sort_by_age(cases: Iterable[Case]) -> list[Case]:
    """Each once, the oldest first."""
    return sorted({case.id: case for case in cases}.values(), key=lambda case: (case.opened, case.id))


def merge(older: Case, younger: Case, state: PbxState) -> list[Decision]:
    """Move everything of `younger` into `older`; returns its decisions, which now belong to the older."""
    cases = state.cases
    cases.drop(younger)
    younger.status, younger.merged_into = Status.MERGED, older.id
    if younger.severity is not older.severity:
        older.say(younger.severity, younger.said)
    merge_signs(older, younger)
    cases.link(older, list(younger.subjects))
    related = dict.fromkeys([*older.related, *younger.related])
    older.related = [name for name in related if name not in {older.id, younger.id}][:MAX_RELATED]
    merge_money(older, younger)
    for name in ("updated", "told", "confirmed_at"):
        setattr(older, name, max(getattr(older, name), getattr(younger, name)))
    older.states.update(younger.states)
    older.leaks.update(younger.leaks)
    older.decisions.update(younger.decisions)
    cases.by_decision.update(dict.fromkeys(younger.decisions, older.id))
    for leg in state.ledger.legs.values():
        if leg.incident == younger.id:
            leg.incident = older.id
            state.ledger.touch(leg)
    moved = list(younger.decisions.values())
    younger.legs, younger.decisions = [], {}
    return moved


def merge_signs(older: Case, younger: Case) -> None:
    """What was found of one is found of the other."""
    older.raise_stage(younger.stage)
    older.raise_severity(younger.severity)
    for name in ("stages", "rules", "kinds", "countries"):
        for item in getattr(younger, name):
            remember(getattr(older, name), item)
    for kind, deed in younger.deeds.items():
        older.note_deed(kind, deed.extensions, deed.countries)
    for name in ("proven", "entered", "inside", "folded"):
        getattr(older, name).extend(s for s in getattr(younger, name) if s not in getattr(older, name))
    for detection in younger.detections:
        remember(older.detections, detection, MAX_DETECTIONS)


def merge_money(older: Case, younger: Case) -> None:
    """What one cost the other costs, too."""
    older.legs.extend(younger.legs)
    older.costly = older.costly or younger.costly
    older.spent += younger.spent
    older.avoided, older.peak = max(older.avoided, younger.avoided), max(older.peak, younger.peak)
    if younger.priced_by is PricedBy.TARIFF:
        older.priced_by = PricedBy.TARIFF


def grow(case: Case, rule: AnyDetector, detection: Detection, basis: Basis, facts: Facts) -> None:
    """One detection more: how bad it is, and how far the attack has come."""
    leg = facts.leg
    called = [leg.country] if leg is not None and leg.abroad and leg.country else []
    remember(case.rules, rule.id)
    remember(case.detections, detection.id, MAX_DETECTIONS)
    if rule.kind is not None:
        case.note_deed(rule.kind.name, name_doers(rule, detection.subject, facts), called)
    case.say(detection.severity, detection.summary)
    case.raise_severity(detection.severity)
    if detection.severity is Severity.INFO:  # no sign of an attack by itself
        return
    case.raise_stage(rule.stage)
    if basis not in VAGUE or not is_worn(case, facts.at):
        for country in called:
            remember(case.countries, country)


def name_doers(rule: AnyDetector, subject: Subject, facts: Facts) -> list[str]:
    """The extension that did what a rule is about, if one did."""
    if subject.kind is SubjectKind.EXTENSION:
        return [subject.id]
    return [facts.extension] if is_misused(rule, facts) else []


def locate(leg: Leg, place: Place, state: PbxState) -> list[Case]:
    """The incidents that are one by the address a leg turns out to come from, its own first; none if it is honest."""
    case = state.cases.by_id.get(leg.incident) if leg.incident else None
    if case is None or place.private or is_known_good(state.memory, place.key, case.opened):
        return []
    since = find_accepted(state.memory, leg.extension, place, state.now)
    if since is not None and since < case.opened:
        return []
    return [case, *state.cases.linked([Subject(SubjectKind.SOURCE_IP, place.key)])]
