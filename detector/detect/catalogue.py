"""All rules there are: each registers by its file in `detect/rules`."""

from typing import Never, TypeVar, cast

from detector.contract.events import Event
from detector.contract.registry import Registry
from detector.detect.detector import Detector
from detector.settings.params import Params

AnyDetector = Detector[Event]
"""A rule of whatever kind of event. The engine asks it about those that it reads, and about no other."""
R = TypeVar("R", bound=type[Detector[Never]])

RULES: Registry[type[AnyDetector]] = Registry("rules", "detector.detect.rules")


def register(rule: R) -> R:
    """Class decorator: this rule takes part."""
    RULES.add(rule.id, cast("type[AnyDetector]", rule))
    return rule


def detectors() -> dict[str, type[AnyDetector]]:
    """All rules by id, in the order of their ids."""
    return RULES.all()


def catalogue() -> dict[str, type[Params]]:
    """The limits of every rule by its id, as the settings want them."""
    return {name: rule.Limits for name, rule in detectors().items()}
