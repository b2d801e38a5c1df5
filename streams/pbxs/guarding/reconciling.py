"""Where the settings and what is found on the PBX differ: a protection by a wrong name protects nobody."""

from collections.abc import Iterable, Iterator

from detector.detect.rules.call_route import CallRoute
from detector.settings import PbxProfile
from streams.pbxs.discovery import Discovery, FoundRoute, FoundTrunk

SHOWN = 10
NO_ORDER = "the PBX does not show the order of its routes: of a call that two of them take, both are told as possible"
NO_EMERGENCY_PATH = "no route for emergency calls is known, so Ringfence will shut no route and no trunk"


def misfits(profile: PbxProfile, found: Discovery) -> Iterator[str]:
    """A sentence for each thing that the settings say of the PBX and the PBX does not, or the other way round."""
    if found.extensions.value is not None:
        yield from strangers("extension", profile.extensions, (one.number for one in found.extensions.value))
    if found.trunks.value is not None:
        yield from strangers("trunk", profile.trunks, (one.name for one in found.trunks.value))
        yield from new_hosts(profile, found.trunks.value)
    if found.routes.value is not None:
        yield from route_misfits(profile, found.routes.value)


def route_misfits(profile: PbxProfile, routes: tuple[FoundRoute, ...]) -> Iterator[str]:
    """Names of routes, who may use them, and whether emergency calls have one."""
    rule = allowing(profile)
    yield from strangers("route", {*profile.routes, *rule.names}, (one.name for one in routes))
    yield from differences(profile, rule, routes)
    if len(routes) > 1 and any(route.order is None for route in routes):
        yield NO_ORDER
    for route in routes:
        own = profile.routes.get(route.name)
        if own is not None and own.emergency and not route.emergency:
            yield f"route {route.name} is configured for emergency calls, and takes no emergency number"
    configured = any(route.emergency for route in profile.routes.values())
    if not (profile.spares_emergency or configured or any(route.emergency for route in routes)):
        yield NO_EMERGENCY_PATH


def new_hosts(profile: PbxProfile, trunks: Iterable[FoundTrunk]) -> Iterator[str]:
    """A sentence for each configured trunk that the PBX reaches where the settings do not say."""
    for trunk in trunks:
        own = profile.trunks.get(trunk.name)
        more = sorted(set(trunk.hosts) - set(own.hosts)) if own is not None and own.hosts else []
        if more:
            yield f"trunk {trunk.name} is reached at {', '.join(more[:SHOWN])} on the PBX, and not in the settings"


def allowing(profile: PbxProfile) -> CallRoute:
    """The rule on who may use which route."""
    settings = profile.rule(CallRoute.id)
    return CallRoute(settings.limits, settings.mode)


def differences(profile: PbxProfile, rule: CallRoute, routes: Iterable[FoundRoute]) -> Iterator[str]:
    """A sentence for each route that the PBX lets others use than the rule does."""
    for route in routes:
        more = [
            number for number in route.extensions
            if not rule.permits(route.name, number, profile.extension(number).group)
        ]  # fmt: skip
        if more:
            shown = ", ".join(more[:SHOWN]) + (f" and {len(more) - SHOWN} more" if len(more) > SHOWN else "")
            yield f"route {route.name} may be used by {shown} on the PBX, which {CallRoute.id} does not allow"


def strangers(what: str, configured: Iterable[str], there: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that is configured and not there."""
    for name in sorted(set(configured) - set(there)):
        yield f"{what} {name} is configured, and the PBX has none of that name"
