"""Who was contained: one who had a part in the attack, or somebody who did nothing, and which part of life that was."""

from collections.abc import Iterable

from msgspec import Struct

from detector.contract.events import AnyEvent, Call, Config, Login, Registration
from detector.contract.findings import Decision, Detection
from detector.contract.vocabulary import AccessOutcome, Direction, SubjectKind
from detector.decide.acts import ACTS
from detector.enrich.dialling.numbers import NumberPlan
from tests.evaluate.auto.offices import Office
from tests.evaluate.auto.standing import TO_THE_OUTSIDE, Cut, within


class Guilty(Struct, frozen=True):
    """What an attack has in its hands: whatever else is contained did nothing."""

    extensions: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def deserves(self, decision: Decision, honest_sources: frozenset[str]) -> bool:
        """Whether it was right to contain this; an address that honest people share with others was not."""
        kind, name = decision.target.kind, decision.target.id
        if kind is SubjectKind.SOURCE_IP:
            hits = any(within(source, name) for source in self.sources)
            return hits and not any(within(source, name) for source in honest_sources)
        if kind is SubjectKind.DESTINATION:
            return any(number.startswith(name) for number in self.numbers)
        return name in {SubjectKind.EXTENSION: self.extensions, SubjectKind.CALL: self.calls}.get(kind, self.routes)


NOBODY = Guilty()


def guilty(events: Iterable[AnyEvent], plan: NumberPlan) -> Guilty:
    """What the events of an attack use: extensions that were entered or call, not those that were only guessed at."""
    extensions, sources, numbers, calls, routes = set(), set(), set(), set(), set()
    for event in events:
        if isinstance(event, Call) and event.direction != Direction.INTERNAL:
            calls.add(event.call_id)
            if event.direction in TO_THE_OUTSIDE:
                extensions |= {event.extension, event.on_behalf_of}
                routes |= {event.route, event.trunk}
                numbers.add(plan.read(event.to or "").e164)
        elif isinstance(event, Registration | Login) and event.outcome == AccessOutcome.ACCEPTED:
            extensions.add(event.account)
        elif isinstance(event, Config):
            extensions.add(event.object_id)
        sources.add(getattr(event, "source_ip", None))
    return Guilty(*(frozenset(filter(None, found)) for found in (extensions, sources, numbers, calls, routes)))


class Hit(Struct, frozen=True):
    """Somebody who did nothing and was contained: by which act, after which rule, on what part of his life."""

    act: str
    target: str
    incident: str
    rule: str
    part: str


def wrongly(decisions: Iterable[Decision], detections: dict[str, Detection], guilty: Guilty, office: Office,
            honest_sources: frozenset[str]) -> list[Hit]:  # fmt: skip
    """Those who were contained and did nothing, once for each incident and target, by the first act."""
    hits: dict[tuple[str, str], Hit] = {}
    for one in decisions:
        if ACTS[one.action].contains and not guilty.deserves(one, honest_sources):
            found = detections.get(one.because[-1])
            hit = Hit(one.action, f"{one.target.kind} {one.target.id}", one.incident, found.rule if found else "?",
                      part_of(found.evidence[-1:] if found else (), office))  # fmt: skip
            hits.setdefault((hit.incident, hit.target), hit)
    return list(hits.values())


def part_of(evidence: Iterable[str], office: Office) -> str:
    """The part of life that the id of an event names."""
    return next((one.removeprefix(f"{office.pbx}-").partition("-")[0] for one in evidence), "?")


def part_of_call(cut: Cut, office: Office) -> str:
    """The part of life that a call belongs to, with the act that cut it."""
    return f"{part_of([cut.call.id], office)}, {cut.because.action}"


def is_honest(event: AnyEvent, office: Office) -> bool:
    """Whether it belongs to nobody's attack."""
    return part_of([event.id], office) != "attack"
