"""What is allowed in a configuration and still dangerous: said until a person accepts it by name."""

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import SecretStr

from detector.contract.vocabulary import Mode
from detector.detect.catalogue import catalogue
from detector.settings import Keys, PbxProfile, Policies
from detector.settings.problems import every_layer
from detector.settings.values import is_name
from streams.config.connection import Transport
from streams.config.dangers.risk_names import RiskName
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.config.listener_settings import FeedSettings, HepTransport

SHORTEST_TOKEN = 16
WIDEST_PROTECTED = {4: 8, 6: 19}
FIRST_DAY_SECONDS = 86_400
LOCKS = "call."
"""Rules about calls climb until a route is locked."""


class Risk(Struct, frozen=True, kw_only=True):
    """One danger: its name, where it stands, what can happen, and what to write instead."""

    name: RiskName
    keys: Keys
    can_happen: str
    instead: str

    def __str__(self) -> str:
        return f"{self.can_happen}; write {self.instead} (or accept it: accepted_risks: {{{self.name}: WHY}})"


class PlacedPbx(Struct, frozen=True, kw_only=True):
    """One PBX in an installation."""

    installation: Installation
    pbx: InstalledPbx
    profile: PbxProfile
    keys: Keys

    @property
    def acts(self) -> bool:
        """Whether something can be done about it by us."""
        return self.pbx.connection is not None or bool(self.installation.enforcers.named())

    def automatic(self, rule: str) -> bool:
        """Whether a rule acts by itself here, for anybody."""
        own = (rules[rule] for rules in self.profile.rules_of.values() if rule in rules)
        return any(each.mode is Mode.AUTO for each in (self.profile.rules[rule], *own))


def open_risks(installation: Installation, *, fresh: bool) -> list[Risk]:
    """Every risk that nobody has accepted, each place once. `fresh`: it was first started within a day, or never."""
    of_pbxs = (risk for place in places(installation) for risk in pbx_risks(place, fresh))
    found = [*listener_risks(installation), *of_pbxs]
    accepted = installation.accepted_risks
    return [risk for risk in dict.fromkeys(found) if risk.name not in accepted]


def is_fresh(installation: Installation, key_file: str, now: Callable[[], float] = time.time) -> bool:
    """Whether it was first started within a day, or never: the key is written then, and never again."""
    try:
        return now() - (installation.data / key_file).stat().st_mtime < FIRST_DAY_SECONDS
    except OSError:
        return True


def places(installation: Installation) -> Iterator[PlacedPbx]:
    """All PBXs about which something can be done."""
    policies = Policies(core_settings(installation), catalogue())
    for index, pbx in enumerate(installation.pbxs):
        place = PlacedPbx(installation=installation, pbx=pbx, profile=policies.of(pbx.id), keys=("pbxs", index))
        if place.acts:
            yield place


def listener_risks(installation: Installation) -> Iterator[Risk]:
    """Who can reach us, and how."""
    if not is_local(installation.console.host):
        yield Risk(
            name=RiskName.CONSOLE_OPEN, keys=("console", "host"),
            can_happen="passwords and sessions of the console cross the network unencrypted",
            instead="127.0.0.1 and a proxy with TLS before it",
        )  # fmt: skip
    for keys in short_tokens(installation.feed):
        yield Risk(
            name=RiskName.FEED_TOKEN, keys=keys,
            can_happen="anybody who guesses the token reads which addresses are blocked",
            instead=f"a token of at least {SHORTEST_TOKEN} characters",
        )  # fmt: skip
    for path, layer in every_layer(core_settings(installation)):
        for index, entry in enumerate(getattr(layer, "protected", ())):
            if not is_name(entry) and is_wide(entry):
                yield Risk(
                    name=RiskName.PROTECTED_WIDE, keys=(*path, "protected", index),
                    can_happen=f"no address in {entry} is ever blocked, whoever attacks from there",
                    instead="the networks where people work",
                )  # fmt: skip


def pbx_risks(place: PlacedPbx, fresh: bool) -> Iterator[Risk]:
    """What is dangerous about one PBX."""
    yield from connection_risks(place)
    yield from hep_risks(place)
    yield from emergency_risks(place)
    yield from address_risks(place)
    if fresh and all(settings.mode is Mode.AUTO for settings in place.profile.rules.values()):
        yield Risk(
            name=RiskName.RULES_ALL_AUTOMATIC, keys=(*place.keys, "mode"),
            can_happen="on the first day nothing is known of what is usual, and every rule cuts people off by itself",
            instead="mode: notify or ask, and auto for rules that have proven right",
        )  # fmt: skip


