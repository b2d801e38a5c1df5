"""Who may use the API: tokens, the lock after failed authentications, the address allow-list."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from streams.sim.options import SimOptions

MAX_TOKENS = 8
MAX_FAILURES = 5


@dataclass(frozen=True)
class TokenPair:
    """An access token with its refresh token and when both end (epoch seconds)."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_until: float
    refresh_until: float


class ApiAccess:
    """Issues and checks tokens; an address with too many failed authentications is refused for good."""

    def __init__(self, options: SimOptions, now: Callable[[], float], on_block: Callable[[str], None]) -> None:
        self.client_id = options.client_id
        given = options.client_secret
        self.client_secret = given.get_secret_value() if given else secrets.token_hex(16)
        self._options = options
        self._now = now
        self._on_block = on_block
        self._pairs: list[TokenPair] = []
        self._failures: dict[str, int] = {}
        self._networks = [ip_network(address, strict=False) for address in options.api_allowed_ips]
        self.blocked_ips: set[str] = set()

    def permits_address(self, client_ip: str) -> bool:
        """Whether the allow-list, if any, has this address."""
        address = ip_address(client_ip)
        return not self._networks or any(address in network for network in self._networks)

    def authenticate(self, username: str, password: str, client_ip: str) -> bool:
        """Check the client's credentials; the last of five failures in a row blocks the address."""
        right = hmac.compare_digest(
            f"{username}\0{password}".encode(), f"{self.client_id}\0{self.client_secret}".encode()
        )
        if right:
            self._failures.pop(client_ip, None)
            return True
        failures = self._failures.get(client_ip, 0) + 1
        self._failures[client_ip] = failures
        if failures >= MAX_FAILURES:
            self.blocked_ips.add(client_ip)
            self._on_block(client_ip)
        return False

    def unblock(self, client_ip: str) -> None:
        """What an administrator does in the portal: the address may connect again."""
        self.blocked_ips.discard(client_ip)
        self._failures.pop(client_ip, None)

    def issue(self) -> TokenPair | None:
        """A new pair, or None when the limit of live access tokens is reached."""
        now = self._now()
        self._pairs = [pair for pair in self._pairs if pair.refresh_until > now]
        if sum(pair.access_until > now for pair in self._pairs) >= MAX_TOKENS:
            return None
        pair = TokenPair(
            secrets.token_hex(16),
            secrets.token_hex(16),
            now + self._options.access_token_seconds,
            now + self._options.refresh_token_seconds,
        )
        self._pairs.append(pair)
        return pair

    def knows_refresh(self, refresh_token: str) -> bool:
        """Whether this refresh token is valid now."""
        return self._by_refresh(refresh_token) is not None

    def refresh(self, refresh_token: str) -> TokenPair | None:
        """Swap a known refresh token's pair for a new one; None at the limit of live access tokens."""
        old = self._by_refresh(refresh_token)
        self._pairs = [pair for pair in self._pairs if pair is not old]
        new = self.issue()
        if new is None and old is not None:
            self._pairs.append(old)
        return new

    def _by_refresh(self, refresh_token: str) -> TokenPair | None:
        now = self._now()
        for pair in self._pairs:
            if pair.refresh_until > now and hmac.compare_digest(pair.refresh.encode(), refresh_token.encode()):
                return pair
        return None

    def expiry(self, access_token: str) -> float | None:
        """When this access token ends (epoch seconds); None if it is not valid now."""
        now = self._now()
        for pair in self._pairs:
            if pair.access_until > now and hmac.compare_digest(pair.access.encode(), access_token.encode()):
                return pair.access_until
        return None

    def revoke(self, access_token: str) -> None:
        """Forget a token and its refresh token."""
        self._pairs = [
            pair for pair in self._pairs if not hmac.compare_digest(pair.access.encode(), access_token.encode())
        ]

    def revoke_all(self) -> None:
        """Forget every token, as a restart of the PBX does."""
        self._pairs.clear()
