"""From firings to findings: what the steps of an event's line (detect, correlate, decide) hand to each other."""

from detector.contract.codec import to_micros
from detector.contract.events import Control, Event
from detector.contract.findings import AnyFinding, Decision, Detection, Subject
from detector.contract.lifecycle import OVERTURNED, may_come_after
from detector.contract.vocabulary import (
    Author,
    Basis,
    ControlName,
    DecisionStatus,
    Mode,
    Severity,
    Stage,
    State,
    SubjectKind,
)
from detector.correlate import ends, linking, money, proof, relations, suspects
from detector.correlate.case import MAX_DETECTIONS, Case, remember
from detector.correlate.evidence import Dossiers
from detector.correlate.pbx_state import PbxState
from detector.correlate.telling import tell
from detector.decide import decisions
from detector.decide.acts import ACTS
from detector.decide.decisions import Decisions
from detector.decide.policy import Sign, at_most, pending
from detector.detect.catalogue import AnyDetector
from detector.detect.detections import find_basis, is_flood, make_detection
from detector.detect.detector import Hit
from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.enrich.premises import Premises
from detector.memory.doubts import HISTORY, SURE, TEXT, TOO_LATE

OURSELVES: frozenset[str] = frozenset(Author)
BEFORE_CALLS = frozenset({Stage.RECON, Stage.CREDENTIAL, Stage.ACCESS})