def connection_risks(place: PlacedPbx) -> Iterator[Risk]:
    """How the PBX is reached, and who can speak in its name."""
    connection, keys = place.pbx.connection, (*place.keys, "connection")
    if connection is None:
        return
    parts = urlsplit(connection.url)
    encrypted = {"http": "https://", "ami": "amis://"}.get(parts.scheme)
    if encrypted is not None and not is_local(parts.hostname or ""):
        yield Risk(
            name=RiskName.PBX_UNENCRYPTED, keys=(*keys, "url"),
            can_happen="whoever listens on the way takes over the PBX with our login", instead=encrypted,
        )  # fmt: skip
    if not connection.verify_tls:
        yield Risk(
            name=RiskName.PBX_UNVERIFIED, keys=(*keys, "verify_tls"),
            can_happen="whoever stands in the PBX's place gets our login", instead="verify_tls: true",
        )  # fmt: skip
    if connection.events is not Transport.WEBSOCKET and is_short(connection.webhook_secret):
        yield Risk(
            name=RiskName.WEBHOOK_SECRET, keys=(*keys, "webhook_secret"),
            can_happen="anybody can send events in the PBX's name, and have its people cut off",
            instead=f"a secret of at least {SHORTEST_TOKEN} characters",
        )  # fmt: skip


def hep_risks(place: PlacedPbx) -> Iterator[Risk]:
    """Who can tell of SIP in the PBX's name."""
    hep = place.pbx.hep
    if hep is not None and hep.transport is not HepTransport.TLS and not is_local(hep.host):
        yield Risk(
            name=RiskName.HEP_FORGEABLE, keys=(*place.keys, "hep", "transport"),
            can_happen="whoever can send in a capture agent's name, or reads its key on the way, has people cut off",
            instead="transport: tls, or a network between them where nobody else is",
        )  # fmt: skip


def emergency_risks(place: PlacedPbx) -> Iterator[Risk]:
    """Whether it is known how emergency calls leave."""
    profile = place.profile
    if place.pbx.connection is None:
        return
    locking = any(place.automatic(rule) for rule in profile.rules if rule.startswith(LOCKS))
    if locking and not profile.spares_emergency and not any(route.emergency for route in profile.routes.values()):
        yield Risk(
            name=RiskName.EMERGENCY_NO_ROUTE, keys=(*place.keys, "routes"),
            can_happen="rules act by themselves up to the lock of a route, and nobody said which emergency calls need",
            instead="routes: {NAME: {emergency: true}}",
        )  # fmt: skip
    if not profile.access_digit and not profile.emergency_numbers and not says_access(place):
        yield Risk(
            name=RiskName.EMERGENCY_ACCESS_DIGIT, keys=place.keys,
            can_happen="nobody said what is dialled for a line, so how people here dial an emergency number is guessed",
            instead='access_digit: "9", or access_digit: "" where nothing is dialled',
        )  # fmt: skip


def address_risks(place: PlacedPbx) -> Iterator[Risk]:
    """Whose addresses must not be blocked."""
    for name, trunk in place.profile.trunks.items():
        if not trunk.hosts:
            yield Risk(
                name=RiskName.TRUNK_HOSTS, keys=(*place.keys, "trunks", name),
                can_happen="the carrier's address may be blocked where the PBX does not tell it, and no call comes in",
                instead="hosts: [the carrier's host names and addresses]",
            )  # fmt: skip
    if place.installation.enforcers.named() and not place.profile.protected:
        yield Risk(
            name=RiskName.PROTECTED_NONE, keys=place.keys,
            can_happen="the addresses of your offices and of people who work outside may be blocked",
            instead="protected: [the networks where people work]",
        )  # fmt: skip


def says_access(place: PlacedPbx) -> bool:
    """Whether any layer says what is dialled for a line, be it nothing."""
    installation = place.installation
    tenant = installation.tenants.get(place.pbx.tenant or "")
    layers = (installation.defaults, place.pbx, *([tenant] if tenant is not None else []))
    return any("access_digit" in layer.model_fields_set for layer in layers)


def is_local(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def short_tokens(feed: FeedSettings) -> Iterator[tuple[str, ...]]:
    """Where a token of the feed stands that can be guessed; without one for all, each firewall has its own."""
    if feed.enabled and is_short(feed.token) and not (feed.token is None and feed.firewalls):
        yield "feed", "token"
    for name, firewall in feed.firewalls.items():
        if feed.enabled and is_short(firewall.token):
            yield "feed", "firewalls", name, "token"


def is_short(secret: SecretStr | None) -> bool:
    """Whether a secret is none, or one that can be guessed."""
    return secret is None or len(secret.get_secret_value()) < SHORTEST_TOKEN


def is_wide(entry: str) -> bool:
    """Whether a network holds a good part of the internet."""
    network = ip_network(entry, strict=False)
    return network.prefixlen < WIDEST_PROTECTED[network.version]
