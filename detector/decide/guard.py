"""The last gate: says whether an action may be done to a target, and if not, why."""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from detector.contract.findings import Subject
from detector.contract.vocabulary import Act, SubjectKind
from detector.decide.acts import ACTS, Protection
from detector.enrich.dialling.emergency import NOWHERE, Emergency

Network = IPv4Network | IPv6Network
Check = Callable[[Subject, "GuardFacts"], str | None]

WIDEST_V4 = 24
WIDEST_V6 = 48
SITE_V6 = 64
"""An IPv6 customer holds at least a /64, so nothing narrower is worth blocking."""
SHORTEST_PREFIX = 4

NEVER_BLOCKED = tuple((ip_network(cidr), what) for cidr, what in (
    ("0.0.0.0/8", "an unspecified address"), ("::/128", "an unspecified address"),
    ("127.0.0.0/8", "a loopback address"), ("::1/128", "a loopback address"),
    ("10.0.0.0/8", "a private address"), ("172.16.0.0/12", "a private address"),
    ("192.168.0.0/16", "a private address"), ("fc00::/7", "a private address"),
    ("100.64.0.0/10", "a carrier's shared address"), ("192.0.0.0/24", "a carrier's shared address"),
    ("64:ff9b::/96", "a translation of the whole IPv4 network"),
    ("169.254.0.0/16", "a link-local address"), ("fe80::/10", "a link-local address"),
    ("224.0.0.0/4", "a multicast address"), ("ff00::/8", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
))  # fmt: skip

_EXTENSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.\-]{0,31}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,256}")


class GuardFacts(Struct, frozen=True, kw_only=True):
    """What the guard is told about a target and its PBX; it looks nothing up itself.

    Addresses are single or CIDRs; entries that are neither (host names) match only the same text.
    `known_good`: seen working on at least 3 days before the incident. `emergency` knows how emergency calls are dialled
    on this PBX; left out, it knows no country and is wider.

    Two gates ask, and neither fills all of it. Only the engine, when it decides, knows `known_good` and
    `subject_of_incident`; only the executor, before it acts, all the rest that is not configured: `allow_list`,
    `own_addresses`, `in_use`, `unknown_names`, `own_numbers`, `emergency_call` and `spent_budget`.
    """

    protected: tuple[str, ...] = ()
    allow_list: tuple[str, ...] = ()
    """Addresses, numbers or number prefixes, extensions, names of routes and trunks."""
    trunk_addresses: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    """Ourselves and the PBX, with what the host names under `protected` resolve to."""
    in_use: tuple[str, ...] = ()
    """Addresses from which people are logged in to the console, or work at this machine."""
    unknown_names: tuple[str, ...] = ()
    """Host names of trunks and of ours that nobody could ever look up: any address may be theirs."""
    own_numbers: tuple[str, ...] = ()
    """Numbers under which the PBX itself calls and is called, in international form."""
    known_good: bool = False
    subject_of_incident: bool = False
    emergency_device: bool = False
    emergency_call: bool = False
    """The call, trunk or extension to be cut off is in a call that is or may be an emergency call."""
    emergency_path: bool = False
    """A way for emergency calls is known that stays after the action."""
    emergency: Emergency = NOWHERE
    spent_budget: bool = False


CHECKS: dict[Protection, Check] = {}


def veto(action: Act, target: Subject, facts: GuardFacts) -> str | None:
    """The reason in one sentence why `action` must not be done to `target`; None if it may."""
    traits = ACTS[action]
    if target.kind not in traits.targets:
        return f"{action} cannot be done to a target of kind {target.kind}"
    for check in (valid, listed, *(CHECKS[protection] for protection in traits.protections)):
        reason = check(target, facts)
        if reason is not None:
            return reason
    if facts.spent_budget and traits.hourly is not None:  # a flood of one kind is stopped for a human to look at
        return "the budget for this kind of action is spent"
    return None


def doubt(action: Act, facts: GuardFacts, *, sends_calls: bool) -> str | None:
    """Why a person has to consent to what nothing vetoes; None if it may be done without.

    `sends_calls`: from the address come calls, as from a carrier. As long as a carrier's name was never looked up, it
    may be that.
    """
    if action is not Act.BLOCK_IP or not sends_calls or not facts.unknown_names:
        return None
    name = facts.unknown_names[0]
    return f"calls come from there, and nobody could look up {name}, which must not be blocked: it may be that"


def block_range(target: str) -> Network:
    """What blocking `target` blocks: one IPv4 address or the CIDR given; of IPv6 at least the /64.

    Raises ValueError if `target` is no address or CIDR, or has host bits set.
    """
    network = ip_network(target.partition("%")[0])
    if isinstance(network, IPv4Network):
        return network
    mapped = network.network_address.ipv4_mapped
    if mapped is not None and network.prefixlen >= 96:
        return ip_network(f"{mapped}/{network.prefixlen - 96}")
    return network.supernet(new_prefix=SITE_V6) if network.prefixlen > SITE_V6 else network


