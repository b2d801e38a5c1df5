"""Somebody who is no administrator makes an extension forward its calls abroad or to a costly number (C25)."""

from detector.contract.events import Config, Login
from detector.contract.kinds import FORWARDING_FRAUD
from detector.contract.visibility import Want
from detector.contract.vocabulary import AccessOutcome, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.attempts import is_administrator
from detector.detect.shared.forwardings import approve, targets
from detector.enrich.dialling.countries import name as country_name
from detector.enrich.facts import Facts
from detector.memory.fields import Days, Memory
from detector.settings.params import Params
from detector.settings.values import Short


@register
class ConfigForwarding(Detector[Config | Login]):
    """Fires when the forwarding of an extension is set to a number abroad or a costly one.

    Quiet when: one of `administrators` sets it, or who logged in as administrator on an earlier day, from an address
    that did not break in; the number is at home.
    Runbook: ask the user; if it was not them, take it out and change the password of their account.
    """

    id = "config.forwarding"
    control = "C25"
    subject = SubjectKind.EXTENSION
    severity = Severity.WARNING
    stage = Stage.PROBE
    kind = FORWARDING_FRAUD
    attack = ("T1098",)
    reads = (Config, Login)
    outcomes = (AccessOutcome.ACCEPTED,)
    lives_on = ((Want("config", ("object_id", "changes")),),)

    class Limits(Params):
        """`administrators`: the accounts whose forwardings are trusted."""

        administrators: tuple[Short, ...] = ("admin", "administrator", "ringfence")

    limits: Limits
    days = Days("days")

    def inspect(self, event: Config | Login, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if isinstance(event, Login):
            if is_administrator(event) and not facts.suspect_source:
                self.days.add(memory, event.account or "", facts.at)
            return None
        found = targets(event, facts)
        if not found:
            return None
        extension = event.object_id or ""
        actor = event.actor or ""
        trusted = actor in self.limits.administrators or self.days.before(memory, actor, facts.at) > 0
        if trusted and not facts.suspect_source:
            for number in found:
                approve(memory, extension, number, facts.at)
            return None
        number = found[0]
        where = number.network or country_name(number.country)
        return self.hit(
            extension, f"Extension {extension} was set to forward its calls to {where}", actor=event.actor,
            destination=number.e164 or number.dialled[:64], block=number.block,
        )  # fmt: skip
