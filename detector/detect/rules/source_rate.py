"""One address sends more to a service than anybody does who is not attacking it (C08)."""

from typing import Annotated

from pydantic import AfterValidator

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind, Surface
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, Tally, of_trunk, resting
from detector.enrich.facts import Facts
from detector.enrich.habits import LASTS_DAYS, good_days, is_guessing
from detector.memory.fields import Days, Memory
from detector.settings.frequency import parse
from detector.settings.params import Params


def one_rule(text: str) -> str:
    """A rule such as `40/2/second`, of at most 255 packets as on the PBX."""
    (rule, *more) = parse(text)
    if more or rule.calls > 255:
        raise ValueError(f"{text[:40]!r} is not one rule of at most 255, such as 40/2/second")
    return text


Rate = Annotated[str, AfterValidator(one_rule)]


@register
class SourceRate(Detector[Registration | Login]):
    """Fires on the Nth attempt of one address at SIP, web or SSH within the time, then starts over.

    Refused and challenged attempts count.

    Quiet when: anybody was accepted from that address, on that day or earlier: a whole office registers again after
    an outage; a trunk.
    Runbook: keep the block if the address is not the customer's; set the same auto defence rules on the PBX.
    """

    id = "source.rate"
    control = "C08"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.WARNING
    stage = Stage.RECON
    attack = ("T1498", "T1595")
    reads = (Registration, Login)
    outcomes = (AccessOutcome.REJECTED, AccessOutcome.CHALLENGED)
    needs = ("source_ip",)

    class Limits(Params):
        """`sip`, `web` and `ssh` as number/time/unit, the figures published for the PBX."""

        sip: Rate = "40/2/second"
        web: Rate = "120/60/second"
        ssh: Rate = "10/60/second"

    limits: Limits
    tries = Tally("tries")

    def prepare(self) -> None:  # noqa: D102
        self.rates = {name: parse(getattr(self.limits, name))[0] for name in ("sip", "web", "ssh")}

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        place = facts.place
        if place is None or facts.known_place:
            return None
        if of_trunk(event):
            return None
        good = good_days.before(memory, place.key, facts.at + Days.DAY, LASTS_DAYS) > 0
        if good and not is_guessing(memory, place.key, facts.at):
            return None
        service = "sip" if isinstance(event, Registration) else "ssh" if event.surface == Surface.SSH else "web"
        key = f"{place.key}\x1f{service}"
        rate = self.rates[service]
        found, solid = self.tries.add(memory, key, event, facts.at, micros(rate.seconds), cap=rate.calls)
        if found < rate.calls:
            return None
        self.tries.clear(memory, key)
        return self.hit(
            place.key, f"{found} attempts at {service} by {place.key} within {rate.seconds} s", attempts=found,
            limit=rate.calls, window=rate.seconds, service=service, basis=resting(solid, rate.calls),
        )  # fmt: skip
