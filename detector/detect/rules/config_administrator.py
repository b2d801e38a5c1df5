"""Somebody is made administrator, or what a role may do is changed (C20)."""

from detector.contract.events import Config
from detector.contract.kinds import ADMIN_TAKEOVER
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit
from detector.detect.shared.config_changes import actor, by
from detector.enrich.facts import Facts
from detector.memory.fields import Memory

OBJECTS = {"role", "administrator", "user_role"}
FIELDS = {"role", "user_role", "role_name", "permissions", "administrator"}
ORDINARY = {None, "Employee"}


@register
class ConfigAdministrator(Detector[Config]):
    """Fires when a role is granted or changed; critical from an address that broke in.

    Quiet when: an extension with the role every user has is made or taken away; other settings are changed.
    Runbook: ask whoever is named as having done it; take the role away again and look at what was changed since.
    """

    id = "config.administrator"
    control = "C20"
    subject = SubjectKind.ACCOUNT
    severity = Severity.WARNING
    stage = Stage.RECON
    kind = ADMIN_TAKEOVER
    attack = ("T1098", "T1136")
    reads = (Config,)

    def inspect(self, event: Config, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        changes = event.changes or {}
        if set(changes) == {"role"} and set(changes["role"]) <= ORDINARY:
            return None
        if event.object_ not in OBJECTS and not (FIELDS & changes.keys()):
            return None
        whom, what = event.object_id or event.object_, ", ".join(sorted(changes)[:8])
        return self.hit(
            whom, f"The rights of {whom[:64]} were changed{by(event)}", fields=what or None, actor=event.actor,
            links=actor(event),
            severity=Severity.CRITICAL if facts.suspect_source and facts.broken_in else self.severity,
        )  # fmt: skip
