"""From firings to findings: detections, the incidents they belong to, and their money."""

from typing import Any

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import Control, Event
from detector.contract.findings import AnyFinding, Detection, Subject, Value
from detector.contract.vocabulary import Basis, Mode, Severity, Stage, State, Status, SubjectKind
from detector.correlate.case import MAX_DETECTIONS, Case, remember
from detector.decide.acts import ACTS
from detector.decide.decisions import Decisions, digest
from detector.decide.policy import Sign, allowed, pending
from detector.detect.detector import Detector, Hit
from detector.engine.compiled import Compiled
from detector.engine.state import PbxState
from detector.enrich.addresses import Place
from detector.enrich.apply import accepted_first, good_days, suspects
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.enrich.tariff import Price
from detector.memory.fields import Window

SECOND = 1_000_000
QUIET = 24 * 3_600 * SECOND
QUIET_NIGHTS = 2 * QUIET
"""Of an incident with calls: the next one of a slow attack comes in the night after."""
MINUTE = 60 * SECOND
MONEY_EVERY = MINUTE
SETTLING = 10 * SECOND
MAX_CASES = 1_000
CALLING = frozenset({Stage.PROBE, Stage.PUMPING})
GOOD_DAYS = 3
HIGHEST_RUNG = 4
USUAL_DAYS = 3
"""A block of numbers that was called on so many earlier days joins nobody: honest people call it too."""
MAX_EVIDENCE = 32
MAX_SAID = 15
"""Detections a minute of one rule, about one subject and one block of numbers."""
said = Window("said")


