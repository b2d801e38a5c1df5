"""Somebody without an account tries number after number, or looks around: a guest hunts for a way out (C25)."""

from typing import Annotated

from pydantic import Field, PositiveInt

from detector.contract.events import Call, Notice
from detector.contract.visibility import Want
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Ended, Hit, micros
from detector.detect.shared.attempts import resting, vouched
from detector.enrich.dialling.dialled import boil_down
from detector.enrich.facts import Facts
from detector.enrich.habits import is_familiar
from detector.memory.fields import Distinct, Memory, Window, digest
from detector.settings.params import Params, Seconds

KEPT = 24
PROBE = "sip_probe"


@register
class SourceStrangers(Detector[Call | Notice]):
    """Fires on the Nth different number that one address tries without an account within `window`, then starts over.

    A call that was turned away before any number was known counts as a number of its own. Numbers with the same last
    digits count together, whichever addresses try them. Requests that only look around (OPTIONS and the like of
    somebody unknown) count apart, up to `probes`.

    Quiet when: the same number is called again and again; the call was made by one of our extensions or came in over a
    trunk; somebody was accepted from that address on an earlier day, and fewer than `office` numbers were tried.
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
        """`numbers` within `window` seconds, `office` where somebody was accepted before; `probes` within `within`."""

        numbers: Annotated[PositiveInt, Field(le=KEPT)] = 5
        office: Annotated[PositiveInt, Field(le=KEPT)] = KEPT
        window: Seconds = 1_800
        probes: PositiveInt = 20
        within: Seconds = 60

    limits: Limits
    tried = Distinct("tried")
    probed = Window("probed")

    def prepare(self) -> None:  # noqa: D102
        self.window = micros(self.limits.window)

    def inspect(self, event: Call | Notice, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if facts.place is None or facts.place.private:
            return None
        if isinstance(event, Notice):
            return self._probing(event, facts, memory) if event.name == PROBE else None
        leg = facts.leg
        if leg is None or leg.extension or leg.trunk or event.trunk_in or not facts.ended_now or leg.talk:
            return None
        return self._calling(event, facts, memory, facts.place.key)

    def _calling(self, event: Call, facts: Facts, memory: Memory, source: str) -> Hit | None:
        number = digest(boil_down(event.to).digits if event.to else event.id)
        limit = self.limits.office if is_familiar(facts, memory) else self.limits.numbers
        tail = facts.plan.read(event.to).tail if event.to else None
        tries = {
            whose: self.tried.add(memory, whose, number, facts.at, self.window, cap=KEPT, solid=vouched(event))
            for whose in ((source, f"number {tail}") if tail is not None else (source,))
        }
        most = max(tries, key=lambda whose: tries[whose])
        if tries[most] < limit:
            return None
        sure = self.tried.vouched(memory, most)
        for whose in tries:
            self.tried.clear(memory, whose)
        return self.hit(
            source, f"{source}, which has no account here, tried to call in {tries[most]} ways", numbers=tries[most],
            limit=limit, window=self.limits.window, basis=resting(sure, limit),
        )  # fmt: skip

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
