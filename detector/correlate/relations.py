"""What incidents share that are not one attack: a country that is called, or what never ends: guessing, odd calls."""

from detector.contract.findings import Subject
from detector.contract.vocabulary import Stage, SubjectKind
from detector.correlate.case import MAX_DETECTIONS, MAX_RELATED, Case, Cases, remember
from detector.correlate.pbx_state import PbxState
from detector.enrich.facts import Facts
from detector.memory.fields import Days

CAMPAIGN_MICROS = Days.DAY
GUESSING = frozenset({Stage.RECON, Stage.CREDENTIAL})


def is_campaign(case: Case, at: int) -> bool:
    """Whether somebody has been guessing for so long without coming in that it is always there, like the weather."""
    return case.stage in GUESSING and at - case.opened > CAMPAIGN_MICROS


def leave_campaigns(found: list[Case], stage: Stage, at: int) -> list[Case]:
    """Whoever comes in after all that is an incident of its own: who was told of the guessing is told of this, too."""
    return found if stage in GUESSING else [case for case in found if not is_campaign(case, at)]


def is_worn(case: Case, at: int) -> bool:
    """Whether an incident has been held open for so long, or by so much, that what is new need not be of it."""
    return at - case.opened > CAMPAIGN_MICROS or len(case.detections) >= MAX_DETECTIONS


def leave_worn(found: list[Case], subject: Subject, at: int, cases: Cases) -> list[Case]:
    """One that never ends draws no other in, nor is drawn in; what is said of a number it is about stays with it."""
    worn = [case for case in found if is_worn(case, at)]
    if not worn or len(found) == 1:
        return found
    own = cases.find(subject)
    if own is not None and own in worn and (subject.kind is not SubjectKind.EXTENSION or subject in own.entered):
        return [own]
    return [case for case in found if case not in worn] or worn[:1]


def leave_by_extension(
    found: list[Case], links: list[Subject], rule: str, subject: Subject, facts: Facts, state: PbxState
) -> list[Case]:
    """What an extension does that is new is an incident of its own, though it has a part in one that never ends.

    So it is if it calls the numbers of that, unless the same was said of others who do; but who comes from the same
    address is of it, and an extension of which alone it is stays in it.
    """
    if len(found) != 1 or not facts.extension or not is_worn(found[0], facts.at):
        return found
    (case,) = found
    owned = [link for link in links if state.cases.links.get(link) == case.id]
    if any(link.kind not in {SubjectKind.EXTENSION, SubjectKind.DESTINATION} for link in owned):
        return found
    who = Subject(SubjectKind.EXTENSION, facts.extension)
    if subject.kind is SubjectKind.EXTENSION and is_alone(case, facts.extension):
        return found
    more = is_more_of_it(case, who, rule, facts, state) if who in owned else rule in case.rules
    return found if more else []


def is_alone(case: Case, extension: str) -> bool:
    """Whether an incident is of one extension, and can still tell what that does."""
    return case.names(SubjectKind.EXTENSION) == [extension] and len(case.detections) < MAX_DETECTIONS


def is_more_of_it(case: Case, who: Subject, rule: str, facts: Facts, state: PbxState) -> bool:
    """Whether an extension does what its incident is about: calls there, or what was said of it within a day."""
    leg = facts.leg
    if who in case.entered or (leg is not None and leg.abroad and leg.country in case.countries):
        return True
    if leg is not None and leg.abroad:
        return not leg.country and rule in case.rules
    return any(one.rule == rule for one in state.dossiers.recent(who, facts.at))


def part(case: Case, links: list[Subject], facts: Facts, cases: Cases) -> tuple[list[Subject], list[Case]]:
    """Say to which others an incident is related, by these links and by the country called.

    Returns what belongs to it alone, and the others that changed. Who is of another incident by now, extension or
    address, leaves the one that never ends.
    """
    own, changed = [], []
    for subject in links:
        other = cases.find(subject)
        if other is None or other is case or subject.kind is SubjectKind.PBX:
            own.append(subject)
            continue
        changed += pair(case, other)
        if is_campaign(other, facts.at):
            for stage in other.stages:
                remember(case.stages, stage)
        if is_of(case, subject, facts):
            cases.unlink(other, [subject])
            own.append(subject)
    for other in find_same_country(case, facts, cases):
        changed += pair(case, other)
    return own, changed


def is_of(case: Case, subject: Subject, facts: Facts) -> bool:
    """Whether it is sure that a subject is of this incident rather than of the other that names it, too."""
    acts = subject.kind is SubjectKind.EXTENSION or (
        subject.kind is SubjectKind.SOURCE_IP and subject != facts.standing_for
    )
    return acts and not is_worn(case, facts.at)


def find_same_country(case: Case, facts: Facts, cases: Cases) -> list[Case]:
    """The other live incidents with calls to the country that is called, where that is no usual block."""
    leg = facts.leg
    if leg is None or not facts.risky or not leg.country or leg.familiar or leg.country not in case.countries:
        return []
    return [other for other in cases.by_id.values() if other is not case and leg.country in other.countries]


def pair(one: Case, other: Case) -> list[Case]:
    """Each is related to the other from now on; returns the other if that is news."""
    if other.id in one.related or len(one.related) >= MAX_RELATED:
        return []
    one.related.append(other.id)
    remember(other.related, one.id, MAX_RELATED)
    return [other]
