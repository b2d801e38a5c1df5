"""One attack woven into one stretch of history, and what became of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import merge
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Call
from detector.contract.findings import AnyFinding, Detection, Incident
from detector.contract.visibility import Telling, alike, kind_of, visible
from detector.contract.vocabulary import Mode, Severity
from detector.detect.catalogue import detectors
from detector.detect.needs import needs_of
from detector.settings import PbxProfile
from streams.backtest.attacks import Attack
from streams.backtest.bench import Bench
from streams.backtest.bill import Bill, bill
from streams.backtest.effects import acts, alarming, counts, findings, names
from streams.backtest.history import History, arrived, order
from streams.backtest.scene import played, staged

AFTERWARDS = timedelta(hours=2)
"""So long after the last event of an attack it may still be found."""


class Trial(Struct, frozen=True, kw_only=True):
    """One attack to come, beginning on one day of the history; `seed` draws all the rest."""

    attack: str
    number: int
    day: int
    seed: str


class Firing(Struct, frozen=True):
    """When a rule first fired: seconds from the first event of the attack, and money gone by then."""

    delay: float
    spent: int


class TrialVerdict(Struct, frozen=True, kw_only=True):
    """What became of one trial.

    `delay` is in seconds from the first event until somebody was alarmed about the right subject. `rules` alarmed;
    `noted` are those that gave information only. Money is in minor units: `spent` until it was decided to act, or in
    all; `spent_at_alarm` until the alarm, or in all. Not `visible`: the sources do not tell what it is found by.
    """

    attack: str
    number: int
    found: bool
    kind: str
    kind_right: bool
    incidents: int
    delay: float | None
    rules: dict[str, Firing]
    noted: tuple[str, ...]
    contained: bool
    spent: int
    spent_at_alarm: int
    visible: bool = True


def planned(attack: str, trials: int, first: int, history: History, profile: PbxProfile, seed: int) -> list[Trial]:
    """Trials on days drawn from `first` to the last of the history, early enough to end within it where they can.

    Empty if the sources of this history would tell nothing of such an attack.
    """
    random = Random(f"{seed} {attack} {history.pbx}")  # noqa: S311 - a draw that can be repeated, not a secret
    found = []
    for number in range(trials):
        day, name = random.randrange(first, history.days), f"{seed} {attack} {number}"
        events = staged(attack, history, profile, day, name).events
        if not events:
            return []
        beyond = -((history.begin(history.days) - events[-1].at) // timedelta(days=1))
        found.append(Trial(attack=attack, number=number, day=max(first, day - max(beyond, 0)), seed=name))
    return found


def tried(bench: Bench, which: int, trial: Trial) -> TrialVerdict:
    """Run one trial under one of the configurations, from the memory of the morning it begins."""
    history, profile = bench.history, bench.profiles[0]
    verdict = lived(bench, which, trial, staged(trial.attack, history, profile, trial.day, trial.seed))
    if verdict.found or history.gives is None:
        return verdict
    whole = played(trial.attack, history, profile, trial.day, trial.seed)
    return replace(verdict, visible=not blind(lived(bench, which, trial, whole), whole, history.gives))


def lived(bench: Bench, which: int, trial: Trial, made: Attack) -> TrialVerdict:
    """What becomes of an attack that is told so."""
    history = bench.history
    end = max(event.at for event in made.events) + AFTERWARDS
    days = range(trial.day, min(history.days, (end.date() - history.first).days + 2))
    honest = (event for day in days for event in bench.day(day) if arrived(event) <= end)
    engine = bench.resumed(which, trial.day)
    found = list(findings(engine, history.pbx, merge(honest, made.events, key=order), end))
    return judged(trial, made, found, bill(made.events, bench.site))


def blind(whole: TrialVerdict, made: Attack, gives: tuple[Telling, ...]) -> bool:
    """Whether an attack would be found if all of it were told, but only by rules that nothing told of it feeds."""
    kinds = {kind_of(event) for event in made.events}
    told = [one for one in gives if any(alike(one.kind, kind) for kind in kinds)]
    return whole.found and not any(visible(needs_of(detectors()[rule]), told) for rule in whole.rules)


def judged(trial: Trial, made: Attack, found: Sequence[AnyFinding], costs: Bill) -> TrialVerdict:
    """What the findings say of the attack; what the honest part alone leads to is left out."""
    ours = {event.id for event in made.events}
    begun = min(begin(event) for event in made.events)
    detections = [one for one in found if isinstance(one, Detection) and ours.intersection(one.evidence)]
    ids = {one.id for one in detections if counts(one)}
    told = [one for one in alarming(found) if ids.intersection(one.detections)]
    right = [one for one in told if names(one, made)]
    states = [one for one in found if isinstance(one, Incident) and ids.intersection(one.detections)]
    alarm = next((one for one in states if one.severity is not Severity.INFO and names(one, made)), None)
    about = {one.id for one in states}
    decision = next((one for one in found if right and acts(one) and one.incident in about), None)
    rules = fired(detections, begun, costs)
    return TrialVerdict(
        attack=trial.attack, number=trial.number, found=bool(right), incidents=len(told), rules=rules,
        noted=tuple(sorted({one.rule for one in detections if one.mode is not Mode.SHADOW} - rules.keys())),
        kind=(right or told)[0].kind if told else "",
        kind_right=bool(right) and (not made.kinds or right[0].kind in made.kinds),
        delay=(alarm.at - begun).total_seconds() if right and alarm is not None else None,
        contained=decision is not None,
        spent=costs.until(None if decision is None else decision.at),
        spent_at_alarm=costs.until(alarm.at if right and alarm is not None else None),
    )  # fmt: skip


def fired(detections: Iterable[Detection], begun: datetime, costs: Bill) -> dict[str, Firing]:
    """The first alarm of each rule."""
    found: dict[str, Firing] = {}
    for one in detections:
        if counts(one) and one.rule not in found:
            found[one.rule] = Firing((one.at - begun).total_seconds(), costs.until(one.at))
    return found


def begin(event: AnyEvent) -> datetime:
    """When something began, even where it was heard of only in the end."""
    return (event.started_at or event.at) if isinstance(event, Call) else event.at
