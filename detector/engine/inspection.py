"""The line of one event through the core: enrich, score, detect, and learn what nobody is accused of."""

from collections import Counter

from detector.contract.events import AnyEvent, Call, Config, Event, Login, Notice, Registration, Unknown
from detector.contract.findings import Subject
from detector.contract.vocabulary import AccessOutcome, SipMethod, SubjectKind
from detector.correlate import suspects
from detector.correlate.pbx_state import PbxState
from detector.detect.catalogue import AnyDetector
from detector.detect.detector import Routed
from detector.detect.shared.attempts import names, of_trunk, refused
from detector.engine.compiled import Compiled
from detector.engine.verdicts import Verdicts
from detector.enrich import apply
from detector.enrich.account_names import bound_names
from detector.enrich.facts import Facts
from detector.enrich.fleet_list import FleetEntries
from detector.enrich.habits import (
    has_moved,
    learn_block,
    learn_place,
    learn_sender,
    note_refusal,
    watched_days,
)
from detector.enrich.ledger import Leg
from detector.enrich.outside import Outside
from detector.enrich.premises import Tables
from detector.enrich.scores import Models, PlaceModel
from detector.memory.doubts import HISTORY
from detector.memory.fields import Memory

ACCEPTED = AccessOutcome.ACCEPTED
NOBODY_CAME = frozenset({AccessOutcome.EXPIRED, AccessOutcome.REMOVED})
"""The PBX ended a registration by itself."""
PROGRAM = "user_agent"
"""What a rule needs that judges the program somebody registers with."""


