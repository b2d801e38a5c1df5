"""Limits and mode of every rule for one chain of layers, each distinct combination built once."""

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct
from pydantic import JsonValue

from detector.contract.vocabulary import Mode
from detector.settings.layers import Personal
from detector.settings.params import Params

Catalogue = Mapping[str, type[Params]]


class RuleSettings(Struct, frozen=True):
    """How strict a rule is, and what it has earned."""

    limits: Params
    mode: Mode


class Compiler:
    """Builds the rules of chains of layers; what is equal is one object for all."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._built: dict[tuple[str, str, Mode], RuleSettings] = {}
        self._sets: dict[str, dict[str, RuleSettings]] = {}

    def rules(self, chain: Sequence[Personal]) -> dict[str, RuleSettings]:
        """Every rule of the catalogue, most general layer first in `chain`.

        Raises ValueError (pydantic's for limits) where they or a mode do not fit.
        """
        speaking = [(layer.mode, layer.rules) for layer in chain if layer.mode is not None or layer.rules]
        key = json.dumps(speaking, sort_keys=True)
        if key not in self._sets:
            usual = next(layer.mode for layer in reversed(chain) if layer.mode is not None)
            self._sets[key] = {rule: self._rule(rule, merged(rule, chain), usual) for rule in self._catalogue}
        return self._sets[key]

    def _rule(self, rule: str, values: dict[str, JsonValue], usual: Mode) -> RuleSettings:
        mode = Mode(str(values.pop("mode", usual)))
        key = rule, json.dumps(values, sort_keys=True), mode
        if key not in self._built:
            self._built[key] = RuleSettings(self._catalogue[rule].model_validate(values), mode)
        return self._built[key]


def merged(rule: str, chain: Sequence[Personal]) -> dict[str, JsonValue]:
    """What the layers say of one rule, the later outweighing the earlier key by key."""
    values: dict[str, JsonValue] = {}
    for layer in chain:
        values.update(layer.rules.get(rule, {}))
    return values