class Verdicts:
    """Collects the findings of one event, or of the timers that fire before it.

    `doubts`: what is said against the event, or the timer; of what is history by now nothing is done about it.
    """

    __slots__ = ("decisions", "doubts", "findings", "premises", "state", "touched")

    def __init__(self, state: PbxState, premises: Premises) -> None:
        self.state = state
        self.premises = premises
        self.findings: list[AnyFinding] = []
        self.decisions = Decisions(state, premises)
        self.doubts = SURE
        self.touched: dict[str, Case] = {}

    def detect(self, rule: AnyDetector, hit: Hit, event: Event | None, facts: Facts) -> None:
        """A rule fired: make its detection, find or open its incident, and decide."""
        state, at = self.state, facts.at
        basis = find_basis(rule, hit, text=self.doubts & TEXT > 0)
        if is_flood(rule, hit, basis, facts, state.memory):
            return
        detection = make_detection(rule, hit, event, facts, basis, late=self.doubts & TOO_LATE > 0, drill=state.drill)
        self.findings.append(detection)
        if facts.leg is not None and not state.cases.links:
            suspects.accuse(facts, state, facts.extension)  # left out as long as there was nobody to suspect
        links = linking.find_links(rule, hit, detection.subject, basis, facts, state)
        informing = hit.severity is Severity.INFO and not rule.opens
        case = self._find_case(rule, detection, links, basis, facts, opens=not informing)
        if case is None:
            return
        if informing:  # worth reading with the rest, but accuses nobody
            remember(case.detections, detection.id, MAX_DETECTIONS)
            self._touch(case, at)
            if hit.ends:
                self._end_at(case, at)
            return
        spends = rule.subject is not SubjectKind.TRUNK and not facts.inbound
        linking.grow(case, rule, detection, basis, facts)
        links, related = relations.part(case, links, facts, state.cases)
        money.attach(case, links, facts.leg if spends else None, state, self.premises.tariff)
        proof.file(case, rule, detection, basis, links, facts, state)
        for each in (case, *related):
            self._touch(each, at)
        if rule.prolongs:
            case.updated = max(case.updated, at)
        if not self.doubts & HISTORY:
            sign = make_sign(rule, hit, detection.subject, facts, state.dossiers)
            self.decisions.decide(case, sign, rule.mode, detection.id, at)
            self._pass_by_refusals(case, at)

    def follow(self, leg: Leg, facts: Facts) -> None:
        """A phase of a call: what it changes of the incident it belongs to."""
        if facts.dropped is not None:
            self.give_up(facts.dropped, facts.at)
        case = money.follow(leg, facts, self.state, self.premises.tariff)
        if case is not None:
            self._touch(case, facts.at)
            who = None if self.doubts & HISTORY else ends.got_through(leg, facts, self.state.dossiers)
            if who is not None:
                self._climb(case, who, leg, facts.at)

    def give_up(self, leg: Leg, at: int) -> None:
        """A leg of which no end was ever seen is given up."""
        case = self.state.cases.by_id.get(leg.incident) if leg.incident else None
        if case is not None and money.settle(case, leg, at, self.state.cases, self.premises.tariff):
            self._touch(case, at)

    def locate(self, leg: Leg, place: Place, at: int) -> None:
        """The source address of a leg has become known."""
        found = linking.locate(leg, place, self.state)
        if found:
            case = self._join(found, at)
            if self.state.cases.link(case, [Subject(SubjectKind.SOURCE_IP, place.key)]):
                self._touch(case, at)

    def meet(self, place: Place | None, at: int) -> None:
        """Something came from an address at `at`: it is not kept out, whoever says that it is blocked."""
        if place is None or self.doubts & HISTORY:
            return
        for source in (Subject(SubjectKind.SOURCE_IP, place.key), Subject(SubjectKind.SOURCE_IP, place.network)):
            case = self.state.cases.find(source)
            leak = ends.find_leak(case, source, at) if case is not None else None
            if case is None or leak is None:
                continue
            self.state.cases.dirty.add(case.id)
            if ends.note_leak(case, leak, at):
                self.state.timers.wake(ends.TIMER, case.id, at + ends.LEAK_QUIET_MICROS)
                self._touch(case, at)

    def acquit(self, source: Subject, at: int) -> None:
        """An address turns out to be that of an office: what was thought of those who came in there is over.

        Not so where calls belong to it already.
        """
        case = self.state.cases.find(source)
        if case is not None and case.stage in BEFORE_CALLS:
            self.decisions.lift_all(case, at)
            self._end(case, at)

    def take_control(self, event: Control, at: int) -> None:
        """An action's outcome, or a person's verdict; `at` is the PBX's event time."""
        cases = self.state.cases
        case = cases.by_id.get(event.incident or cases.by_decision.get(event.decision or "", ""))
        if case is None:
            return
        if event.name == ControlName.OUTCOME and event.decision and event.state:
            done = max(at, to_micros(event.at))
            self._note_outcome(case, event.decision, event.state, at, done, event.by or "")
        elif event.name == ControlName.VERDICT and event.decision:
            self.decisions.overturn(case, event.decision, at)
            self._touch(case, at)
        elif event.name == ControlName.VERDICT:
            self.decisions.lift_all(case, at)
            self._end(case, at)
        self.close()

    def take_timer(self, due: int, owner: str, key: str) -> None:
        """A timer of ours: a decision ends, an incident has been quiet, or its money is to be told again."""
        cases = self.state.cases
        case = cases.by_id.get(cases.by_decision.get(key, "") if owner == decisions.TIMER else key)
        if case is None:
            return
        if owner == decisions.TIMER:
            self.decisions.lift(case, key, due)
        elif owner == money.TIMER and case.legs:
            self._touch(case, due)
        elif owner == ends.TIMER:
            self._look_again(case, due)
        self.close()

    def close(self) -> None:
        """Emit every incident that changed, once, and then the decisions."""
        if not self.touched and not self.decisions.changed:
            return
        for case in self.touched.values():
            money.reckon(case, case.told, self.state, self.premises.tariff)
            if ends.is_held(case) and not pending(case) and is_lasting(case):
                ends.contain(case)
            elif ends.goes_on(case, self.state):
                ends.reopen(case)
            self.findings.append(tell(case, self.state.pbx, case.told))
            self.state.cases.dirty.add(case.id)
        self.touched.clear()
        self.findings.extend(self.decisions.take())

    def _find_case(
        self, rule: AnyDetector, detection: Detection, links: list[Subject], basis: Basis, facts: Facts, *, opens: bool
    ) -> Case | None:
        """The incident a detection belongs to: one that is live, several that become one by it, or a new one."""
        cases, at = self.state.cases, facts.at
        found = linking.find_cases(rule, detection.subject, links, basis, facts, self.state)
        if not opens:
            return found[0] if found else None
        if found:
            return self._join(found, at)
        weakest = linking.find_weakest(cases)
        if weakest is not None:
            self._end_at(weakest, at)
        case = linking.open_case(detection, self.premises.profile.currency, at, self.state)
        self.state.timers.wake(ends.TIMER, case.id, at + ends.QUIET_MICROS)
        return case

    def _join(self, found: list[Case], at: int) -> Case:
        """One incident of several: the younger are merged into the oldest."""
        oldest, *rest = linking.sort_by_age(found)
        for younger in rest:
            self.decisions.move(linking.merge(oldest, younger, self.state), oldest, at)
            self.touched.pop(younger.id, None)
            self.findings.append(tell(younger, self.state.pbx, at))
            self._touch(oldest, at)
        return oldest

    def _note_outcome(self, case: Case, decision: str, outcome: str, at: int, done: int, by: str) -> None:
        """`done` is by our own clock: the PBX may have been silent for a while, and how often it ticks is no matter."""
        made = case.decisions.get(decision)
        if made is not None and not ACTS[made.action].contains:  # its failure lets nothing through
            return
        if not may_come_after(case.states.get(decision, outcome), outcome):  # it was told before, and is over
            return
        ends.note_outcome(case, decision, outcome, done)
        self._touch(case, at)
        if outcome in OVERTURNED and by and by not in OURSELVES:  # however the order itself came here, or did not
            self.decisions.overturn(case, decision, at)
        if made is None or made.status is not DecisionStatus.ACTIVE:
            return
        if outcome == State.CONFIRMED and is_holding(made):
            self.state.dossiers.hold(made.target, done)
        elif outcome == State.FAILED or (outcome == State.REFUSED and made.mode is Mode.AUTO and is_holding(made)):
            self._give_way(case, made, at)

    def _pass_by_refusals(self, case: Case, at: int) -> None:
        """What the guard does not allow from the first is carried out by nobody, so that nobody tells of it either."""
        for made in ends.find_in_force(case):
            if made.refused is not None and made.mode is Mode.AUTO and is_holding(made):
                self._give_way(case, made, at)

    def _give_way(self, case: Case, made: Decision, at: int) -> None:
        """What was to be done failed for good, or is not allowed: the next rung at once for whom it was to contain."""
        who, leg = ends.find_uncontained(case, made, self.state)
        if who is None or self.state.dossiers.rung(who) > made.rung:
            return
        if leg is not None and (leg.up or not ACTS[made.action].cuts_running):
            self._climb(case, who, leg, at)
        elif leg is None and not ACTS[made.action].cuts_running:
            self.state.dossiers.climb(who, at)

    def _climb(self, case: Case, who: Subject, leg: Leg, at: int) -> None:
        """Who is contained goes on calling: one rung more."""
        dossiers = self.state.dossiers
        case = self.state.cases.find(who) or case
        dossiers.climb(who, at)
        ends.reopen(case)
        self._touch(case, at)
        if leg.doubts & HISTORY:
            return
        sign = Sign(
            stage=Stage.PUMPING, severity=Severity.CRITICAL, subject=who, extension=leg.extension, block=leg.block,
            route=leg.route, trunk=leg.trunk, usual=leg.familiar, broken_in=dossiers.broke_in(who, at),
            origins=tuple(dossiers.origins(who, at)),
        )  # fmt: skip
        mode = self.decisions.find_mode_of(case, who)
        known = dossiers.recent(who, at)
        because = known[-1].event if known else case.detections[-1]
        self.decisions.decide(case, sign, at_most(mode, Mode.ASK) if leg.doubts & TEXT else mode, because, at)

    def _look_again(self, case: Case, due: int) -> None:
        if ends.close_leaks(case, due):
            self._touch(case, due)
        if case.leaks:
            self.state.timers.wake(ends.TIMER, case.id, max(case.leaks.values()) + ends.LEAK_QUIET_MICROS)
        end = ends.find_end(case, due)
        if end > due:
            self.state.timers.wake(ends.TIMER, case.id, end)
        else:
            self._end_at(case, due)

    def _end_at(self, case: Case, at: int) -> None:
        """An incident is over, and with it what was decided until now at most."""
        for name in list(case.decisions):
            self.decisions.lift(case, name, at)
        self._end(case, at)

    def _end(self, case: Case, at: int) -> None:
        ends.close(case, self.state)
        self._touch(case, at)

    def _touch(self, case: Case, at: int) -> None:
        """It is told of again, as of `at`."""
        self.touched[case.id] = case
        case.told = max(case.told, at)


