"""Proof: whom a detection names, from which address somebody broke in, and whom they entered."""

from msgspec.structs import replace

from detector.contract.findings import Detection, Subject
from detector.contract.vocabulary import Basis, Stage, State, SubjectKind
from detector.correlate.case import Case
from detector.correlate.ends import CALLERS, find_in_force
from detector.correlate.evidence import Dossiers, Evidence
from detector.correlate.linking import is_misused
from detector.correlate.pbx_state import PbxState
from detector.detect.catalogue import AnyDetector
from detector.enrich.facts import Facts
from detector.enrich.habits import is_known_good, was_refused
from detector.enrich.ledger import Ledger, Leg
from detector.enrich.networks import nearby
from detector.memory.fields import Memory


def file(
    case: Case,
    rule: AnyDetector,
    detection: Detection,
    basis: Basis,
    links: list[Subject],
    facts: Facts,
    state: PbxState,
) -> None:
    """Keep a detection as evidence against whom it names, and against the address from which they were broken into.

    What is said of everybody names nobody: of a PBX, of a trunk, and of a number no extension that calls it.
    """
    source = prove(case, rule, links, facts, state)
    if rule.subject in {SubjectKind.PBX, SubjectKind.TRUNK}:
        return
    evidence = Evidence(
        at=facts.at, event=detection.id, rule=rule.id, basis=basis, stage=rule.stage, severity=detection.severity,
        mode=rule.mode, came_from=source.id if source is not None else "", doubts=facts.timers.doubts,
    )  # fmt: skip
    for subject in name_subjects(rule, detection.subject, facts):
        if subject != source:
            state.dossiers.note(subject, evidence)
    if source is not None:
        share_guessing(source, facts, state)
        seen = detection.subject == source
        state.dossiers.note(source, replace(evidence, came_from="", basis=basis if seen else Basis.DERIVED))


def share_guessing(source: Subject, facts: Facts, state: PbxState) -> None:
    """An address that was refused where many guess is one of them: what was seen of all of them is said of it."""
    if not was_refused(state.memory, source.id, facts.at):
        return
    guessed_at = facts.standing_for or Subject(SubjectKind.ACCOUNT, facts.extension)
    guesses = [one for one in state.dossiers.recent(guessed_at, facts.at) if one.stage is Stage.CREDENTIAL]
    if guesses:
        state.dossiers.note(source, replace(guesses[-1], at=facts.at, came_from=""))


def prove(case: Case, rule: AnyDetector, links: list[Subject], facts: Facts, state: PbxState) -> Subject | None:
    """Which address broke in, if one did, and which extension it entered."""
    if facts.inbound:
        return None
    entering = rule.stage is Stage.ACCESS or (facts.suspect_source and facts.leg is not None)
    source = find_intruder(case, rule, links, facts, state.memory, entering=entering)
    if source is not None and entering:
        state.cases.come_in(case, source)
    elif source is not None and source in case.subjects and source not in case.proven:
        case.proven.append(source)
    if facts.extension and entering:
        entered = Subject(SubjectKind.EXTENSION, facts.extension)
        if entered in case.subjects and entered not in case.entered:
            case.entered.append(entered)
    return source


def find_intruder(
    case: Case, rule: AnyDetector, links: list[Subject], facts: Facts, memory: Memory, *, entering: bool
) -> Subject | None:
    """The address from which somebody guesses, or acts who has come in where nobody of the house is at home.

    So it is, too, where there is no more room to show it, unless a network stands for it.
    """
    place = facts.place
    breaking = rule.stage in {Stage.CREDENTIAL, Stage.ACCESS} or facts.suspect_source
    if place is None or place.private or not breaking or is_known_good(memory, place.key, case.opened):
        return None
    source = Subject(SubjectKind.SOURCE_IP, place.key)
    unseen = source in links and nearby(source.id) not in case.folded
    return source if unseen or source in case.subjects or (entering and facts.suspect_source) else None


def name_subjects(rule: AnyDetector, subject: Subject, facts: Facts) -> list[Subject]:
    """Whom a detection names; calls that no extension makes name the numbers they go to, unless those are usual."""
    named = [subject]
    if subject.kind is SubjectKind.ACCOUNT and is_misused(rule, facts):
        named.append(Subject(SubjectKind.EXTENSION, facts.extension))
    if subject.kind is SubjectKind.DESTINATION and facts.leg is not None and is_most(facts.leg, subject, facts.ledger):
        named.append(Subject(SubjectKind.DESTINATION, facts.leg.block))
    if facts.leg is not None and rule.hangs_up:
        named.append(Subject(SubjectKind.CALL, facts.leg.call_id))
    if subject.kind is SubjectKind.CALL and facts.leg is not None and not (facts.extension or facts.leg.familiar):
        named.append(Subject(SubjectKind.DESTINATION, facts.leg.block))
    return list(dict.fromkeys(one for one in named if one.id))


def is_most(leg: Leg, area: Subject, ledger: Ledger) -> bool:
    """Whether at least half of the calls to an area, such as a country that is new, go to this call's block."""
    calls = ledger.recent(area.id)
    return 2 * sum(one.block == leg.block for one in calls) >= len(calls)


def reconstruct(case: Case, dossiers: Dossiers) -> None:
    """What a checkpoint from before there were dossiers tells of whom an incident holds: as much as was decided."""
    came_from = case.proven[0].id if case.proven else ""
    for decision in find_in_force(case):
        target = decision.target
        if decision.refused is not None or target.kind not in {*CALLERS, SubjectKind.SOURCE_IP}:
            continue
        of_address = target.kind is SubjectKind.SOURCE_IP
        dossiers.note(target, Evidence(
            at=case.updated, event=case.detections[-1], rule="", basis=Basis.BEHAVIOUR, severity=case.severity,
            stage=Stage.CREDENTIAL if of_address else Stage.ACCESS if target in case.entered else case.stage,
            mode=decision.mode, came_from=came_from if target in case.entered else "",
        ))  # fmt: skip
        if not of_address and case.states.get(decision.id) == State.CONFIRMED:
            dossiers.hold(target, case.confirmed_at)
