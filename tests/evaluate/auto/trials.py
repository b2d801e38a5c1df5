"""Honest months of an office with all rules acting, and attacks woven into them, each from the morning it begins."""

from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from random import Random

from msgspec import Struct

from detector.contract.events import AnyEvent, Call, Login, Registration
from detector.contract.findings import AnyFinding, Detection
from detector.contract.vocabulary import AccessOutcome, Phase
from detector.detect.catalogue import catalogue
from detector.engine.engine import Engine
from detector.enrich.premises import Premises
from detector.settings import profile
from models.places import Places
from models.unusual import Unusual
from streams.backtest.attacks import Attack
from streams.backtest.bench import keep_pages
from streams.backtest.bill import bill
from streams.backtest.history import arrived, order
from streams.backtest.slow import SLOW
from streams.backtest.trials import AFTERWARDS, Trial, judged
from tests.evaluate.auto.crimes import all_crimes, colleagues
from tests.evaluate.auto.hits import NOBODY, Guilty, Hit, guilty, is_honest, part_of_call, wrongly
from tests.evaluate.auto.life import month
from tests.evaluate.auto.offices import Office
from tests.evaluate.auto.standing import TO_THE_OUTSIDE, Contained
from tests.evaluate.judge import TABLES, Attacked, settings_of
from tests.evaluate.profiles import Seen
from tests.evaluate.site import DAYS

DAY = timedelta(days=1)
FIRST_ATTACK, LAST_ATTACK = 8, 26
FIRST_SLOW, LAST_SLOW = 10, 15


class Honest(Struct, frozen=True, kw_only=True):
    """What the honest people of some days had to suffer."""

    extension_days: float
    calls: int
    hits: tuple[Hit, ...]
    cut: dict[str, int]
    robbed_cut: int
    """Calls of those whose own extension was stolen, which was rightly restricted."""


class Ended(Struct, frozen=True, kw_only=True):
    """One attack: whether it was found, minutes that it meant to talk and did, and what else was hit meanwhile."""

    attacked: Attacked
    meant: float
    spoken: float
    honest: Honest


