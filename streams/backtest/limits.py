"""Which limit of each rule keeps its false alarms at a wanted rate, tried out on the honest history."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from pydantic import JsonValue, ValidationError

from detector.engine.registry import catalogue
from detector.params import Params
from detector.settings import Pbx, Policy, Settings
from streams.backtest.honest import Honest

FACTORS = (0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 5.0)
NO_LIMITS = {"window", "pause", "days", "age", "memory"}
"""What comes first in some rules and is no limit: more of it does not make them quieter."""


class Suggestion(Struct, frozen=True, kw_only=True):
    """For one rule: its limit now and its false alarms, the value that keeps to the wanted rate and what it leads to.

    `suggested` is None where none of those tried does; `alarms` are counted at each value that was tried.
    """

    rule: str
    field: str
    now: float
    suggested: float | None
    alarms: dict[float, int]


def main_limit(rule: str) -> str | None:
    """The field that says how much is too much: the first one of a rule, if it is a number."""
    name, field = next(iter(catalogue()[rule].model_fields.items()), ("", None))
    number = field is not None and field.annotation in (int, float)
    return name if number and name not in NO_LIMITS else None


def scaled(limits: Params, field: str, factor: float) -> float | int | None:
    """A main limit times `factor`, as its field allows; None if it does not, or it is the same."""
    now = getattr(limits, field)
    value = round(now * factor) if isinstance(now, int) else round(now * factor, 6)
    if value == now:
        return None
    try:
        return getattr(type(limits).model_validate(limits.model_dump() | {field: value}), field)  # type: ignore[no-any-return]
    except ValidationError:
        return None


def with_limits(settings: Settings, pbx: str, limits: Mapping[str, tuple[str, JsonValue]]) -> Settings:
    """The configuration with other main limits for a PBX; what groups and extensions have of their own stays."""

    def changed(layer: Policy) -> dict[str, dict[str, dict[str, JsonValue]]]:
        new = {rule: layer.rules.get(rule, {}) | {field: value} for rule, (field, value) in limits.items()}
        return {"rules": {**layer.rules, **new}}

    if all(one.id != pbx for one in settings.pbxs):
        return settings.model_copy(update={"defaults": settings.defaults.model_copy(update=changed(settings.defaults))})
    pbxs: list[Pbx] = [one.model_copy(update=changed(one)) if one.id == pbx else one for one in settings.pbxs]
    return settings.model_copy(update={"pbxs": tuple(pbxs)})


def tried_limits(rules: Mapping[str, Params], factor: float) -> dict[str, tuple[str, JsonValue]]:
    """The main limit of every rule times `factor`, where that is another value it allows."""
    found: dict[str, tuple[str, JsonValue]] = {}
    for rule, limits in rules.items():
        field = main_limit(rule)
        value = None if field is None else scaled(limits, field, factor)
        if field is not None and value is not None:
            found[rule] = field, value
    return found


def suggested(
    rules: Mapping[str, Params], now: Honest, tries: Sequence[tuple[float, Honest]], allowed: float
) -> list[Suggestion]:
    """The strictest value of each rule from which on all values tried led to at most `allowed` alarms.

    Where none of them was too loud the limit stays: that this history is silent says nothing of how low it may go.
    """
    found = []
    for rule, limits in rules.items():
        field = main_limit(rule)
        if field is None:
            continue
        alarms = {float(getattr(limits, field)): now.by_rule().get(rule, 0)}
        for factor, honest in tries:
            value = scaled(limits, field, factor)
            if value is not None:
                alarms[float(value)] = honest.by_rule().get(rule, 0)
        current = float(getattr(limits, field))
        loud = max((value for value, count in alarms.items() if count > allowed), default=None)
        quiet = [value for value in alarms if loud is None or value > loud]
        best = current if loud is None else min(quiet, default=None)
        found.append(Suggestion(rule=rule, field=field, now=current, suggested=best,
                                alarms=dict(sorted(alarms.items()))))  # fmt: skip
    return found