def protects(check: Check) -> Check:
    """Registers a check as the protection of its name."""
    CHECKS[Protection(check.__name__)] = check
    return check


def valid(target: Subject, facts: GuardFacts) -> str | None:
    """A target that cannot be read is never acted on."""
    if target.kind is SubjectKind.SOURCE_IP:
        good = _network(target.id) is not None
    elif target.kind is SubjectKind.DESTINATION:
        good = _NUMBER.fullmatch(target.id) is not None
    elif target.kind is SubjectKind.EXTENSION:
        good = _EXTENSION.fullmatch(target.id) is not None
    else:
        good = _NAME.fullmatch(target.id) is not None and target.id.strip() != ""
    return None if good else f"the target is not a valid {target.kind}"


def listed(target: Subject, facts: GuardFacts) -> str | None:
    """What is protected or allowed by name is left alone by every action."""
    if target.id in facts.protected:
        return f"{target.id} is protected by the settings"
    if target.id in facts.allow_list:
        return f"{target.id} is on the allow list"
    return None


@protects
def narrow(target: Subject, facts: GuardFacts) -> str | None:
    """A block never covers more than a /24 or an IPv6 /48."""
    network = block_range(target.id)
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    return f"{network} is wider than /{widest}" if network.prefixlen < widest else None


@protects
def reachable(target: Subject, facts: GuardFacts) -> str | None:
    """Ranges that are not one host on the internet are never blocked."""
    network = block_range(target.id)
    return next((f"{target.id} is {what}" for never, what in NEVER_BLOCKED if _overlap(network, never)), None)


@protects
def ours(target: Subject, facts: GuardFacts) -> str | None:
    """Our own, trunk, protected and allowed addresses are never blocked, nor a range that holds one."""
    network = block_range(target.id)
    for addresses, what in (
        (facts.own_addresses, "an address of this installation"),
        (facts.trunk_addresses, "an address of a trunk"),
        (facts.in_use, "an address that somebody works from at Ringfence itself"),
        (facts.protected, "an address protected by the settings"),
        (facts.allow_list, "an address on the allow list"),
    ):
        for address in addresses:
            other = _listed(address)
            if other is not None and _overlap(network, other):
                return f"blocking {network} would block {address}, {what}"
    return None


@protects
def known_good(target: Subject, facts: GuardFacts) -> str | None:
    """An address known long before the incident stays, unless the incident is about it."""
    if facts.known_good and not facts.subject_of_incident:
        return f"{target.id} was in good use on at least 3 days before the incident"
    return None


@protects
def emergency_number(target: Subject, facts: GuardFacts) -> str | None:
    """Nothing that begins as an emergency number does, as dialled or with code, is blocked or cut."""
    if target.kind is not SubjectKind.DESTINATION:
        return None
    number = facts.emergency.cut_by(target.id)
    return None if number is None else f"{target.id} would stop calls to the emergency number {number}"


@protects
def emergency_call(target: Subject, facts: GuardFacts) -> str | None:
    """A running emergency call is never cut, nor the line it needs taken away; in doubt it is one."""
    return f"{target.id} is in a call that is or may be an emergency call" if facts.emergency_call else None


@protects
def long_enough(target: Subject, facts: GuardFacts) -> str | None:
    """A prefix of fewer than 4 digits stands for a country or more."""
    if target.kind is SubjectKind.DESTINATION and len(target.id.removeprefix("+")) < SHORTEST_PREFIX:
        return f"{target.id} is shorter than {SHORTEST_PREFIX} digits"
    return None


@protects
def allowed_number(target: Subject, facts: GuardFacts) -> str | None:
    """A prefix that covers an allowed number or one of ours, or lies under an allowed prefix, is not blocked."""
    if target.kind is not SubjectKind.DESTINATION:
        return None
    for allowed in facts.allow_list:
        # Extensions and addresses share the list; only numbers in full or as E.164 prefix count here.
        if allowed.startswith("+") and (allowed.startswith(target.id) or target.id.startswith(allowed)):
            return f"blocking {target.id} would block {allowed}, a number on the allow list"
    own = next((number for number in facts.own_numbers if number.startswith(target.id)), None)
    return None if own is None else f"blocking {target.id} would block {own}, a number of this PBX"


@protects
def emergency_device(target: Subject, facts: GuardFacts) -> str | None:
    """An alarm dialler or lift telephone keeps its line."""
    return f"{target.id} serves an emergency device" if facts.emergency_device else None


@protects
def emergency_path(target: Subject, facts: GuardFacts) -> str | None:
    """Nothing is locked before a way for emergency calls is known that stays."""
    return None if facts.emergency_path else "no path for emergency calls is known that would stay"


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return block_range(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _listed(text: str) -> Network | None:
    """As `_network`, but `10.0.0.1/8` in a list protects all of 10.0.0.0/8."""
    try:
        return block_range(str(ip_network(text.partition("%")[0], strict=False)))
    except ValueError:
        return None


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)