class Verdicts:
    """Collects the findings of one event, or of the timers that fire before it."""

    __slots__ = ("decisions", "findings", "history", "late", "site", "state", "touched")

    def __init__(self, state: PbxState, site: Compiled) -> None:
        self.state = state
        self.site = site
        self.findings: list[AnyFinding] = []
        self.decisions = Decisions(state, site)
        self.late = False
        self.history = False
        self.touched: dict[str, Case] = {}

    def detect(self, rule: Detector[Any], hit: Hit, event: Event | None, facts: Facts) -> None:
        """A rule fired: make its detection, find or open its incident, and decide."""
        leg = facts.leg
        basis = Basis.TEXT if event is not None and event.trust == "text" else hit.basis or rule.basis
        if self._enough(rule, hit, f"{basis}\x1f{leg.block if leg is not None else ''}", facts.at):
            return
        detection = self._detection(rule, hit, event, facts, basis)
        self.findings.append(detection)
        if leg is not None and not self.state.cases.links:
            suspects(facts, self.state, facts.extension)  # left out as long as there was nobody to suspect
        links = list(dict.fromkeys([*self._links(rule, detection.subject, facts), *hit.links]))
        case = self._case(rule, detection, links, facts.at)
        if case is None:
            return
        if hit.severity is Severity.INFO and not rule.opens:  # worth reading with the rest, but accuses nobody
            remember(case.detections, detection.id, MAX_DETECTIONS)
            self._touch(case, facts.at, signs=False)
            return
        self._grow(case, rule, detection, basis, leg)
        self._attach(case, links, leg if rule.subject is not SubjectKind.TRUNK and not facts.inbound else None)
        self._prove(case, rule, facts)
        self._touch(case, facts.at, signs=rule.prolongs or hit.severity is Severity.CRITICAL)
        if self.history:
            return
        about_trunk = rule.subject is SubjectKind.TRUNK
        sign = Sign(
            stage=rule.stage, severity=hit.severity, subject=detection.subject,
            extension="" if about_trunk or not misused(rule, facts) else facts.extension,
            block=leg.block if leg is not None and not about_trunk else "",
            route=leg.route if leg is not None and not about_trunk else "",
            trunk=leg.trunk if leg is not None and not about_trunk else "",
            permanent=hit.values.get("permanent") is True,
        )  # fmt: skip
        self.decisions.decide(case, sign, allowed(rule.mode, case.bases), detection.id, facts.at)

    def money(self, facts: Facts) -> None:
        """A phase of a call: what it changes of the incident it belongs to."""
        leg = facts.leg
        if leg is None:
            return
        if facts.dropped is not None:
            self.leg_gone(facts.dropped, facts.at)
        if not leg.incident and facts.opened and facts.billable and (leg.abroad or leg.costly):
            case = self._case_of(leg)
            if case is not None:
                self._take(case, leg)
        case = self.state.cases.by_id.get(leg.incident) if leg.incident else None
        if case is None or not (facts.answered_now or facts.ended_now):
            return
        if facts.ended_now and leg.key in case.legs:
            case.legs.remove(leg.key)
            case.spent += self._cost(leg, facts.at)
        self._touch(case, facts.at, signs=False)
        settled = max(case.confirmed_at, case.climbed_at) + SETTLING
        if facts.answered_now and case.confirmed_at and leg.started > settled and not self.history:
            self._climb(case, leg, facts.at)

    def leg_gone(self, leg: Leg, at: int) -> None:
        """A leg of which no end was ever seen is given up."""
        case = self.state.cases.by_id.get(leg.incident) if leg.incident else None
        if case is not None and leg.key in case.legs:
            case.legs.remove(leg.key)
            case.spent += self._cost(leg, at)
            self._touch(case, at, signs=False)

    def located(self, leg: Leg, place: Place, at: int) -> None:
        """The source address of a leg has become known."""
        case = self.state.cases.by_id.get(leg.incident) if leg.incident else None
        if case is None or place.private or self._good(place.key, case.opened):
            return
        since = accepted_first.since(self.state.memory, f"{leg.extension}\x1f{place.key}")
        if since is not None and since < case.opened:
            return
        source = Subject(SubjectKind.SOURCE_IP, place.key)
        case = self._joined([case, *self.state.cases.linked([source])], at)
        if self.state.cases.link(case, [source]):
            self._touch(case, at, signs=False)

    def control(self, event: Control, at: int) -> None:
        """An action's outcome, or a person's verdict; `at` is the PBX's event time."""
        cases = self.state.cases
        case = cases.by_id.get(event.incident or cases.by_decision.get(event.decision or "", ""))
        if case is None:
            return
        if event.name == "outcome" and event.decision and event.state:
            self._outcome(case, event.decision, event.state, at, max(at, to_micros(event.at)))
        elif event.name == "verdict" and event.decision:
            self.decisions.overturn(case, event.decision, at)
            self._touch(case, at, signs=False)
        elif event.name == "verdict":
            case.status = Status.CLOSED
            self.decisions.lift_all(case, at)
            self._touch(case, at, signs=False)
            cases.drop(case)
        self.close()

    def due(self, due: int, owner: str, key: str) -> None:
        """A timer of ours: a decision ends, an incident has been quiet, or its money is to be told again."""
        cases = self.state.cases
        case = cases.by_id.get(cases.by_decision.get(key, "") if owner == "decision" else key)
        if case is None:
            return
        if owner == "decision":
            self.decisions.lift(case, key, due)
        elif owner == "money" and case.legs:
            self._touch(case, due, signs=False)
        elif owner == "case":
            self._quiet(case, due)
        self.close()

    def close(self) -> None:
        """Emit every incident that changed, once, and then the decisions."""
        if not self.touched and not self.decisions.changed:
            return
        for case in self.touched.values():
            self._reckon(case, case.told)
            if case.confirmed_at and not case.legs and case.confirmed() and not pending(case):
                case.contain()
            self.findings.append(case.finding(self.state.pbx, case.told))
            self.state.cases.dirty.add(case.id)
        self.touched.clear()
        self.findings.extend(self.decisions.take())

    # --- making and growing incidents

    def _enough(self, rule: Detector[Any], hit: Hit, sort: str, at: int) -> bool:
        """Whether this was said so often lately that once more tells nothing: a flood of one sort stays bounded."""
        memory, what = self.state.memory, f"{rule.id}\x1f{hit.subject}\x1f{hit.severity}\x1f{sort}"
        if said.count(memory, what, at, MINUTE) >= MAX_SAID:
            return True
        said.add(memory, what, at, MINUTE, cap=MAX_SAID)
        return False

    def _detection(self, rule: Detector[Any], hit: Hit, event: Event | None, facts: Facts, basis: str) -> Detection:
        leg = facts.leg
        subject = Subject(rule.subject, hit.subject)
        if not hit.subject and leg is not None:
            subject = Subject(SubjectKind.CALL, leg.call_id)
        cause = hit.key or (event.id if event is not None else "")
        evidence = (event.id if event is not None else leg.event if leg is not None else "", *hit.evidence)
        values = dict(hit.values)
        if leg is not None and leg.klass:
            described = {
                "destination": leg.destination,
                "country": leg.country,
                "class": leg.klass,
                "block": leg.block,
            }
            values.update({name: value for name, value in described.items() if value})
        listed = facts.fleet_source if subject.kind is SubjectKind.SOURCE_IP else facts.fleet_block
        if listed is not None:
            values["fleet_pbxs"] = listed.pbxs
        if basis == Basis.TEXT:
            values["trust"] = "text"
        return Detection(
            id=digest("detection", self.state.pbx, self.state.drill, rule.id, hit.subject, cause), pbx=self.state.pbx,
            tenant=self.site.profile.tenant, at=from_micros(facts.at), rule=rule.id, severity=hit.severity,
            subject=subject, summary=hit.summary, values=known(values),
            evidence=tuple(item for item in evidence if item)[:MAX_EVIDENCE], control=rule.control,
            attack=rule.attack, mode=rule.mode, late=self.late or self.history, drill=self.state.drill,
        )  # fmt: skip

    def _links(self, rule: Detector[Any], subject: Subject, facts: Facts) -> list[Subject]:
        """What this detection shares with others of the same attack."""
        cases = self.state.cases
        if rule.subject is SubjectKind.TRUNK:  # shared by everybody: it joins one attack, and never joins two
            mixed = (leg.incident for leg in facts.ledger.up("trunk", subject.id) if leg.incident in cases.by_id)
            case = cases.by_id.get(next(mixed, "")) if subject not in cases.links else None
            return [subject, *(case.subjects[:1] if case is not None else ())]
        links = [subject]
        if rule.subject is SubjectKind.PBX and facts.leg is not None and not facts.inbound:
            return [subject, *self._spending(facts.leg)]
        if facts.inbound:  # the callee has done nothing, and the address is the carrier's
            return links
        place, leg = facts.place, facts.leg
        if place is not None and not (place.private or facts.at_home or self._good(place.key, facts.at)):
            links.append(Subject(SubjectKind.SOURCE_IP, place.key))
        if misused(rule, facts):
            links.append(Subject(SubjectKind.EXTENSION, facts.extension))
        if facts.risky and facts.new_block(USUAL_DAYS) and leg is not None:
            links += [Subject(SubjectKind.DESTINATION, name) for name in (leg.block, facts.area)]
        return list(dict.fromkeys(links))

    def _spending(self, leg: Leg) -> list[Subject]:
        """What is said of all calls belongs to the attack this one is of, or that costs most; it accuses nobody."""
        cases = self.state.cases.by_id
        dear = max(cases.values(), key=lambda each: (each.spent + each.running, each.id), default=None)
        case = cases.get(leg.incident, dear)
        return case.subjects[:1] if case is not None and case.spent + case.running else []

    def _case(self, rule: Detector[Any], detection: Detection, links: list[Subject], at: int) -> Case | None:
        cases = self.state.cases
        if detection.subject.kind is SubjectKind.PBX:  # shared by everybody: it joins only what this rule said before
            found = cases.linked(link for link in links if link != detection.subject)
            before = cases.told_by(rule.id, detection.subject)
            found += [before] if before is not None else []
        else:
            found = cases.linked(links)
        if detection.severity is Severity.INFO and not rule.opens:
            return found[0] if found else None
        if found:
            return self._joined(found, at)
        if len(cases.by_id) >= MAX_CASES:
            self._end(min(cases.by_id.values(), key=Case.weight), at)
        case = Case(
            id=digest("incident", detection.id), opened=at, updated=at, tenant=self.site.profile.tenant,
            currency=self.site.profile.currency, drill=self.state.drill,
        )  # fmt: skip
        cases.add(case)
        self.state.timers.wake("case", case.id, at + QUIET)
        return case

    def _joined(self, found: list[Case], at: int) -> Case:
        """One incident of several: the younger are merged into the oldest."""
        oldest, *rest = sorted({case.id: case for case in found}.values(), key=lambda case: (case.opened, case.id))
        for younger in rest:
            self.decisions.moved(self.state.cases.absorb(oldest, younger), oldest, at)
            self._adopt(younger, oldest)
            self.touched.pop(younger.id, None)
            self.findings.append(younger.finding(self.state.pbx, at))
            self._touch(oldest, at, signs=False)
        return oldest

    def _adopt(self, younger: Case, older: Case) -> None:
        """The calls of a merged incident count for the one it was merged into."""
        for leg in self.state.ledger.legs.values():
            if leg.incident == younger.id:
                leg.incident = older.id
                self.state.ledger.touch(leg)

    def _grow(self, case: Case, rule: Detector[Any], detection: Detection, basis: str, leg: Leg | None) -> None:
        remember(case.rules, rule.id)
        remember(case.detections, detection.id, MAX_DETECTIONS)
        if rule.kind is not None:
            remember(case.kinds, rule.kind.name)
        case.say(detection.severity, detection.summary)
        case.raise_severity(detection.severity)
        if detection.severity is Severity.INFO:  # no sign of an attack by itself: it vouches for none
            return
        case.raise_stage(rule.stage)
        if leg is not None and leg.abroad and leg.country:
            remember(case.countries, leg.country)
        if rule.subject is not SubjectKind.PBX and rule.mode is not Mode.SHADOW:  # nor what is rehearsed
            remember(case.bases, basis)

    def _prove(self, case: Case, rule: Detector[Any], facts: Facts) -> None:
        """Which address broke in, and which extension it entered."""
        if facts.inbound:
            return
        place = facts.place
        breaking = rule.stage in {Stage.CREDENTIAL, Stage.ACCESS} or facts.suspect_source
        if place is not None and not place.private and breaking and not self._good(place.key, case.opened):
            source = Subject(SubjectKind.SOURCE_IP, place.key)
            if source in case.subjects and source not in case.proven:
                case.proven.append(source)
        entering = rule.stage is Stage.ACCESS or (facts.suspect_source and facts.leg is not None)
        if facts.extension and entering:
            entered = Subject(SubjectKind.EXTENSION, facts.extension)
            if entered in case.subjects and entered not in case.entered:
                case.entered.append(entered)

    def _good(self, source: str, before: int) -> bool:
        return good_days.before(self.state.memory, source, before) >= GOOD_DAYS

    # --- calls and money

    def _case_of(self, leg: Leg) -> Case | None:
        cases = self.state.cases
        case = cases.find(Subject(SubjectKind.EXTENSION, leg.extension)) if leg.extension else None
        called = (cases.find(Subject(SubjectKind.DESTINATION, name)) for name in (leg.block, leg.land) if name)
        return case or next((each for each in called if each is not None), None)

    def _attach(self, case: Case, links: list[Subject], leg: Leg | None) -> None:
        """New subjects bring their calls of the last minutes along."""
        new = self.state.cases.link(case, links)
        for subject in new:
            for other in self._recent(subject):
                self._take(case, other)
        if leg is not None and not leg.incident and leg.price:
            self._take(case, leg)

    def _recent(self, subject: Subject) -> list[Leg]:
        if subject.kind not in {SubjectKind.EXTENSION, SubjectKind.DESTINATION}:
            return []
        return [
            leg for leg in self.state.ledger.legs.values()
            if not leg.incident and (leg.abroad or leg.costly)
            and subject.id in ((leg.extension,) if subject.kind is SubjectKind.EXTENSION else (leg.block, leg.land))
        ]  # fmt: skip

    def _take(self, case: Case, leg: Leg) -> None:
        leg.incident = case.id
        case.costly = case.costly or leg.costly
        self.state.ledger.touch(leg)
        if leg.priced_by == "tariff":
            case.priced_by = "tariff"
        if leg.up:
            case.legs.append(leg.key)
        else:
            case.spent += self._cost(leg, leg.ended)
        self.state.cases.dirty.add(case.id)

    def _cost(self, leg: Leg, at: int) -> int:
        """Minor units that a leg has cost until `at`."""
        return self.site.tariff.cost(Price(leg.price, leg.increment, "default"), -(-leg.talked(at) // SECOND))

    def _reckon(self, case: Case, at: int) -> None:
        legs = [leg for key in case.legs if (leg := self.state.ledger.legs.get(key)) is not None and leg.answered]
        case.running = sum(self._cost(leg, at) for leg in legs)
        case.per_minute = sum(self.site.tariff.cost(Price(leg.price, 60, "default"), 60) for leg in legs)
        case.peak = max(case.peak, case.per_minute)
        if case.per_minute:
            self.state.timers.wake("money", case.id, at - at % MONEY_EVERY + MONEY_EVERY)

    # --- outcomes and ends

    def _touch(self, case: Case, at: int, *, signs: bool = True) -> None:
        self.touched[case.id] = case
        case.told = max(case.told, at)
        if signs:
            case.updated = max(case.updated, at)

    def _outcome(self, case: Case, decision: str, outcome: str, at: int, done: int) -> None:
        """`done` is by our own clock: the PBX may have been silent for a while, and how often it ticks is no matter."""
        made = case.decisions.get(decision)
        if made is not None and not ACTS[made.action].contains:  # its failure lets nothing through
            return
        case.states[decision] = outcome
        if outcome == State.CONFIRMED:
            case.confirmed_at = done
        elif outcome == State.FAILED:
            leg = next((leg for key in case.legs if (leg := self.state.ledger.legs.get(key)) is not None), None)
            if leg is not None:
                case = self._climb(case, leg, at)
        self._touch(case, at, signs=False)

    def _climb(self, case: Case, leg: Leg, at: int) -> Case:
        """The calls go on although it was contained: one rung more, and whoever makes them belongs to it."""
        caller = Subject(SubjectKind.CALL, leg.call_id)
        if leg.extension:
            caller = Subject(SubjectKind.EXTENSION, leg.extension)
            case = self._joined([case, *self.state.cases.linked([caller])], at)
            self.state.cases.link(case, [caller])
        case.rung, case.climbed_at = min(case.rung + 1, HIGHEST_RUNG), at
        if case.status is Status.CONTAINED:
            case.status = Status.OPEN
        sign = Sign(
            stage=Stage.PUMPING, severity=Severity.CRITICAL, subject=caller,
            extension=leg.extension, block=leg.block, route=leg.route, trunk=leg.trunk,
        )  # fmt: skip
        self.decisions.decide(case, sign, case.mode, case.detections[-1], at)
        return case

    def _quiet(self, case: Case, due: int) -> None:
        quiet = QUIET_NIGHTS if CALLING.intersection(case.stages) else QUIET
        ends = max([case.updated + quiet, *self.decisions.ends(case, due)])
        if ends > due or case.legs:
            self.state.timers.wake("case", case.id, max(ends, due + QUIET if case.legs else ends))
            return
        self._end(case, due)

    def _end(self, case: Case, at: int) -> None:
        for name in list(case.decisions):
            self.decisions.lift(case, name, at)
        case.status = Status.CLOSED
        self._touch(case, at, signs=False)
        self.state.cases.drop(case)


def misused(rule: Detector[Any], facts: Facts) -> bool:
    """Whether the extension of the event did what the rule is about, or had it done in its name."""
    return bool(facts.extension) and not facts.inbound and rule.stage not in {Stage.RECON, Stage.CREDENTIAL}


def known(values: dict[str, Value]) -> dict[str, Value]:
    """Unknown is absent."""
    return {name: value for name, value in values.items() if value is not None}
