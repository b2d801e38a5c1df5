"""SSH was switched on and stays on longer than troubleshooting takes (C02)."""

from detector.contract.events import Config
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds

OFF = {"", "0", "off", "no", "false", "none", "disabled"}
PBX = "pbx"


@register
class ConfigSsh(Detector[Config]):
    """Fires when SSH was switched on and not off again within `limit`.

    Quiet when: it is switched off in time; other settings are changed.
    Runbook: switch SSH off; if nobody is troubleshooting, ask whoever switched it on.
    """

    id = "config.ssh"
    control = "C02"
    subject = SubjectKind.PBX
    severity = Severity.WARNING
    stage = Stage.RECON
    attack = ("T1021.004",)
    reads = (Config,)
    needs = ("changes",)

    class Limits(Params):
        """`limit` seconds for which SSH may be on."""

        limit: Seconds = 14_400

    limits: Limits
    on = Once("on", learns=True)
    told = Once("told")

    def inspect(self, event: Config, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        states = [new for field, (_, new) in (event.changes or {}).items() if "ssh" in field.lower()]
        if not states or not self.told.passed(memory, PBX, facts.at, 0):  # what comes late is no longer so
            return None
        if all(str(state).lower() in OFF for state in states):
            memory.forget(self.on.name, PBX)
        elif memory.get(self.on.name, PBX) is None:
            self.on.passed(memory, PBX, facts.at, 0)
            facts.timers.wake(self.id, PBX, facts.at + micros(self.limits.limit))
        return None

    def due(self, key: str, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        since = memory.get(self.on.name, key)
        if since is None:
            return None
        left = since[0] + micros(self.limits.limit) - facts.at
        if left > 0:
            facts.timers.wake(self.id, key, facts.at + left)
            return None
        hours = self.limits.limit / 3_600
        return self.hit(
            facts.profile.pbx, f"SSH has been on for {hours:g} hours", limit=self.limits.limit, key=f"ssh {since[0]}"
        )
