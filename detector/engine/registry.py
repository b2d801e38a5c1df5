"""The registry of detectors: filled by decorator and folder walk, a duplicate id stops the program."""

import importlib
import pkgutil
from functools import cache
from typing import Any, TypeVar

import detector.detectors
from detector.engine.detector import Detector
from detector.params import Params

AnyDetector = Detector[Any]
D = TypeVar("D", bound=type[AnyDetector])

_found: dict[str, type[AnyDetector]] = {}


def register(cls: D) -> D:
    """Class decorator: this detector takes part."""
    if cls.id in _found:
        raise TypeError(f"two detectors call themselves {cls.id}: {_found[cls.id].__module__}, {cls.__module__}")
    _found[cls.id] = cls
    return cls


@cache
def detectors() -> dict[str, type[AnyDetector]]:
    """All detectors by id, in the order of their ids."""
    for module in pkgutil.iter_modules(detector.detectors.__path__):
        importlib.import_module(f"{detector.detectors.__name__}.{module.name}")
    return dict(sorted(_found.items()))


def catalogue() -> dict[str, type[Params]]:
    """The limits of every detector by its id, as the settings want them."""
    return {rule: cls.Limits for rule, cls in detectors().items()}
