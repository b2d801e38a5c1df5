"""The engine: one straight line from an event to findings, for every PBX of a partition."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from detector.contract.codec import to_micros
from detector.contract.events import AnyEvent, Call, Control, Login, Registration, Tick, Unknown
from detector.contract.findings import AnyFinding
from detector.detect.catalogue import catalogue
from detector.engine import state as states
from detector.engine.compiled import JUDGED, Compiled, Tables
from detector.engine.state import Pages, PbxState
from detector.engine.verdicts import Verdicts
from detector.enrich import apply
from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.fleet_list import PREFIX as FLEET_PAGES
from detector.enrich.fleet_list import FleetEntries
from detector.enrich.scores import Models
from detector.memory.fields import Memory
from detector.memory.timers import LEDGER
from detector.settings import Policies, Settings

AHEAD = timedelta(seconds=-60)
LATE = 60_000_000
HISTORY = timedelta(hours=1)
SETTINGS_PAGE = "settings"
FOR_ALL = frozenset({"settings", "fleet"})


class PlaceModel(Protocol):
    """How new a place is for an account; see `models/places.py`."""

    def score(self, memory: Memory, account: str, place: Place, agent: str | None) -> float | None:
        """0 to 1, None while cold."""
        ...

    def learn(self, memory: Memory, account: str, place: Place, agent: str | None) -> None:
        """From now on this place is known."""
        ...


class Engine:
    """All memory of one partition and what it makes of events. No clock, no I/O, no randomness.

    `settings` and `tables` come from outside; a `control` event named `settings` replaces the former, one named `fleet`
    adds to the fleet list. Findings are a function of these and the events in their order: in whatever batches, after
    whatever restart. Without `models` nothing is scored but new places.
    """

    def __init__(self, settings: Settings, tables: Tables, places: PlaceModel, models: Models | None = None) -> None:
        self.tables = tables
        self.places = places
        self.models = models
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._states: dict[tuple[str, bool], PbxState] = {}
        self._changed: dict[tuple[str, bool], PbxState] = {}
        self._sites: dict[str, Compiled] = {}
        self._fleet = FleetEntries()
        self._settings_json: bytes | None = None
        self._settings_dirty = False
        self._configure(settings)

    def process(self, event: AnyEvent | Unknown) -> list[AnyFinding]:
        """Findings of one event, in the order in which they came about."""
        self.counts["read"] += 1
        if type(event) is Control and event.name in FOR_ALL:
            return self._take_for_all(event)
        whose = (event.pbx, event.drill)
        state = self._states.get(whose)
        if state is None:
            state = self._states[whose] = PbxState(event.pbx, event.drill)
        self._changed[whose] = state
        at, history = self._when(event)
        known = state.seen.note(event.id, event.revision, at)
        if known is None:
            return self._first(event, at, history, state)
        if event.revision <= known:
            self.counts["duplicate"] += 1
            return []
        return self._revise(event, state, at)

    def _when(self, event: AnyEvent | Unknown) -> tuple[int, bool]:
        """Event time in microseconds, bounded by when it came; and whether it is history by now."""
        if event.received_at is None:
            return to_micros(event.at), False
        delay = event.received_at - event.at
        if delay < AHEAD:
            self.counts["ahead"] += 1
            return to_micros(event.received_at), False
        return to_micros(event.at), delay > HISTORY

    def _first(self, event: AnyEvent | Unknown, at: int, history: bool, state: PbxState) -> list[AnyFinding]:
        site = self._sites.get(event.pbx) or self._site(event.pbx)
        verdicts = Verdicts(state, site)
        if type(event) is Control:
            verdicts.control(event, max(state.now, 0))
            return verdicts.findings
        if at > state.now:
            if state.timers.passed(at):
                self._fire(at, state, site, verdicts)
            state.advance(at)
        elif at < state.now - LATE:
            self.counts["late"] += 1
            verdicts.late = True
        verdicts.history = history
        if type(event) is not Tick and type(event) is not Unknown:
            self._inspect(event, at, state, site, verdicts)
        return verdicts.findings

    def _inspect(self, event: Any, at: int, state: PbxState, site: Compiled, verdicts: Verdicts) -> None:
        facts = Facts(at, site.profile, site.plan, state.ledger, state.timers)
        kind = type(event)
        if kind is Call:
            apply.follow_call(event, facts, state, site)
        else:
            apply.identify(event, facts, state, site)
        account = self._scored(event, facts, state, site)
        judged = kind is Registration or kind is Login
        rules = site.rules_for(facts.extension or (judged and event.account) or "")
        phase = (facts.opened, facts.ended_now, facts.risky) if kind is Call else kind
        for detector in rules.get((kind, event.outcome) if judged else phase, ()):
            try:
                hit = detector.inspect(event, facts, state.memory)
            except Exception:  # counted and alarms: never the same as one that did not fire
                self.errors[detector.id] += 1
                continue
            if hit is not None:
                verdicts.detect(detector, hit, event, facts)
        self._learn(event, account, facts, state, verdicts)
        verdicts.close()

    def _scored(self, event: Any, facts: Facts, state: PbxState, site: Compiled) -> str | None:
        """What lists and models say of it, before they learn; the account that was accepted, None for nobody."""
        if self._fleet.entries:
            apply.compare(facts, self._fleet)
        if self.tables.block_lists and facts.place is not None:
            facts.listed = self.tables.block_lists.find(facts.place.address)
        leg = facts.leg
        if leg is not None:
            if self.models is not None and facts.ended_now and facts.billable:
                facts.season = site.season(facts.extension, leg.started)
                facts.score = self.models.calls.score(state.memory, leg, facts.season)
            return None
        if facts.place is None or type(event) not in JUDGED or event.outcome != "accepted":
            return None
        account = event.account or facts.extension
        facts.novelty = self.places.score(state.memory, account, facts.place, event.user_agent)
        if self.models is not None and account and (facts.novelty != 0 or type(event) is Login):
            facts.season = site.season(facts.extension, facts.at)
            facts.score = self.models.arrivals.score(state.memory, account, event, facts.place, facts.season)
        return account

    def _learn(self, event: Any, account: str | None, facts: Facts, state: PbxState, verdicts: Verdicts) -> None:
        """What nobody is accused for becomes usual."""
        place, leg = facts.place, facts.leg
        if account is not None and place is not None and not (facts.suspect_source or facts.suspect_extension):
            self.places.learn(state.memory, account, place, event.user_agent)
            if verdicts.findings:
                apply.suspects(facts, state, account)
            apply.learn_place(facts, state, account)
            if facts.score is not None and self.models is not None:
                self.models.arrivals.learn(state.memory, account, event.at, facts.score)
        if leg is None:
            return
        if facts.located and place is not None:
            verdicts.located(leg, place, state.now)
        verdicts.money(facts)
        apply.learn_block(facts, state)
        if facts.score is not None and self.models is not None and not apply.accused(leg, state):
            self.models.calls.learn(state.memory, leg, facts.season, facts.score)

    def _fire(self, at: int, state: PbxState, site: Compiled, verdicts: Verdicts) -> None:
        while (timer := state.timers.due(at)) is not None:
            due, owner, key = timer
            if due > state.now:
                state.advance(due)
            if owner == LEDGER:
                self._expire_leg(due, key, state, verdicts)
            elif owner in site.rules_by_id:
                self._rule_due(due, owner, key, state, site, verdicts)
            else:
                verdicts.due(due, owner, key)

    def _rule_due(self, due: int, owner: str, key: str, state: PbxState, site: Compiled, verdicts: Verdicts) -> None:
        facts = Facts(due, site.profile, site.plan, state.ledger, state.timers)
        leg = facts.leg = state.ledger.legs.get(key)
        facts.extension = leg.extension if leg is not None else ""
        if self._fleet.entries:
            apply.compare(facts, self._fleet)
        detector = site.rule(owner, facts.extension)
        try:
            hit = detector.due(key, facts, state.memory)
        except Exception:
            self.errors[detector.id] += 1
            return
        if hit is not None:
            verdicts.detect(detector, hit, None, facts)
        verdicts.close()

    def _expire_leg(self, due: int, key: str, state: PbxState, verdicts: Verdicts) -> None:
        leg = state.ledger.legs.get(key)
        if leg is None:
            return
        expires = state.ledger.expires(leg)
        if expires > due:
            state.timers.wake(LEDGER, key, expires)
            return
        if leg.up:
            self.counts["lost_end"] += 1
            verdicts.leg_gone(leg, due)
        state.ledger.drop(leg)

    def _revise(self, event: AnyEvent | Unknown, state: PbxState, at: int) -> list[AnyFinding]:
        """A higher revision adds fields to what is known and moves no time.

        Rules are asked only where it is known now, and was not before, where a call goes or who is charged with it.
        """
        self.counts["revision"] += 1
        if type(event) is not Call:
            return []
        site = self._sites.get(event.pbx) or self._site(event.pbx)
        leg = state.ledger.find(event.call_id, event.leg)
        if leg is not None and apply.tells_more(leg, event):
            verdicts = Verdicts(state, site)
            self._inspect(event, max(state.now, at), state, site, verdicts)
            return verdicts.findings
        if leg is not None and leg.up and event.trunk and not leg.trunk:
            state.ledger.amend(leg, partial(apply.tell_trunk, trunk=event.trunk))
        if not event.source_ip:
            return []
        place = site.addresses.look_up(event.source_ip)
        if place is None or leg is None or leg.source:
            return []
        leg.source = place.key
        state.ledger.touch(leg)
        verdicts = Verdicts(state, site)
        verdicts.located(leg, place, max(state.now, at))
        verdicts.close()
        return verdicts.findings

    def _take_for_all(self, event: Control) -> list[AnyFinding]:
        if event.name == "fleet":
            self._fleet.take(event.fleet, to_micros(event.at))
            return []
        self._configure(Settings.model_validate(event.settings or {}))
        self._settings_json = states.pack(event.settings or {})
        self._settings_dirty = True
        return []

    def _configure(self, settings: Settings) -> None:
        self._policies = Policies(settings, catalogue())
        self._sites.clear()

    def _site(self, pbx: str) -> Compiled:
        site = self._sites[pbx] = Compiled(self._policies.of(pbx), self.tables)
        return site

    def due(self, at: int) -> list[str]:
        """PBXs for which a timer is due at `at` (microseconds): a tick would make it fire."""
        return [
            state.pbx for state in self._states.values()
            if state.timers.passed(at) and not state.drill
        ]  # fmt: skip

    def event_time(self, pbx: str) -> int | None:
        """Until when a PBX was heard of, in microseconds; None for one that never said anything."""
        state = self._states.get((pbx, False))
        return state.now if state is not None and state.now >= 0 else None

    def calls_up(self) -> int:
        """How many legs of calls are up now, over all PBXs."""
        return sum(state.ledger.legs_up for state in list(self._states.values()))

    def entities(self) -> int:
        """How many subjects, calls and incidents are remembered, over all PBXs."""
        return sum(state.entities() for state in self._states.values())

    def dirty_pages(self) -> Pages:
        """What changed since this was last asked for: the pages of a checkpoint, None for one that is gone."""
        pages: Pages = {}
        for state in self._changed.values():
            pages.update(state.dirty_pages())
        self._changed.clear()
        if self._settings_dirty:
            pages[SETTINGS_PAGE] = self._settings_json
            self._settings_dirty = False
        pages.update(self._fleet.dirty_pages())
        return pages

    def load(self, pages: Iterator[tuple[str, bytes]]) -> None:
        """Take all memory from a checkpoint; what was remembered before is forgotten."""
        found: Mapping[str, bytes] = dict(pages)
        settings = found.get(SETTINGS_PAGE)
        if settings is not None:
            self._settings_json = settings
            self._configure(Settings.model_validate(states.unpack(settings)))
        self._changed.clear()
        self._fleet = FleetEntries()
        self._fleet.restore((key, value) for key, value in found.items() if key.startswith(FLEET_PAGES))
        rest = ((key, value) for key, value in found.items() if not key.startswith((SETTINGS_PAGE, FLEET_PAGES)))
        self._states = states.restore(rest)
