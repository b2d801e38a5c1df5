"""The engine: all memory of one partition, its time, and its pages in a checkpoint."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from detector.contract.codec import from_micros, to_micros
from detector.contract.events import AnyEvent, Call, Control, Notice, Registration, Unknown
from detector.contract.findings import AnyFinding
from detector.contract.vocabulary import ControlName, SourceNotice
from detector.correlate.pbx_state import PbxState
from detector.detect.catalogue import catalogue
from detector.engine import state as states
from detector.engine.compiled import Compiled
from detector.engine.inspection import Inspector
from detector.engine.state import CheckpointError, Pages
from detector.engine.verdicts import Verdicts
from detector.enrich import apply
from detector.enrich.fleet_list import PREFIX as FLEET_PAGES
from detector.enrich.fleet_list import FleetEntries
from detector.enrich.outside import PAGE as TABLES_PAGE
from detector.enrich.outside import Outside
from detector.enrich.premises import Tables
from detector.enrich.scores import Models, PlaceModel
from detector.memory.doubts import HISTORY, LATE, SURE, TEXT
from detector.memory.timers import LEDGER
from detector.settings import Policies, Settings, settings_from_json

AHEAD = timedelta(seconds=-60)
LONG_AGO = timedelta(hours=1)
LATE_MICROS = 60_000_000
SETTINGS_PAGE = "settings"
SETTINGS_AT_PAGE = "settings_at"
FOR_ALL = frozenset({ControlName.SETTINGS, ControlName.FLEET, ControlName.TABLES})


class Engine:
    """All memory of one partition and what it makes of events. No clock, no I/O, no randomness.

    `settings` and `tables` come from outside; a `control` event named `settings` replaces the former, one named
    `tables` says which block lists hold from there on, one named `fleet` adds to the fleet list. Findings are a
    function of these and the events in their order: in whatever batches, after whatever restart. Without `models`
    nothing is scored but new places.
    """

    def __init__(self, settings: Settings, tables: Tables, places: PlaceModel, models: Models | None = None) -> None:
        self.tables = tables
        self.counts: Counter[str] = Counter()
        self._inspector = Inspector(tables, places, models)
        self.errors = self._inspector.errors
        self._states: dict[tuple[str, bool], PbxState] = {}
        self._changed: dict[tuple[str, bool], PbxState] = {}
        self._sites: dict[str, Compiled] = {}
        self._unsaved_settings: bytes | None = None
        self._settings_at = 0
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
        at, doubts = self._when(event)
        known = state.seen.note(event.id, event.revision, at)
        if known is None:
            return self._first(event, at, doubts, state)
        if event.revision <= known:
            self.counts["duplicate"] += 1
            return []
        return self._revise(event, state, at, doubts)

    def _when(self, event: AnyEvent | Unknown) -> tuple[int, int]:
        """Event time in microseconds, bounded by when it came; and what is said against it by itself."""
        doubts = SURE if event.trust is None else TEXT
        if event.received_at is None:
            return to_micros(event.at), doubts
        delay = event.received_at - event.at
        if delay < AHEAD:
            self.counts["ahead"] += 1
            return to_micros(event.received_at), doubts
        return to_micros(event.at), doubts | HISTORY if delay > LONG_AGO else doubts

    def _first(self, event: AnyEvent | Unknown, at: int, doubts: int, state: PbxState) -> list[AnyFinding]:
        site = self._sites.get(event.pbx) or self._site(event.pbx)
        verdicts = Verdicts(state, site)
        if type(event) is Control:
            verdicts.take_control(event, max(state.now, 0))
            return verdicts.findings
        if at > state.now:
            if state.timers.passed(at):
                self._fire(at, state, site, verdicts)
            state.advance(at)
        elif at < state.now - LATE_MICROS:
            self.counts["late"] += 1
            doubts |= LATE
        verdicts.doubts = state.timers.doubts = doubts
        self._inspector.inspect(event, at, state, site, verdicts)
        return verdicts.findings

    def _fire(self, at: int, state: PbxState, site: Compiled, verdicts: Verdicts) -> None:
        while (timer := state.timers.due(at)) is not None:
            due, owner, key = timer
            verdicts.doubts = state.timers.doubts
            if due > state.now:
                state.advance(due)
            if owner == LEDGER:
                self._expire_leg(due, key, state, verdicts)
            elif owner in site.rules_by_id:
                self._inspector.inspect_due(owner, key, due, state, site, verdicts)
            else:
                verdicts.take_timer(due, owner, key)

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
            verdicts.give_up(leg, due)
        state.ledger.drop(leg)

    def _revise(self, event: AnyEvent | Unknown, state: PbxState, at: int, doubts: int) -> list[AnyFinding]:
        """A higher revision adds fields to what is known and moves no time.

        Rules are asked only where it is known now, and was not before, where a call goes, who is charged with it, by
        which route it goes, or by what program somebody registered.
        """
        self.counts["revision"] += 1
        site = self._sites.get(event.pbx) or self._site(event.pbx)
        if isinstance(event, Registration) and event.user_agent:
            verdicts = Verdicts(state, site)
            verdicts.doubts = state.timers.doubts = doubts
            self._inspector.inspect_program(event, max(state.now, at), state, site, verdicts)
            return verdicts.findings
        if not isinstance(event, Call):
            return []
        leg = apply.find_own(event, site, state.ledger)
        if leg is None:
            return []
        verdicts = Verdicts(state, site)
        verdicts.doubts = state.timers.doubts = doubts
        if apply.tells_more(leg, event):
            self._inspector.inspect(event, max(state.now, at), state, site, verdicts)
            return verdicts.findings
        apply.tell_trunk(leg, event, state.ledger)
        if apply.tell_route(leg, event):
            state.ledger.touch(leg)
            self._inspector.inspect_route(event, leg, max(state.now, at), state, site, verdicts)
        place = site.addresses.look_up(event.source_ip) if event.source_ip else None
        if place is None or leg.source:
            return verdicts.findings
        leg.source = place.key
        state.ledger.touch(leg)
        verdicts.locate(leg, place, max(state.now, at))
        verdicts.close()
        return verdicts.findings

    def _take_for_all(self, event: Control) -> list[AnyFinding]:
        if event.name == ControlName.FLEET:
            self._inspector.fleet.take(event.fleet, to_micros(event.at))
            return []
        if event.name == ControlName.SETTINGS and to_micros(event.at) < self._settings_at:
            return self._refuse(event)
        if event.tables is not None and not self._inspector.outside.take(event.tables, event.hosts):
            self.counts["lists_missing"] += 1
        if event.name == ControlName.TABLES:
            return []
        self._configure(settings_from_json(event.settings or {}))
        self._unsaved_settings = states.pack(event.settings or {})
        self._settings_at = to_micros(event.at)
        return []

    def _refuse(self, event: Control) -> list[AnyFinding]:
        """Settings that are older than those in force were played again: told of one PBX, and nothing else."""
        self.counts["replayed"] += 1
        pbx = min((name for name, drill in self._states if not drill), default=None)
        if pbx is None:
            return []
        at = max(self._states[pbx, False].now, 0)
        said = f"settings of {event.at:%Y-%m-%d %H:%M:%S} UTC came again, those in force are newer"
        return self.process(Notice(
            pbx=pbx, id=f"replayed:{event.id}", at=from_micros(at), name=SourceNotice.REPLAYED, source="ringfence",
            text=said,
        ))  # fmt: skip

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

    def legs_of(self, pbx: str) -> list[Call]:
        """The legs of a PBX that, as far as we know, are up, in its last phase and with the id of its first."""
        state = self._states.get((pbx, False))
        return [leg.as_call(pbx) for leg in state.ledger.legs.values() if leg.up] if state is not None else []

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
            pages.update(states.take_dirty(state))
        self._changed.clear()
        if self._unsaved_settings is not None:
            pages[SETTINGS_PAGE] = self._unsaved_settings
            pages[SETTINGS_AT_PAGE] = states.pack(self._settings_at)
            self._unsaved_settings = None
        pages.update(self._inspector.fleet.dirty_pages())
        pages.update(self._inspector.outside.dirty_page())
        return pages

    def load(self, pages: Iterable[tuple[str, bytes]]) -> None:
        """Take all memory from a checkpoint; what was remembered before is forgotten.

        Raises `CheckpointError` for what this version does not understand.
        """
        found, fleet = dict(pages), FleetEntries()
        outside, tables = Outside(self.tables), found.pop(TABLES_PAGE, None)
        settings, page = found.pop(SETTINGS_PAGE, None), SETTINGS_PAGE
        settings_at = found.pop(SETTINGS_AT_PAGE, None)
        listed = [(key, found.pop(key)) for key in list(found) if key.startswith(FLEET_PAGES)]
        try:
            if settings is not None:
                self._configure(settings_from_json(msgspec.msgpack.decode(settings, type=dict[str, object])))
            self._settings_at = 0 if settings_at is None else msgspec.msgpack.decode(settings_at, type=int)
            page = FLEET_PAGES
            fleet.restore(listed)
            page = TABLES_PAGE
            if tables is not None and not outside.restore(tables):
                self.counts["lists_missing"] += 1
        except states.UNREADABLE as error:
            raise CheckpointError(page, error) from error
        self._states = states.restore(found)
        self._changed.clear()
        self._unsaved_settings = None
        self._inspector.fleet, self._inspector.outside = fleet, outside
