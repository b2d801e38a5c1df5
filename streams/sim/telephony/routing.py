"""Decides where a dialled number goes, and which restriction stops it."""

from collections.abc import Callable
from dataclasses import dataclass

from streams.sim.options import SimOptions
from streams.sim.settings import DialPattern, PbxSettings, SimExtension, SimRoute, SimTrunk
from streams.sim.sim_clock import SimClock
from streams.sim.telephony.dial_patterns import matches

# Texts the PBX is known to give for failed calls; which of them a block, a wrong PIN or a switched-off trunk
# gives is our guess.
NOT_FOUND = "404 Not Found"
NO_PERMISSION = "NO Dial Permission"
NO_OUTBOUND = "NO Outbound Restriction"
CONGESTION = "Circuit/channel congestion"
UNREACHABLE = "Line Unreachable"
BUSY = "486 Busy Here"
UNAVAILABLE = "480 Temporarily Unavailable"


@dataclass(frozen=True)
class Path:
    """The way out: trunk, route (none for an emergency call) and the number as sent to the carrier."""

    trunk: SimTrunk
    route: SimRoute | None
    sent: str
    emergency: bool = False


@dataclass(frozen=True)
class RouteRefusal:
    """Why the PBX does not let a call out, in its own words."""

    reason: str


class Router:
    """Applies extension limits, blocked numbers, routes, PINs and trunk limits to a dialled number."""

    def __init__(self, options: SimOptions, clock: SimClock, settings: PbxSettings, load: Callable[[int], int]) -> None:
        self._options = options
        self._clock = clock
        self._settings = settings
        self._load = load

    def is_emergency(self, dialled: str) -> bool:
        """Whether this is an emergency number, with or without the access digit."""
        numbers = self._options.emergency_numbers
        return dialled in numbers or dialled.removeprefix(self._options.access_digit) in numbers

    def blocks_inbound(self, caller: str) -> bool:
        """Whether a rule stops calls from this number."""
        return self._is_blocked(caller, "inbound")

    def outbound(self, extension: SimExtension, dialled: str, pin: str | None) -> Path | RouteRefusal:
        """The way out for `dialled`, or the refusal. Nothing but dead trunks stops an emergency call."""
        if self.is_emergency(dialled):
            return self._emergency(dialled)
        if self._is_blocked(dialled, "outbound"):
            return RouteRefusal(NO_PERMISSION)
        if extension.disable_outb_call and self._options.accept_disable_outb_call:
            return RouteRefusal(NO_OUTBOUND)
        if extension.disable_office_time_outb_call and not self._office_hours():
            return RouteRefusal(NO_OUTBOUND)
        return self._by_route(extension, dialled, pin)

    def _emergency(self, dialled: str) -> Path | RouteRefusal:
        trunk = next((t for t in self._settings.trunks if t.enable), None)
        if trunk is None:
            return RouteRefusal(UNREACHABLE)
        numbers = self._options.emergency_numbers
        sent = dialled if dialled in numbers else dialled.removeprefix(self._options.access_digit)
        return Path(trunk, None, sent, emergency=True)

    def _is_blocked(self, number: str, direction: str) -> bool:
        return any(
            matches(pattern, number)
            for rule in self._settings.blocked_numbers
            if rule.limit_type in (direction, "both")
            for pattern in rule.numbers
        )

    def _office_hours(self) -> bool:
        now = self._clock.local(self._clock.now())
        opens, closes = self._options.business_hours
        return now.weekday() < 5 and opens <= now.hour < closes

    def _by_route(self, extension: SimExtension, dialled: str, pin: str | None) -> Path | RouteRefusal:
        reason = NOT_FOUND
        for route in self._settings.routes:
            pattern = next((p for p in route.dial_pattern_list if matches(p.pattern, dialled)), None)
            if pattern is None:
                continue
            if not self._settings.permits(route, extension):
                reason = NO_OUTBOUND
                continue
            if route.pin_protect != "disable" and pin not in self._settings.pins(route):
                return RouteRefusal(NO_PERMISSION)
            return self._by_trunk(route, pattern, dialled)
        return RouteRefusal(reason)

    def _by_trunk(self, route: SimRoute, pattern: DialPattern, dialled: str) -> Path | RouteRefusal:
        enabled = False
        for entry in route.trunk_list:
            trunk = self._settings.trunks.get(entry.id)
            if trunk is None or not trunk.enable:
                continue
            enabled = True
            if self._load(trunk.id) < trunk.capacity:
                return Path(trunk, route, pattern.prepend + dialled[pattern.strip :])
        return RouteRefusal(CONGESTION if enabled else UNREACHABLE)
