"""Over which routes emergency calls leave once something is shut: one answer for the guard and for who is asked."""

from collections.abc import Collection, Sequence

from detector.contract.vocabulary import Act
from streams.pbxs.discovery import FoundRoute, FoundTrunk


def emergency_ways(
    routes: Sequence[FoundRoute] | None,
    trunks: Sequence[FoundTrunk] | None,
    configured: Collection[str],
    act: Act,
    target: str,
) -> list[str]:
    """Their names: found on the PBX and open to use, or else named in the settings; None is not known.

    Where the routes of the PBX are known, one that is named and not there, or shut, is no path.
    """
    if routes is None:
        return sorted(set(configured) - {target})
    return [route.name for route in routes if _stays(route, trunks, configured, act, target)]


def _stays(
    route: FoundRoute, trunks: Sequence[FoundTrunk] | None, configured: Collection[str], act: Act, target: str
) -> bool:
    """An emergency call needs a route without a PIN that somebody may use, and a trunk that is on."""
    if not (route.emergency or route.name in configured) or route.name == target or route.pin:
        return False
    if trunks is None and route.name in configured:
        return True
    on = {trunk.name for trunk in trunks or () if trunk.enabled}
    left = on - {target} if act is Act.DISABLE_TRUNK else on
    return bool(route.extensions or route.groups) and not left.isdisjoint(route.trunks)
