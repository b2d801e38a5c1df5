"""What does not fit together in a configuration whose single values are sound."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from pydantic import BaseModel, JsonValue, ValidationError

from detector.contract.vocabulary import Mode
from detector.settings.layers import Pbx, Personal, Rules, Settings
from detector.settings.profile import PbxProfile
from detector.settings.resolve import Policies
from detector.settings.rules import Catalogue
from detector.settings.values import listed, nearest, refusal

Keys = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """What is wrong, and where: the keys and indexes that lead to it."""

    path: Keys
    text: str


def problems(settings: Settings, catalogue: Catalogue) -> list[Problem]:
    """Everything that is wrong with rules, names and countries; with none, every profile can be made."""
    ids = ((("pbxs", index, "id"), pbx.id) for index, pbx in enumerate(settings.pbxs))
    found = [*twice(ids), *strangers(settings)]
    for path, layer in every_layer(settings):
        found += wrong_rules((*path, "rules"), layer.rules, catalogue)
    for index, pbx in enumerate(settings.pbxs):
        found += group_problems(pbx, ("pbxs", index))
    return found or list(misfits(settings, catalogue))


def every_layer(settings: Settings) -> Iterator[tuple[Keys, Personal]]:
    """All layers and where they are."""
    yield ("defaults",), settings.defaults
    for name, tenant in settings.tenants.items():
        yield ("tenants", name), tenant
    for index, pbx in enumerate(settings.pbxs):
        yield ("pbxs", index), pbx
        yield from ((("pbxs", index, "groups", name), group) for name, group in pbx.groups.items())
        yield from ((("pbxs", index, "extensions", number), own) for number, own in pbx.extensions.items())


def wrong_rules(path: Keys, rules: Rules, catalogue: Catalogue) -> Iterator[Problem]:
    """Rules that do not exist, and limits that a rule does not have or take."""
    for rule, values in rules.items():
        here = (*path, rule)
        if rule not in catalogue:
            yield Problem(here, str(refusal("unknown rule", listed(catalogue), nearest(rule, catalogue))))
            continue
        mode = values.get("mode", Mode.NOTIFY)
        if mode not in tuple(Mode):
            yield Problem((*here, "mode"), str(refusal("unknown word", listed(Mode), nearest(str(mode), Mode))))
        yield from wrong_limits(here, catalogue[rule], {key: one for key, one in values.items() if key != "mode"})


def wrong_limits(path: Keys, limits: type[BaseModel], values: dict[str, JsonValue]) -> Iterator[Problem]:
    """What a rule's limits refuse."""
    try:
        limits.model_validate(values)
    except ValidationError as error:
        known = (*limits.model_fields, "mode")
        for one in error.errors(include_url=False, include_input=False):
            where = (*path, *one["loc"])
            if one["type"] == "extra_forbidden":
                unknown = str(one["loc"][-1])
                yield Problem(where, str(refusal("unknown key", listed(known), nearest(unknown, known))))
            else:
                yield Problem(where, plain(one["msg"]))


def plain(message: str) -> str:
    """pydantic's message without its own prefix."""
    return message.removeprefix("Value error, ")


def twice(named: Iterable[tuple[Keys, str]]) -> Iterator[Problem]:
    """Names that have to be unique and are not, with the path of each."""
    seen = set[str]()
    for path, name in named:
        if name in seen:
            yield Problem(path, f"{name} is used twice")
        seen.add(name)


def strangers(settings: Settings) -> Iterator[Problem]:
    """References to tenants that are not there."""
    for index, pbx in enumerate(settings.pbxs):
        if settings.tenants and pbx.tenant is not None and pbx.tenant not in settings.tenants:
            hint = refusal("unknown tenant", listed(settings.tenants), nearest(pbx.tenant, settings.tenants))
            yield Problem(("pbxs", index, "tenant"), str(hint))


def group_problems(pbx: Pbx, path: Keys) -> Iterator[Problem]:
    """Extensions in an unknown group or in two."""
    group_of: dict[str, str] = {}
    claims = [
        ((*path, "groups", name, "members", index), number, name)
        for name, group in pbx.groups.items()
        for index, number in enumerate(group.members)
    ]
    claims += [
        ((*path, "extensions", number, "group"), number, own.group)
        for number, own in pbx.extensions.items()
        if own.group is not None
    ]
    for where, number, name in claims:
        if name not in pbx.groups:
            yield Problem(where, str(refusal("unknown group", listed(pbx.groups) or "none", nearest(name, pbx.groups))))
        elif group_of.setdefault(number, name) != name:
            yield Problem(where, f"extension {number} is also in group {group_of[number]} (allowed: one group)")


def locked_out(path: Keys, profile: PbxProfile) -> Iterator[Problem]:
    """The PBX's own country has to be allowed before others are not, or its administrator is a stranger (C06)."""
    allowed = profile.allowed_source_countries
    if allowed and profile.region not in allowed:
        text = refusal("the PBX's own country could not reach it", f"a list with {profile.region}")
        yield Problem((*path, "allowed_source_countries"), str(text))


def misfits(settings: Settings, catalogue: Catalogue) -> Iterator[Problem]:
    """Layers that are sound one by one but not together."""
    policies = Policies(settings, catalogue)
    for path, pbx in [(("defaults",), ""), *((("pbxs", i), pbx.id) for i, pbx in enumerate(settings.pbxs))]:
        try:
            yield from locked_out(path, policies.of(pbx))
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                yield Problem(path, f"rules do not fit together: {plain(one['msg'])}")
        except ValueError as error:
            yield Problem(path, str(error))
