"""Somebody without an account tries number after number, or looks around: a guest hunts for a way out (C25)."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import Field, PositiveInt

from detector.contract.events import Call, Notice
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Ended, Hit, micros
from detector.detect.shared.attempts import of_network, resting, vouched
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.enrich.networks import nearby
from detector.memory.fields import Distinct, Memory, Window, digest
from detector.settings.params import Params, Seconds

KEPT = 24
PROBE = "sip_probe"


class Tries(NamedTuple):
    """In how many ways somebody tried to call within a time, and how many are too many."""

    field: Distinct
    name: str
    numbers: int
    limit: int
    window: int


@register
class SourceStrangers(Detector[Call | Notice]):
    """Fires on the Nth different number that one address tries without an account within `window`, then starts over.

    A call that was turned away before any number was known counts as a number of its own. Numbers with the same last
    digits count together, whichever addresses try them. Who is slower fires on the `slow` th within `day`; so do the
    addresses of one /24 or /48, if there are `addresses` of them, on the `network` th. Whoever heard an announcement,
    for less than `heard`, has reached nobody. Requests that only look around (OPTIONS and the like of somebody unknown)
    count apart, up to `probes`.

    Quiet when: the same number is called again and again; somebody talks; the call was made by one of our extensions or
    came in over a trunk; somebody was accepted from that address on an earlier day, and fewer than `office` numbers
    were tried.
    Runbook: refuse guests on the PBX (`allowguest=no`, no endpoint `anonymous`); keep the block.
    """

    id = "source.strangers"
    control = "C25"
    also = ("C08",)
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    attack = ("T1595",)
    reads = (Ended, Notice)
    lives_on = (
        (Want("call.ended", ("source_ip", "direction=")),),
        (Want("notice", ("source_ip", f"name={PROBE}")),),
    )

    class Limits(Params):
        """`numbers` within `window` seconds, `office` where somebody was accepted before; `slow` within `day` seconds.

        `network` within `day` by `addresses` near each other; `heard` seconds that nobody talks in; `probes` within
        `within`.
        """

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 5
        office: Annotated[PositiveInt, Field(le=KEPT)] = KEPT
        window: Seconds = 1_800
        slow: Annotated[PositiveInt, Field(le=KEPT)] = 12
        day: Seconds = 86_400
        network: Annotated[PositiveInt, Field(le=KEPT)] = 15
        addresses: Annotated[PositiveInt, Field(le=KEPT)] = 3
        heard: Seconds = 20
        probes: PositiveInt = 20
        within: Seconds = 60

    limits: Limits
    tried = Distinct("tried")
    slowly = Distinct("slowly")
    nearby = Distinct("nearby")
    probed = Window("probed")

    def prepare(self) -> None:  # noqa: D102
        self.window, self.day, self.heard = map(micros, (self.limits.window, self.limits.day, self.limits.heard))

    def inspect(self, event: Call | Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.place is None or facts.place.private:
            return None
        if isinstance(event, Notice):
            return self._probing(event, facts, memory) if event.name == PROBE else None
        leg = facts.leg
        if leg is None or leg.extension or leg.trunk or event.trunk_in or not facts.ended_now:
            return None
        if leg.talk > self.heard:
            return None
        return self._calling(event, facts, memory, facts.place.key)

    def _calling(self, event: Call, facts: Facts, memory: Memory, source: str) -> Hit | None:
        tries = list(self._tries(event, facts, memory, source))
        found = max(tries, key=lambda each: each.numbers - each.limit)
        if found.numbers < found.limit:
            return None
        sure = found.field.vouched(memory, found.name)
        for each in tries:
            each.field.clear(memory, each.name)
        many = found.field is self.nearby
        whose = f"{source}, one of several beside it that have" if many else f"{source}, which has"
        return self.hit(
            source, f"{whose} no account here, tried to call in {found.numbers} ways", numbers=found.numbers,
            limit=found.limit, window=found.window // 1_000_000, basis=resting(sure, found.limit),
            links=of_network(found.name) if many else (),
        )  # fmt: skip

    def _tries(self, event: Call, facts: Facts, memory: Memory, source: str) -> Iterator[Tries]:
        """In how many ways the address, its neighbours, and whoever tries for the same number have tried."""
        number, limits = digest(boil_down(event.to).digits if event.to else event.id), self.limits
        tail = facts.plan.read(event.to).tail if event.to else None
        familiar, solid = is_familiar(facts, memory), vouched(event)
        for name in (source, f"number {tail}") if tail is not None else (source,):
            for field, window, limit in (
                (self.tried, self.window, limits.office if familiar else limits.numbers),
                (self.slowly, self.day, limits.office if familiar else limits.slow),
            ):
                numbers = field.add(memory, name, number, facts.at, window, cap=KEPT, solid=solid)
                yield Tries(field, name, numbers, limit, window)
        if not familiar:
            network, own = nearby(source), f"addresses of {nearby(source)}"
            addresses = self.nearby.add(memory, own, digest(source), facts.at, self.day, cap=KEPT)
            numbers = self.nearby.add(memory, network, number, facts.at, self.day, cap=KEPT, solid=solid)
            yield Tries(self.nearby, network, numbers if addresses >= limits.addresses else 0, limits.network, self.day)

    def _probing(self, event: Notice, facts: Facts, memory: Memory) -> Hit | None:
        assert facts.place is not None, "inspect looked"
        source, window = facts.place.key, micros(self.limits.within)
        probes = self.probed.add(memory, source, facts.at, window, cap=self.limits.probes)
        if probes < self.limits.probes:
            return None
        self.probed.clear(memory, source)
        return self.hit(
            source, f"{source}, which has no account here, looks around: {probes} probes", probes=probes,
            limit=self.limits.probes, window=self.limits.within,
            basis=resting(probes if vouched(event) else 0, self.limits.probes),
        )  # fmt: skip
