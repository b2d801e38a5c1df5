"""A program made for attacks gives its name as user agent (C12)."""

from detector.contract.events import Login, Registration
from detector.contract.vocabulary import AccessOutcome, Basis, Severity, Stage, SubjectKind
from detector.detect.catalogue import register
from detector.detect.detector import Detector, Hit, micros
from detector.detect.shared.attempts import Attempt, of_trunk
from detector.enrich.agents import attack_tool
from detector.enrich.facts import Facts
from detector.memory.fields import Memory, Once
from detector.settings.params import Params, Seconds
from detector.settings.values import Short


@register
class RegistrationAttackTool(Detector[Registration | Login]):
    """Fires for each tool by which an address comes, once in `pause`: information, for the Internet is full of them.

    Critical when it was let in. What a user agent says is the attacker's own text, so alone it contains nobody.

    Quiet when: the name is none of those known or listed in `tools`, whatever letters are large; a trunk.
    Runbook: if it was let in, change that account's password; allow user agents by prefix.
    """

    id = "registration.attack_tool"
    control = "C12"
    subject = SubjectKind.SOURCE_IP
    severity = Severity.CRITICAL
    stage = Stage.RECON
    basis = Basis.TEXT
    attack = ("T1595.002",)
    reads = (Registration, Login)
    outcomes = (AccessOutcome.ACCEPTED, AccessOutcome.REJECTED, AccessOutcome.CHALLENGED)
    needs = ("source_ip", "user_agent")

    class Limits(Params):
        """`tools`: parts of further user agents; `pause` seconds before the same is said again."""

        tools: tuple[Short, ...] = ()
        pause: Seconds = 86_400

    limits: Limits
    said = Once("said")

    def prepare(self) -> None:  # noqa: D102
        self.own = tuple(tool.lower() for tool in self.limits.tools)

    def inspect(self, event: Attempt, facts: Facts, memory: Memory) -> Hit | None:  # noqa: D102
        if not event.user_agent or facts.place is None:
            return None
        tool = attack_tool(event.user_agent, self.own)
        if tool is None or of_trunk(event):
            return None
        source, accepted = facts.place.key, event.outcome == AccessOutcome.ACCEPTED
        if not self.said.passed(memory, f"{source}\x1f{tool}\x1f{accepted}", facts.at, micros(self.limits.pause)):
            return None
        return self.hit(
            source, f"{source} {'was let in' if accepted else 'came'} with the attack tool {tool}",
            severity=self.severity if accepted else Severity.INFO, tool=tool,
        )  # fmt: skip
