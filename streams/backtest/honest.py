"""The history itself: whoever is alarmed by it is alarmed falsely, unless it holds attacks nobody knows of."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from msgspec import Struct

from detector.contract.findings import AnyFinding, Detection
from streams.backtest.bench import Bench, keep_pages
from streams.backtest.effects import acting, alarming, counts, findings
from streams.config.installation import Installation


class Alarm(Struct, frozen=True, kw_only=True):
    """An incident of the honest history that somebody would have been told of."""

    day: int
    kind: str
    severity: str
    title: str
    rules: tuple[str, ...]


class Honest(Struct, frozen=True, kw_only=True):
    """What the honest part led to, after the days of learning: alarms, containments, and rules that broke."""

    alarms: tuple[Alarm, ...]
    containments: int
    broken: dict[str, int]

    def by_rule(self) -> dict[str, int]:
        """In how many alarms each rule has a part."""
        found: dict[str, int] = {}
        for alarm in self.alarms:
            for rule in alarm.rules:
                found[rule] = found.get(rule, 0) + 1
        return found


def lived_through(bench: Bench, which: int, first: int, mornings: Collection[int]) -> Honest:
    """All of the history under one configuration, judged from day `first` on; memory is saved on these `mornings`."""
    history, engine = bench.history, bench.engine(which)
    pages: dict[str, bytes] = {}
    found: list[AnyFinding] = []
    for day in range(history.days):
        if day in mornings:
            keep_pages(pages, engine)
            bench.save(which, day, pages)
        for event in history.day(day):
            found += engine.process(event)
    found += findings(engine, history.pbx, (), history.begin(history.days))
    return judged(bench, found, first, engine.errors)


def again(bench: Bench, which: int, first: int, settings: Installation) -> Honest:
    """The history from day `first` on under other limits, from the memory of that morning."""
    history, engine = bench.history, bench.resumed(which, first, settings)
    events = chain.from_iterable(bench.history.day(day) for day in range(first, history.days))
    found = findings(engine, history.pbx, events, history.begin(history.days))
    return judged(bench, list(found), first, engine.errors)


def judged(bench: Bench, found: list[AnyFinding], first: int, broken: dict[str, int]) -> Honest:
    """Alarms and containments from day `first` on."""
    begin = bench.history.begin(first)
    rules = {one.id: one.rule for one in found if isinstance(one, Detection) and counts(one)}
    alarms = [
        Alarm(
            day=max((one.opened_at - bench.history.begin(0)).days, first), kind=one.kind, severity=one.severity,
            title=one.title, rules=tuple(rules_of(one.detections, rules)),
        )
        for one in alarming(found) if one.opened_at >= begin and rules.keys() & set(one.detections)
    ]  # fmt: skip
    containments = sum(one.at >= begin for one in acting(found))
    return Honest(alarms=tuple(alarms), containments=containments, broken=dict(broken))


def rules_of(detections: Iterable[str], rules: dict[str, str]) -> Iterator[str]:
    """The rules of these detections, none twice."""
    yield from sorted({rules[one] for one in detections if one in rules})
