"""What incidents share that are not one attack: a country that is called, or guessing that never ends."""

from detector.contract.findings import Subject
from detector.contract.vocabulary import Stage, SubjectKind
from detector.correlate.case import MAX_RELATED, Case, Cases, remember
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


def part(case: Case, links: list[Subject], facts: Facts, cases: Cases) -> tuple[list[Subject], list[Case]]:
    """Say to which others an incident is related, by these links and by the country called.

    Returns what belongs to it alone, and the others that changed. An address that came in leaves its campaign.
    """
    own, changed = [], []
    for subject in links:
        other = cases.find(subject)
        if other is None or other is case or not is_campaign(other, facts.at):
            own.append(subject)
            continue
        changed += pair(case, other)
        for stage in other.stages:
            remember(case.stages, stage)
        if subject.kind is SubjectKind.SOURCE_IP and subject != facts.standing_for:
            cases.unlink(other, [subject])
            own.append(subject)
    for other in find_same_country(case, facts, cases):
        changed += pair(case, other)
    return own, changed


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