class ActingMonth:
    """A month of one office that its sources tell of, lived through once, and again from each morning of an attack."""

    def __init__(self, office: Office, seed: int, seen: Seen, attacks: tuple[str, ...]) -> None:
        self.office, self.seen, self._seed = office, seen, seed
        self._premises = Premises(profile(settings_of(office), office.pbx, catalogue()), TABLES)
        self._meant = month(office, seed)
        self._sources = frozenset(event.source_ip for event in self._meant if comes_in(event))
        self._trials = {name: Trial(attack=name, number=seed, day=day_of(name, seed, office),
                                    seed=f"{seed} {name} {office.pbx}") for name in attacks}  # fmt: skip
        self._mornings: dict[int, tuple[dict[str, bytes], Contained]] = {}
        self._detections: dict[str, Detection] = {}
        self.honest = self._live()

    def _engine(self) -> Engine:
        return Engine(settings_of(self.office), TABLES, Places(), Unusual())

    def _live(self) -> Honest:
        engine, pages = self._engine(), dict[str, bytes]()
        stands = Contained(self.office.pbx, self._premises.plan, self.office.clock(0, 0))
        found: list[AnyFinding] = []
        begin = 0
        for day in [*sorted({trial.day for trial in self._trials.values()}), DAYS + 1]:
            morning = self.office.clock(day, 0)
            end = self._until(morning)
            found += self._act(engine, stands, self._meant[begin:end], morning)
            keep_pages(pages, engine)
            self._mornings[day] = dict(pages), stands.resumed()
            begin = end
        self._detections = {one.id: one for one in found if isinstance(one, Detection)}
        return self._suffered(stands, found, NOBODY, DAYS)

    def _until(self, at: datetime) -> int:
        return bisect_left(self._meant, at, key=arrived)

    def _act(self, engine: Engine, stands: Contained, meant: list[AnyEvent], until: datetime) -> list[AnyFinding]:
        """Everything that is found while what is meant happens as far as it can."""
        found: list[AnyFinding] = []
        for event in self.seen.telling(self.seen.happening(stands.play(meant, until, engine.due))):
            new = engine.process(event)
            stands.take(new)
            found += new
        assert not engine.errors, engine.errors
        return found

    def attacked(self, name: str) -> Ended:
        """What becomes of an attack, and of everybody else while it goes on."""
        trial = self._trials[name]
        random = Random(trial.seed)  # noqa: S311 - traffic, not secrets
        stage = self.office.staged(name, trial.day, random)
        made = all_crimes()[name](stage, random)
        others = list(colleagues(replace(stage, who="colleague"), made, random))
        pages, stands = self._mornings[trial.day]
        engine, stands, begun = self._engine(), stands.resumed(), self.office.clock(trial.day, 0)
        engine.load(pages.items())
        end = max(event.at for event in made.events) + AFTERWARDS
        around = self._meant[self._until(begun) : self._until(end)]
        meant = list(merge(around, sorted([*made.events, *others], key=order), key=order))
        found = self._act(engine, stands, meant, end)
        costs = bill(made.events, self._premises)
        happened = list(self.seen.happening(sorted(made.events, key=order)))
        hands = guilty(made.events, self._premises.plan)
        named = (*made.subjects, *(("source_ip", source) for source in sorted(hands.sources)))
        whole = Attack([*{event.id: event for event in (*made.events, *happened)}.values()], named, made.kinds)
        return Ended(
            attacked=Attacked(judged(trial, whole, found, costs), self.seen.sighted(happened)),
            meant=minutes(made.events), spoken=sum(stands.spoken.get(call, 0) for call in calls_of(made.events)) / 60,
            honest=self._suffered(stands, found, hands, (end - begun) / DAY),
        )  # fmt: skip

    def _suffered(self, stands: Contained, found: list[AnyFinding], attack: Guilty, days: float) -> Honest:
        detections = self._detections | {one.id: one for one in found if isinstance(one, Detection)}
        cuts = [cut for cut in stands.cuts if is_honest(cut.call, self.office)]
        robbed = [cut for cut in cuts if attack.extensions.intersection({cut.call.extension, cut.call.on_behalf_of})
                  and attack.deserves(cut.because, self._sources)]  # fmt: skip
        others = Counter(part_of_call(cut, self.office) for cut in cuts if cut not in robbed)
        return Honest(
            extension_days=self.office.extensions * days, calls=stands.calls, cut=dict(sorted(others.items())),
            hits=tuple(wrongly(stands.begun, detections, attack, self.office, self._sources)), robbed_cut=len(robbed),
        )  # fmt: skip


def comes_in(event: AnyEvent) -> bool:
    """Whether an honest person comes in from where this event says."""
    return (isinstance(event, Registration | Login) and event.outcome == AccessOutcome.ACCEPTED
            and event.source_ip is not None)  # fmt: skip


def calls_of(events: list[AnyEvent]) -> list[str]:
    """The calls of an attack to the outside."""
    return [event.call_id for event in ended(events)]


def minutes(events: list[AnyEvent]) -> float:
    """How long an attack means to talk to the outside."""
    return sum(event.talk or 0 for event in ended(events)) / 60


def ended(events: list[AnyEvent]) -> list[Call]:
    """The ends of its calls to the outside."""
    calls = (event for event in events if isinstance(event, Call) and event.phase == Phase.ENDED)
    return [call for call in calls if call.direction in TO_THE_OUTSIDE]


def day_of(attack: str, seed: int, office: Office) -> int:
    """The day on which an attack begins."""
    random = Random(f"day {seed} {attack} {office.pbx}")  # noqa: S311 - traffic, not secrets
    slow = attack in SLOW or attack == "slow-pumping"
    return random.randrange(FIRST_SLOW, LAST_SLOW) if slow else random.randrange(FIRST_ATTACK, LAST_ATTACK)
