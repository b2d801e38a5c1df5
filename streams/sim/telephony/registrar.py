"""SIP registrations as the PBX sees them: accepted ones are events, failed ones only add up."""

import asyncio
import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from streams.sim.event_hub import EXTENSION_REGISTRATION, EventHub
from streams.sim.notices import NoticeBoard
from streams.sim.options import SimOptions
from streams.sim.settings import PbxSettings, SimExtension
from streams.sim.sim_clock import SimClock
from streams.sim.telephony.network import Firewall, is_local, plain_address

DESK_PHONE = "Yealink SIP-T54W 96.86.0.100"


class RegistrationResult(StrEnum):
    """How one attempt to register ended."""

    ACCEPTED = "accepted"
    UNKNOWN_ACCOUNT = "unknown_account"
    BAD_PASSWORD = "bad_password"  # noqa: S105 - the name of an outcome
    NOT_ALLOWED = "not_allowed"
    DROPPED = "dropped"


@dataclass(eq=False)
class Contact:
    """One device registered for an extension; it answers challenges with the password it was given."""

    number: str
    source_ip: str
    user_agent: str
    kind: str
    password: str = field(repr=False)
    expires_at: float = 0.0
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class Registrar:
    """Keeps contacts per extension and counts failures per address."""

    def __init__(
        self,
        options: SimOptions,
        clock: SimClock,
        settings: PbxSettings,
        hub: EventHub,
        notices: NoticeBoard,
        firewall: Firewall,
    ) -> None:
        self._options = options
        self._clock = clock
        self._settings = settings
        self._hub = hub
        self._notices = notices
        self._firewall = firewall
        self._contacts: dict[str, list[Contact]] = {}
        self._failures: dict[str, int] = {}
        self.blocked_ips: set[str] = set()
        """Addresses the PBX's own Auto Defense drops."""

    def contacts(self, number: str) -> list[Contact]:
        """The devices now registered for an extension, oldest first."""
        return list(self._contacts.get(number, ()))

    def drops(self, source_ip: str) -> bool:
        """Whether SIP from this address never reaches the PBX."""
        return self._firewall.drops(source_ip) or source_ip in self.blocked_ips

    def register(
        self,
        account: str,
        password: str,
        source_ip: str,
        user_agent: str = DESK_PHONE,
        kind: str = "Sip",
        expires: float = 3600,
    ) -> RegistrationResult:
        """One REGISTER with credentials, valid for `expires` script seconds; a known device is refreshed."""
        if self.drops(source_ip):
            return RegistrationResult.DROPPED
        extension = self._settings.account(account)
        outcome = self._judge(extension, password, source_ip, user_agent)
        if extension is None or outcome is not RegistrationResult.ACCEPTED:
            self._failed(account, source_ip)
            return outcome
        self._failures.pop(source_ip, None)
        self._keep(extension, password, source_ip, user_agent, kind, expires)
        return outcome

    def authorise(self, number: str, source_ip: str | None) -> Contact | RegistrationResult:
        """The device a call comes from, or why its INVITE is refused; bad credentials count as failures."""
        contact = next((c for c in reversed(self.contacts(number)) if source_ip in (None, c.source_ip)), None)
        address = source_ip or (contact.source_ip if contact else None)
        if address is not None and self.drops(address):
            return RegistrationResult.DROPPED
        if contact is None:
            return RegistrationResult.UNKNOWN_ACCOUNT
        extension = self._settings.extension(number)
        outcome = self._judge(extension, contact.password, contact.source_ip, contact.user_agent)
        if outcome is not RegistrationResult.ACCEPTED:
            self._failed(number, contact.source_ip)
            return outcome
        return contact

    def stop(self) -> None:
        """Cancel every expiry timer, silently."""
        for contacts in self._contacts.values():
            for contact in contacts:
                if contact.timer is not None:
                    contact.timer.cancel()

    def _judge(
        self, extension: SimExtension | None, password: str, source_ip: str, user_agent: str
    ) -> RegistrationResult:
        if extension is None:
            return RegistrationResult.UNKNOWN_ACCOUNT
        if not hmac.compare_digest(extension.reg_password.encode(), password.encode()):
            return RegistrationResult.BAD_PASSWORD
        address = str(plain_address(source_ip))
        if not extension.allow_reg_remotely and not is_local(address):
            return RegistrationResult.NOT_ALLOWED
        if extension.enb_ip_rstr and address not in extension.allowed_ips:
            return RegistrationResult.NOT_ALLOWED
        if extension.enb_user_agent_ident and not user_agent.startswith(extension.allowed_user_agents or ("\0",)):
            return RegistrationResult.NOT_ALLOWED
        return RegistrationResult.ACCEPTED

    def _keep(
        self, extension: SimExtension, password: str, source_ip: str, user_agent: str, kind: str, expires: float
    ) -> None:
        contacts = self._contacts.setdefault(extension.number, [])
        contact = next((c for c in contacts if (c.source_ip, c.kind) == (source_ip, kind)), None)
        if contact is None:
            while len(contacts) >= extension.concurrent_registrations:
                self._remove(contacts[0])
            contact = Contact(extension.number, source_ip, user_agent, kind, password)
            contacts.append(contact)
            self._announce(contact, "Registered")
        contact.password, contact.user_agent = password, user_agent
        if contact.timer is not None:
            contact.timer.cancel()
        lifetime = self._clock.real(expires)
        contact.expires_at = self._clock.now() + lifetime
        contact.timer = asyncio.get_running_loop().call_later(lifetime, self._remove, contact)

    def _remove(self, contact: Contact) -> None:
        self._contacts[contact.number].remove(contact)
        if contact.timer is not None:
            contact.timer.cancel()
        self._announce(contact, "Unregistered")

    def _announce(self, contact: Contact, status: str) -> None:
        if not self._settings.watches_extension(contact.number):
            return
        message: dict[str, object] = {
            "extension": contact.number,
            "kind": contact.kind,
            "status": status,
            "registered_ip": contact.source_ip,
        }
        self._hub.emit(EXTENSION_REGISTRATION, message)

    def _failed(self, account: str, source_ip: str) -> None:
        failures = self._failures.get(source_ip, 0) + 1
        if failures < self._options.registration_failures:
            self._failures[source_ip] = failures
            return
        self._failures.pop(source_ip, None)
        self._notices.post("extension_registration_blocked_out", user=account, ip=source_ip, count=failures)
        if self._options.auto_defense:
            self.blocked_ips.add(source_ip)
            self._notices.post("auto_defense_ip_blocked_out", ip=source_ip)
