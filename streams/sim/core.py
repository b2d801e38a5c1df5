"""The PBX itself, without its web server: settings, calls, registrations, events, tokens."""

import random
from collections import deque

from streams.sim.api_access import ApiAccess
from streams.sim.backups import Backups
from streams.sim.event_hub import EventHub
from streams.sim.notices import NoticeBoard
from streams.sim.office import furnish
from streams.sim.options import SimOptions
from streams.sim.portal import Portal
from streams.sim.settings import PbxSettings
from streams.sim.sim_clock import SimClock
from streams.sim.telephony.call_engine import CallEngine
from streams.sim.telephony.cdr import CdrStore
from streams.sim.telephony.network import Firewall
from streams.sim.telephony.registrar import Registrar
from streams.sim.telephony.routing import Router
from streams.sim.webhooks import WebhookSettings

MAX_CHANGES = 10_000


class PbxCore:
    """All parts of one PBX, wired together; needs a running event loop as soon as anything happens."""

    def __init__(self, options: SimOptions) -> None:
        self.options = options
        self.rng = random.Random(options.seed)  # noqa: S311 - traffic must be repeatable, not secret
        self.clock = SimClock(options)
        self.started_at = self.clock.now()
        self.hub = EventHub(options.serial)
        self.notices = NoticeBoard(options, self.clock, self.hub)
        self.settings = PbxSettings()
        self.firewall = Firewall()
        self.registrar = Registrar(options, self.clock, self.settings, self.hub, self.notices, self.firewall)
        self.portal = Portal(options, self.clock, self.settings, self.notices, self.firewall)
        self.cdrs = CdrStore(options, self.clock)
        self.router = Router(options, self.clock, self.settings, self._trunk_load)
        self.calls = CallEngine(
            self.clock, self.settings, self.registrar, self.router, self.hub, self.notices, self.cdrs
        )
        self.access = ApiAccess(options, self.clock.now, self._api_blocked)
        self.backups = Backups(self.clock)
        self.webhooks = WebhookSettings(webhook_event_push_list=options.webhooks)
        self.prompts: list[tuple[str, tuple[str, ...]]] = []
        """Numbers that prompts were played to, with the prompts."""
        self.changes: deque[dict[str, object]] = deque(maxlen=MAX_CHANGES)
        """What the API was told to do, oldest first: path, id or channel, and the names of the fields."""
        if "C31" not in options.weak:
            self.backups.create("weekly.bak", days_ago=2)
        furnish(options, self.settings, self.portal, self.rng)

    def _trunk_load(self, trunk_id: int) -> int:
        return self.calls.load(trunk_id)

    def _api_blocked(self, client_ip: str) -> None:
        self.notices.post("api_authentication_blocked_out", ip=client_ip)
