"""All rules there are: each registers by its file in `detect/rules`."""

from typing import Any, TypeVar

from detector.contract.registry import Registry
from detector.detect.detector import Detector
from detector.settings.params import Params

AnyDetector = Detector[Any]
D = TypeVar("D", bound=type[AnyDetector])

RULES: Registry[type[AnyDetector]] = Registry("rules", "detector.detect.rules")


def register(cls: D) -> D:
    """Class decorator: this rule takes part."""
    RULES.add(cls.id, cls)
    return cls


def detectors() -> dict[str, type[AnyDetector]]:
    """All rules by id, in the order of their ids."""
    return RULES.all()


def catalogue() -> dict[str, type[Params]]:
    """The limits of every rule by its id, as the settings want them."""
    return {rule: cls.Limits for rule, cls in detectors().items()}
