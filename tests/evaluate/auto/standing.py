"""A PBX under containment: people and attackers do what they mean to do, as far as what was decided lets them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from ipaddress import ip_address, ip_network

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.codec import to_micros
from detector.contract.events import AnyEvent, Call, Control, Login, Registration, Tick
from detector.contract.findings import AnyFinding, Decision
from detector.contract.vocabulary import Act, DecisionStatus, Direction, Disposition, Phase, State, SubjectKind
from detector.enrich.dialling.numbers import NumberPlan
from streams.backtest.effects import acts
from streams.backtest.history import arrived
from streams.backtest.making import DELAY

HANDS = timedelta(seconds=1)
"""From a decision to its confirmation; `make bench` measures it."""
MINUTE = timedelta(minutes=1)
TO_THE_OUTSIDE = frozenset({Direction.OUTBOUND, Direction.TRANSIT})
EMERGENCY = "Emergency"


class Cut(Struct, frozen=True):
    """A call that was ended or did not come about, and by what."""

    call: Call
    because: Decision


class Contained:
    """What stands at a PBX because of what was decided, and what that did to calls; nobody answers what is asked."""

    def __init__(self, pbx: str, plan: NumberPlan, begin: datetime) -> None:
        self._pbx = pbx
        self._plan = plan
        self.now = begin
        self.cuts: list[Cut] = []
        self.begun: list[Decision] = []
        self.calls = 0
        self.spoken: dict[str, float] = {}
        self._known: set[str] = set()
        self._standing: dict[str, Decision] = {}
        self._due: list[tuple[datetime, int, Decision]] = []
        self._up: dict[str, Call] = {}
        self._answered: dict[str, datetime] = {}
        self._gone: set[str] = set()
        self._turn = 0

    def resumed(self) -> "Contained":
        """The same PBX as it stands now, with nothing counted yet."""
        found = Contained(self._pbx, self._plan, self.now)
        found._known, found._standing, found._due = set(self._known), dict(self._standing), list(self._due)
        found._up, found._answered, found._gone = dict(self._up), dict(self._answered), set(self._gone)
        found._turn = self._turn
        return found

    def take(self, found: Iterable[AnyFinding]) -> None:
        """What was decided is done a moment later, and let go when it is lifted."""
        for one in found:
            if not isinstance(one, Decision):
                continue
            if one.status is DecisionStatus.LIFTED:
                if self._standing.pop(one.id, None) is not None:
                    self._soon(one)
            elif acts(one) and one.id not in self._known:
                self._known.add(one.id)
                self.begun.append(one)
                self._soon(one)

    def _soon(self, decision: Decision) -> None:
        self._turn += 1
        heappush(self._due, (self.now + HANDS, self._turn, decision))

    def play(self, meant: Iterable[AnyEvent], until: datetime, is_due: Callable[[int], object]) -> Iterator[AnyEvent]:
        """What really happens of what is meant to, with outcomes, and ticks of the minutes in which timers are due."""
        for event in meant:
            yield from self._pass(arrived(event), is_due)
            yield from self._happen(event)
        yield from self._pass(until, is_due)
        yield self._tick(until)

    def _pass(self, at: datetime, is_due: Callable[[int], object]) -> Iterator[AnyEvent]:
        while True:
            minute = self.now + MINUTE
            if self._due and self._due[0][0] <= min(at, minute):
                self.now, _, decision = heappop(self._due)
                yield from self._carry_out(decision)
            elif minute <= at:
                self.now = minute
                if is_due(to_micros(minute)):
                    yield self._tick(minute)
            else:
                self.now = max(self.now, at)
                return

    def _tick(self, at: datetime) -> Tick:
        return Tick(pbx=self._pbx, id=f"tick:{at.isoformat()}", at=at)

    def _carry_out(self, decision: Decision) -> Iterator[AnyEvent]:
        if decision.status is DecisionStatus.LIFTED:
            yield self._outcome(decision, State.UNDONE)
            return
        if decision.action is Act.HANG_UP:
            for call in [call for call in self._up.values() if self._stops(decision, call)]:
                yield self._ended(self._up.pop(call.call_id), decision)
        else:
            self._standing[decision.id] = decision
        yield self._outcome(decision, State.CONFIRMED)

    def _outcome(self, decision: Decision, state: State) -> Control:
        return Control(
            pbx=decision.pbx, id=f"outcome:{decision.id}:{state}", at=self.now, name="outcome", decision=decision.id,
            incident=decision.incident, state=state, by="executor", source="ringfence",
        )  # fmt: skip

    def _happen(self, event: AnyEvent) -> Iterator[AnyEvent]:
        if isinstance(event, Call):
            yield from self._called(event)
        elif not isinstance(event, Registration | Login) or self._kept_out(event.source_ip) is None:
            yield event

    def _called(self, event: Call) -> Iterator[Call]:
        """One phase of a call, unless it was cut before."""
        if event.call_id in self._gone:
            return
        outside = event.direction in TO_THE_OUTSIDE
        if event.phase == Phase.STARTED and outside:
            self.calls += "-attack-" not in event.id
            because = self._stopped_by(event)
            if because is not None:
                yield from self._refused(event, because)
                return
            self._up[event.call_id] = event
        elif event.phase == Phase.ANSWERED:
            self._answered[event.call_id] = event.at
        elif event.phase == Phase.ENDED and self._up.pop(event.call_id, None) is not None:
            self.spoken[event.call_id] = event.talk or 0.0
        yield event

    def _stopped_by(self, event: Call) -> Decision | None:
        if event.route == EMERGENCY:
            return None
        kept_out = self._kept_out(event.source_ip)
        if kept_out is not None:
            return kept_out
        return next((one for one in self._standing.values() if self._stops(one, event)), None)

    def _kept_out(self, source: str | None) -> Decision | None:
        if source is None:
            return None
        blocks = (one for one in self._standing.values() if one.action is Act.BLOCK_IP)
        return next((one for one in blocks if within(source, one.target.id)), None)

    def _stops(self, decision: Decision, call: Call) -> bool:
        """Whether a decision that is carried out is about this call to the outside."""
        target = decision.target
        if call.route == EMERGENCY or decision.action in {Act.BLOCK_IP, Act.BACKUP_PBX, Act.RESET_REGISTRATION}:
            return False
        if target.kind is SubjectKind.EXTENSION:
            return target.id in {call.extension, call.on_behalf_of}
        if target.kind is SubjectKind.DESTINATION:
            return (self._plan.read(call.to or "").e164 or "").startswith(target.id)
        return target.id == {SubjectKind.CALL: call.call_id, SubjectKind.ROUTE: call.route}.get(target.kind, call.trunk)

    def _refused(self, event: Call, because: Decision) -> Iterator[Call]:
        """It does not come about; who is kept out by address is not even heard."""
        self._gone.add(event.call_id)
        self.cuts.append(Cut(event, because))
        if because.action is not Act.BLOCK_IP:
            yield replace(
                event, id=f"{event.call_id}/ended", phase="ended", trunk=None, route=None, channel=None,
                started_at=event.at, talk=0.0, duration=0.0, disposition=Disposition.FAILED, reason="no_permission",
            )  # fmt: skip

    def _ended(self, started: Call, because: Decision) -> Call:
        """It is hung up."""
        self._gone.add(started.call_id)
        self.cuts.append(Cut(started, because))
        answered = self._answered.get(started.call_id)
        talk = 0.0 if answered is None else max(0.0, (self.now - answered).total_seconds())
        self.spoken[started.call_id] = talk
        return replace(
            started, id=f"{started.call_id}/ended", phase="ended", at=self.now, received_at=self.now + DELAY,
            started_at=started.at, answered_at=answered, talk=talk,
            duration=max(0.0, (self.now - started.at).total_seconds()),
            disposition=Disposition.FAILED if answered is None else Disposition.ANSWERED,
        )  # fmt: skip


@lru_cache(maxsize=65_536)
def within(source: str, network: str) -> bool:
    """Whether an address belongs to a network."""
    return ip_address(source) in ip_network(network, strict=False)