class Inspector:
    """Asks rules and models about events. It has no memory of a PBX, only what holds for all: models and lists.

    `errors` counts by rule what a rule raised; `fleet` is the fleet list, `outside` the block lists and host names.
    """

    def __init__(self, tables: Tables, places: PlaceModel, models: Models | None) -> None:
        self.errors: Counter[str] = Counter()
        self.fleet = FleetEntries()
        self.outside = Outside(tables)
        self._places = places
        self._models = models

    def inspect(
        self, event: AnyEvent | Unknown, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        """One event that has happened, at `at` in microseconds. Ticks and what is unknown only move time."""
        # by `type`, for `isinstance` of a struct is slow where it is not one
        if type(event) is Call:
            self._inspect_call(event, at, state, site, verdicts)
        elif type(event) is Registration or type(event) is Login:
            self._inspect_arrival(bound_names(event), at, state, site, verdicts)
        elif type(event) is Notice or type(event) is Config:
            told = bound_names(event) if type(event) is Notice else event
            self._inspect_notice(told, at, state, site, verdicts)

    def inspect_due(
        self, rule: str, key: str, due: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        """A timer that a rule asked for has come."""
        facts = Facts(due, site.profile, site.plan, state.ledger, state.timers)
        leg = facts.leg = state.ledger.legs.get(key)
        facts.extension = leg.extension if leg is not None else ""
        if self.fleet.entries:
            apply.consult_fleet(facts, self.fleet)
        detector = site.rule(rule, facts.extension)
        try:
            hit = detector.due(key, facts, memory_for(verdicts.doubts, state))
        except Exception:  # as in `_ask`
            self.errors[detector.id] += 1
            return
        if hit is not None:
            verdicts.detect(detector, hit, None, facts)
        verdicts.close()

    def _inspect_call(
        self, event: Call, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        leg = apply.follow_call(event, facts, state.memory, site)
        if state.cases.links:  # for most events are of calls, and mostly there is nobody to suspect
            suspects.accuse_caller(facts, state, site.addresses)
            if facts.opened:
                verdicts.meet(facts.place, leg.started)
        self._look_up(facts)
        if facts.opened and event.trunk_in:
            learn_sender(facts, state.memory)
        if self._models is not None and facts.ended_now and facts.billable:
            facts.season = site.season(facts.extension, leg.started)
            facts.score = self._models.calls.score(state.memory, leg, facts.season)
        rules = site.rules_for(facts.extension)[facts.opened, facts.ended_now or facts.recharged, facts.risky]
        if facts.recharged:  # to whoever sent it on it begins and ends here; everybody else was told of it
            facts.ended_now = True
            rules = tuple(rule for rule in rules if rule.subject is SubjectKind.EXTENSION)
        self._ask(rules, event, facts, state, verdicts)
        if facts.routed:
            self._ask(site.rules_for(facts.extension)[Routed], event, facts, state, verdicts)
        self._learn_call(leg, facts, state, verdicts)
        verdicts.close()

    def inspect_route(
        self, event: Call, leg: Leg, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        """By which route a call goes has become known, and nothing else of it is new."""
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        facts.leg, facts.extension, facts.billable = leg, leg.extension, apply.is_billable(leg)
        if state.cases.links:
            suspects.accuse_caller(facts, state, site.addresses)
        self._ask(site.rules_for(facts.extension)[Routed], event, facts, state, verdicts)
        verdicts.close()

    def inspect_program(
        self, event: Registration, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        """By what program somebody registered has become known, and nothing else of it is new."""
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        suspects.accuse(facts, state, apply.identify(event, facts, site))
        rules = site.rules_for(facts.extension or event.account or "").get((Registration, event.outcome), ())
        self._ask(tuple(rule for rule in rules if PROGRAM in rule.needs), event, facts, state, verdicts)
        verdicts.close()

    def _inspect_arrival(
        self, event: Registration | Login, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        account = apply.identify(event, facts, site)
        suspects.accuse(facts, state, account)
        if state.cases.links and event.outcome not in NOBODY_CAME:
            verdicts.meet(facts.place, at)
        self._look_up(facts)
        if type(event) is Registration and event.method == SipMethod.INVITE:
            learn_sender(facts, state.memory)
        accepted = event.outcome == ACCEPTED and facts.place is not None
        if refused(event):
            note_refusal(names(event) or (account,), event.count, facts, state.memory)
        if accepted:
            self._welcome(event, account, facts, state, verdicts)
            self._score_arrival(event, facts, state, site)
        rules = site.rules_for(facts.extension or event.account or "")
        self._ask(rules.get((type(event), event.outcome), ()), event, facts, state, verdicts)
        if accepted:
            self._learn_arrival(event, facts, state, suspected=bool(verdicts.findings))
        verdicts.close()

    def _inspect_notice(
        self, event: Notice | Config, at: int, state: PbxState, site: Compiled, verdicts: Verdicts
    ) -> None:  # fmt: skip
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        suspects.accuse(facts, state, apply.identify(event, facts, site))
        self._look_up(facts)
        self._ask(site.rules_for(facts.extension)[type(event)], event, facts, state, verdicts)
        verdicts.close()

    def _look_up(self, facts: Facts) -> None:
        """What the fleet list and block lists say."""
        if self.fleet.entries:
            apply.consult_fleet(facts, self.fleet)
        self.outside.look_up(facts)

    def _welcome(
        self, event: Registration | Login, account: str, facts: Facts, state: PbxState, verdicts: Verdicts
    ) -> None:
        """Recognise an office that comes back on a new address; whoever guessed there before is one of its phones."""
        place = facts.place
        if place is None or place.private or facts.at_home or of_trunk(event) or not account:
            return
        if has_moved(account, place, state.memory, facts.at):
            verdicts.acquit(Subject(SubjectKind.SOURCE_IP, place.key), facts.at)
            suspects.accuse(facts, state, account)

    def _score_arrival(self, event: Registration | Login, facts: Facts, state: PbxState, site: Compiled) -> None:
        place, account = facts.place, event.account or facts.extension
        if place is None:
            return
        facts.novelty = self._places.score(state.memory, account, place, event.user_agent)
        if self._models is not None and account and (facts.novelty != 0 or isinstance(event, Login)):
            facts.season = site.season(facts.extension, facts.at)
            facts.score = self._models.arrivals.score(state.memory, account, event, place, facts.season)

    def _ask(
        self, rules: tuple[AnyDetector, ...], event: Event, facts: Facts, state: PbxState, verdicts: Verdicts
    ) -> None:  # fmt: skip
        memory = memory_for(verdicts.doubts, state)
        for detector in rules:
            try:
                hit = detector.inspect(event, facts, memory)
            except Exception:  # counted and alarms: never the same as one that did not fire
                self.errors[detector.id] += 1
                continue
            if hit is not None:
                verdicts.detect(detector, hit, event, facts)

    def _learn_arrival(
        self, event: Registration | Login, facts: Facts, state: PbxState, *, suspected: bool
    ) -> None:  # fmt: skip
        """Who was let in and is no suspect, is known from there; `suspected`: by now somebody may be."""
        place, account = facts.place, event.account or facts.extension
        if place is None or facts.suspect_source or facts.suspect_extension:
            return
        self._places.learn(state.memory, account, place, event.user_agent)
        if suspected:
            suspects.accuse(facts, state, account)
        learn_place(facts, state.memory, account)
        if facts.score is not None and self._models is not None:
            self._models.arrivals.learn(state.memory, account, event.at, facts.score)

    def _learn_call(self, leg: Leg, facts: Facts, state: PbxState, verdicts: Verdicts) -> None:
        """What the call changes of its incident; and a call of which nobody is accused becomes usual."""
        if facts.located and facts.place is not None:
            verdicts.locate(leg, facts.place, state.now)
        if leg.incident or facts.risky or facts.dropped is not None:
            verdicts.follow(leg, facts)
        if facts.opened and facts.billable:
            watched_days.add(state.memory, "", facts.at)
        if facts.ended_now and facts.risky and not facts.recharged:
            attack = suspects.is_of_attack(leg, state.dossiers, facts.at)
            learn_block(leg, facts, state.memory, attack=attack)
        if facts.score is not None and self._models is not None and not suspects.is_accused(leg, state.cases):
            self._models.calls.learn(state.memory, leg, facts.season, facts.score)


def memory_for(doubts: int, state: PbxState) -> Memory:
    """What rules count in: history by itself."""
    return state.history if doubts & HISTORY else state.memory
