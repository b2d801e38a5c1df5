"""An outbound route is changed: where calls can go, and at whose expense (C20, C22)."""

from detector.contract.events import Config
from detector.contract.vocabulary import Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.config_changes import actor, by
from detector.enrich.facts import Facts
from detector.memory.fields import Memory
from detector.settings.params import Params
from detector.settings.values import Short

OBJECT = "outbound_route"
OURSELVES = "ringfence"


@register
class ConfigRoute(Detector[Config]):
    """Fires when an outbound route is made, changed or taken away: information, for administrators do that.

    A warning from an address that is not known for whoever did it, critical from one that broke in.

    Quiet when: it was one of `actors`, such as this service itself; other settings are changed.
    Runbook: ask whoever is named as having done it; compare with the last backup and put it back.
    """

    id = "config.route"
    control = "C22"
    also = ("C20",)
    subject = SubjectKind.ROUTE
    severity = Severity.INFO
    stage = Stage.RECON
    basis = Basis.DERIVED
    attack = ("T1098",)
    reads = (Config,)

    class Limits(Params):
        """`actors` whose changes are not told."""

        actors: tuple[Short, ...] = (OURSELVES,)

    limits: Limits

    def inspect(self, event: Config, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if event.object_ != OBJECT or event.actor in self.limits.actors:
            return None
        severity, place = self.severity, facts.place
        if facts.suspect_source and facts.broken_in:
            severity = Severity.CRITICAL
        elif place is not None and not (place.private or facts.known_place):
            severity = Severity.WARNING
        name = event.object_id or event.object_
        return self.hit(
            name, f"Outbound route {name[:64]} was changed{by(event)}", severity=severity,
            fields=", ".join(sorted(event.changes or {})[:8]) or None, actor=event.actor,
            address=place.address if place is not None else None,
            links=actor(event),
        )  # fmt: skip
