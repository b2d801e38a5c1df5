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
RIGHTS = ("role", "permission", "administrator", "privilege")
"""A field is about rights whose name holds one of these."""
ORDINARY = {"employee"}


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
        about = [field for field in changes if any(word in field.lower() for word in RIGHTS)]
        if len(about) == len(changes) == 1 and all(map(is_ordinary, changes[about[0]])):
            return None
        if event.object_.lower() not in OBJECTS and not about:
            return None
        whom, what = event.object_id or event.object_, ", ".join(sorted(changes)[:8])
        return self.hit(
            whom, f"The rights of {whom[:64]} were changed{by(event)}", fields=what or None, actor=event.actor,
            links=actor(event),
            severity=Severity.CRITICAL if facts.suspect_source and facts.broken_in else self.severity,
        )  # fmt: skip


def is_ordinary(value: object) -> bool:
    """Whether nobody has more by it than every user: no role, or the ordinary one; what is not understood is more."""
    if value is None or value in ("", [], {}):
        return True
    words = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(word, str) and word.lower() in ORDINARY for word in words)