def is_lasting(case: Case) -> bool:
    """Whether something is confirmed that goes on: calls that were hung up hold nobody, where more was to be done."""
    lasting = [name for name, made in case.decisions.items() if is_for_long(made)]
    return not lasting or any(case.states.get(name) == State.CONFIRMED for name in lasting)


def is_for_long(made: Decision) -> bool:
    """Whether it keeps somebody or something from going on for a while."""
    return ACTS[made.action].contains and not ACTS[made.action].repeated


def is_holding(made: Decision) -> bool:
    """Whether it keeps its very target from going on: a caller, or a number for good where calls there are stopped."""
    if made.target.kind is SubjectKind.DESTINATION:
        return ACTS[made.action].stops_new_calls
    return made.target.kind in {SubjectKind.EXTENSION, SubjectKind.CALL}


def make_sign(rule: AnyDetector, hit: Hit, subject: Subject, facts: Facts, dossiers: Dossiers) -> Sign:
    """What of a firing the policy looks at; what is said of everybody says nothing of who calls what."""
    shared = rule.subject in {SubjectKind.TRUNK, SubjectKind.PBX}
    leg = facts.leg if not shared else None
    extension = facts.extension if not shared and linking.is_misused(rule, facts) else ""
    who = Subject(SubjectKind.EXTENSION, extension) if extension else subject
    return Sign(
        stage=rule.stage, severity=hit.severity, subject=subject, extension=extension,
        block=leg.block if leg is not None else "",
        route=leg.route if leg is not None else "",
        trunk=leg.trunk if leg is not None else "",
        overlong=leg.call_id if leg is not None and rule.hangs_up and leg.up else "",
        permanent=hit.for_good, broken_in=dossiers.broke_in(who, facts.at),
        usual=leg is not None and leg.familiar, origins=tuple(dossiers.origins(who, facts.at)),
    )  # fmt: skip
