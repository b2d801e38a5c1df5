"""What one PBX's settings compile to: its premises, and the rules of each scope."""

from collections.abc import Iterable, Mapping
from itertools import product

from detector.contract.events import KINDS, Event, Login, Registration
from detector.decide.policy import at_most
from detector.detect.catalogue import AnyDetector, detectors
from detector.detect.detector import Routed, kinds_of_call
from detector.enrich.premises import Premises, Tables
from detector.settings import PbxProfile, RuleSettings

RuleSet = dict[type[Event] | tuple[type[Event], str] | tuple[bool, bool, bool], tuple[AnyDetector, ...]]
"""Rules by what they read: registrations and logins by kind and outcome, calls by whether one begins here, ends here,
and is risky; those of a call whose route becomes known by `Routed`."""
JUDGED: dict[type[Event], tuple[str, ...]] = {
    kind: tuple(sorted(kind.ENUMS["outcome"])) for kind in (Registration, Login)
}


class Compiled(Premises):
    """The premises of a PBX with the rules that hold there."""

    def __init__(self, profile: PbxProfile, tables: Tables) -> None:
        super().__init__(profile, tables)
        self._made: dict[int, AnyDetector] = {}
        self._rules = self._compile_rules(profile.rules)
        shared = {id(rules): self._compile_rules(rules) for rules in profile.rules_of.values()}
        self._rules_of = {number: shared[id(rules)] for number, rules in profile.rules_of.items()}
        self.rules_by_id = frozenset(detectors())

    def rules_for(self, extension: str) -> RuleSet:
        """The rules that hold for an extension, by the kind of event they read."""
        return self._rules_of.get(extension, self._rules)

    def rule(self, rule: str, extension: str) -> AnyDetector:
        """One rule as it holds for an extension."""
        return self._instance(rule, self.profile.rule(rule, extension or None))

    def _compile_rules(self, settings: Mapping[str, RuleSettings]) -> RuleSet:
        made = [rule for name in detectors() if not (rule := self._instance(name, settings[name])).idle]
        rules: RuleSet = {kind: select(made, {kind}) for kind in KINDS.values()}
        rules[Routed] = select(made, {Routed})
        for kind, outcomes in JUDGED.items():
            for outcome in outcomes:
                rules[kind, outcome] = tuple(r for r in rules[kind] if r.outcomes is None or outcome in r.outcomes)
        for begins, ends, risky in product((False, True), repeat=3):
            rules[begins, ends, risky] = select(made, kinds_of_call(begins=begins, ends=ends, risky=risky))
        return rules

    def _instance(self, rule: str, settings: RuleSettings) -> AnyDetector:
        made = self._made.get(id(settings))
        if made is None:
            kind = detectors()[rule]
            made = self._made[id(settings)] = kind(settings.limits, at_most(settings.mode, kind.most))
        return made


def select(rules: Iterable[AnyDetector], kinds: set[type[Event]]) -> tuple[AnyDetector, ...]:
    """The rules that read any of these kinds."""
    return tuple(rule for rule in rules if kinds.intersection(rule.reads))
