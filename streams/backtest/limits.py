"""Which limit of each rule keeps its false alarms at a wanted rate, tried out on the honest history."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from pydantic import JsonValue, ValidationError

from detector.detect.catalogue import catalogue
from detector.settings import Policy
from detector.settings.frequency import parse
from detector.settings.params import Params
from streams.backtest.honest import Honest
from streams.config.installation import Installation, InstalledPbx

FACTORS = (0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 5.0)
NO_LIMITS = {"window", "pause", "days", "age", "memory"}
"""What comes first in some rules and is no limit: more of it does not make them quieter."""


Limit = int | float | str


class Suggestion(Struct, frozen=True, kw_only=True):
    """For one rule: its limit now and its false alarms, the value that keeps to the wanted rate and what it leads to.

    `suggested` is None where none of those tried does; `alarms` are counted at each value that was tried, the strictest
    first.
    """

    rule: str
    field: str
    now: Limit
    suggested: Limit | None
    alarms: dict[str, int]


def main_limit(rule: str) -> str | None:
    """The field that says how much is too much: the first one of a rule, if it is a number or a frequency."""
    name, field = next(iter(catalogue()[rule].model_fields.items()), ("", None))
    if field is None or name in NO_LIMITS:
        return None
    return name if field.annotation in (int, float) or is_frequency(field.default) else None


def is_frequency(value: object) -> bool:
    """Whether this is a text such as `5/1/second`."""
    try:
        return isinstance(value, str) and bool(parse(value))
    except ValueError:
        return False


def scaled(limits: Params, field: str, factor: float) -> Limit | None:
    """A main limit times `factor`, as its field allows; None if it does not, or it is the same."""
    now: Limit = getattr(limits, field)
    value = times(now, factor)
    if value == now:
        return None
    try:
        return getattr(type(limits).model_validate(limits.model_dump() | {field: value}), field)  # type: ignore[no-any-return]
    except ValidationError:
        return None


def times(now: Limit, factor: float) -> Limit:
    """So many times as much; of a frequency more calls within the same time, for each of its rules."""
    if isinstance(now, str):
        rules = (one.text.partition("/") for one in parse(now))
        return "&".join(f"{round(int(calls) * factor)}/{time}" for calls, _, time in rules)
    return round(now * factor) if isinstance(now, int) else round(now * factor, 6)


def with_limits(settings: Installation, pbx: str, limits: Mapping[str, tuple[str, JsonValue]]) -> Installation:
    """The configuration with other main limits for a PBX; what groups and extensions have of their own stays."""

    def changed(layer: Policy) -> dict[str, dict[str, dict[str, JsonValue]]]:
        new = {rule: layer.rules.get(rule, {}) | {field: value} for rule, (field, value) in limits.items()}
        return {"rules": {**layer.rules, **new}}

    if all(one.id != pbx for one in settings.pbxs):
        return settings.model_copy(update={"defaults": settings.defaults.model_copy(update=changed(settings.defaults))})
    pbxs: list[InstalledPbx] = [one.model_copy(update=changed(one)) if one.id == pbx else one for one in settings.pbxs]
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
        current: Limit = getattr(limits, field)
        values = [(1.0, current, now)]
        values += [
            (times, value, lived) for times, lived in tries if (value := scaled(limits, field, times)) is not None
        ]
        alarms = [(value, lived.by_rule().get(rule, 0)) for _, value, lived in sorted(values, key=lambda one: one[0])]
        loud = max((place for place, (_, count) in enumerate(alarms) if count > allowed), default=None)
        best = current if loud is None else next((value for value, _ in alarms[loud + 1 :]), None)
        found.append(Suggestion(rule=rule, field=field, now=current, suggested=best,
                                alarms={shown(value): count for value, count in alarms}))  # fmt: skip
    return found


def shown(value: Limit) -> str:
    """As it is written."""
    return value if isinstance(value, str) else f"{value:g}"
