"""What an attacker can do, and how he goes on when calls fail."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.sim.core import PbxCore
from streams.sim.portal import LoginResult
from streams.sim.telephony.registrar import RegistrationResult
from streams.sim.telephony.sim_call import Attempt, CallPlan, SimCall

ADDRESS = "203.0.113.77"
SOFTPHONE = "sipcli/v1.8"
SCANNER = "friendly-scanner"
SOMALIA = "2526126"
"""A block of Somali mobile numbers; five more digits follow."""
DIAL_PREFIXES = ("9011", "+", "011", "00", "90011", "9810")


@dataclass
class AttackProgress:
    """How far an attack has come; times are epoch seconds."""

    name: str
    started_at: float
    phase: str = "waiting"
    finished_at: float | None = None
    gave_up: bool = False
    attempts: int = 0
    refused: int = 0
    calls: list[SimCall] = field(default_factory=list, repr=False)
    extensions: list[str] = field(default_factory=list)
    first_call_at: float | None = None
    last_call_at: float | None = None

    def shown(self, now: float) -> dict[str, object]:
        """As the control page gives it; `talk_seconds` counts calls that are still up until `now`."""
        talk = sum((c.ended_at or now) - c.answered_at for c in self.calls if c.answered_at is not None)
        return {
            "name": self.name,
            "phase": self.phase,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "gave_up": self.gave_up,
            "attempts": self.attempts,
            "placed": len(self.calls),
            "refused": self.refused,
            "calls_up": sum(c.up for c in self.calls),
            "call_ids": [c.call_id for c in self.calls],
            "extensions": list(self.extensions),
            "first_call_at": self.first_call_at,
            "last_call_at": self.last_call_at,
            "talk_seconds": round(talk, 3),
        }


class Attacker:
    """One attacker at one address; what he knows of passwords is from before the attack."""

    def __init__(self, core: PbxCore, progress: AttackProgress, source_ip: str = ADDRESS) -> None:
        self._core = core
        self.rng = core.rng
        self.progress = progress
        self.source_ip = source_ip
        self._stolen = {e.number: e.reg_password for e in core.settings.extensions}

    async def wait(self, seconds: float) -> None:
        """Let script seconds go by."""
        await self._core.clock.wait(seconds)

    def phase(self, name: str) -> None:
        """Say which part of the attack begins."""
        self.progress.phase = name

    async def guess_web(self, users: Iterable[str], every: float = 1) -> None:
        """Try wrong web passwords until the names or the PBX's patience run out."""
        for user in users:
            if self._core.portal.login(user, "Passw0rd123", self.source_ip) is not LoginResult.REJECTED:
                return
            await self.wait(every)

    async def guess_registrations(self, numbers: Iterable[str], every: float = 1) -> None:
        """Try one wrong SIP password for each account."""
        for number in numbers:
            self._core.registrar.register(number, f"{number}{number}", self.source_ip, SCANNER)
            await self.wait(every)

    def register(self, number: str, user_agent: str = SCANNER) -> bool:
        """Register with the stolen password; true if the PBX accepts it."""
        secret = self._stolen[number]
        outcome = self._core.registrar.register(number, secret, self.source_ip, user_agent)
        accepted = outcome is RegistrationResult.ACCEPTED
        if accepted and number not in self.progress.extensions:
            self.progress.extensions.append(number)
        return accepted

    def call(self, number: str, dialled: str, plan: CallPlan) -> Attempt:
        """Dial from a stolen extension, and note what came of it."""
        attempt = self._core.calls.dial(number, dialled, source_ip=self.source_ip, plan=plan)
        self.progress.attempts += 1
        if attempt.call is None:
            self.progress.refused += 1
            return attempt
        now = self._core.clock.now()
        self.progress.calls.append(attempt.call)
        self.progress.first_call_at = self.progress.first_call_at or now
        self.progress.last_call_at = now
        return attempt

    def number(self, block: str = SOMALIA) -> str:
        """A number of the block, in international form without prefix."""
        return f"{block}{self.rng.randrange(100_000):05d}"

    async def pump(
        self,
        extensions: tuple[str, ...],
        *,
        lines: int,
        talk: float,
        every: float,
        lasting: float,
        patience: int = 30,
    ) -> None:
        """Keep `lines` calls up for `lasting` script seconds; gives up after `patience` failures in a row.

        On failures: redial, then the next dialling prefix, then the next extension, guessed from here too.
        """
        ways = [(extension, prefix) for extension in extensions for prefix in DIAL_PREFIXES]
        way = failures = 0
        for _ in range(max(1, int(lasting / every))):
            await self.wait(every)
            if sum(call.up for call in self.progress.calls) >= lines:
                continue
            extension, prefix = ways[way % len(ways)]
            if self.call(extension, prefix + self.number(), CallPlan(ring=3, talk=talk)).placed:
                failures = 0
                continue
            failures += 1
            if failures >= patience:
                self.progress.gave_up = True
                return
            if failures % 2 == 0:
                way += 1
                await self._take(ways[way % len(ways)][0])

    async def _take(self, number: str) -> None:
        """Make sure of a registration for the extension, guessing first if it is a new one."""
        if number not in self.progress.extensions:
            await self.guess_registrations([number] * 2)
        self.register(number)
