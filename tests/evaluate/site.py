"""One PBX of the evaluation: who works there, how numbers are dialled, and the events that people and phones make."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from detector.contract.events import AnyEvent, Call, Config, Login, Notice, Registration

FIRST_DAY = date(2026, 3, 2)
DAYS = 30
PHONES = (
    "Yealink SIP-T46S 66.85.0.5",
    "Yealink SIP-T54W 96.86.0.20",
    "Snom D785/10.1.159",
    "Grandstream GXP2170 1.0.11",
)
DELAY = timedelta(milliseconds=300)


@dataclass
class Site:
    """A PBX: its `home` numbers with `{}` for a random part, customers `abroad`, and its own settings."""

    pbx: str
    region: str
    timezone: str
    international_prefix: str
    access_digit: str
    extensions: int
    office: str
    home: tuple[str, ...]
    abroad: tuple[str, ...]
    calls_a_day: float = 10
    settings: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def phones(self) -> list[str]:
        """The extensions."""
        return [str(1_001 + number) for number in range(self.extensions)]

    def configured(self) -> dict[str, Any]:
        """As it stands in the configuration; rules act by themselves, so that a false alarm is a false containment."""
        return {
            "id": self.pbx, "region": self.region, "timezone": self.timezone, "access_digit": self.access_digit,
            "international_prefix": self.international_prefix, "holidays": self.region,
            "business_hours": {"mon-fri": "08:00-18:00"}, "mode": "auto",
            "trunks": {"carrier": {"hosts": ["198.51.100.250"], "max_calls": 60}}, **self.settings,
        }  # fmt: skip

    def at(self, day: int, hour: float) -> datetime:
        """A local hour of a day of the month, as the instant it is."""
        local = datetime.combine(FIRST_DAY + timedelta(days=day), time(), ZoneInfo(self.timezone))
        return (local + timedelta(hours=hour)).astimezone(UTC)

    def works(self, day: int) -> bool:
        """Whether it is an ordinary day of work."""
        return (FIRST_DAY + timedelta(days=day)).weekday() < 5

    def outside(self, number: str) -> str:
        """A national number as a user dials it."""
        return self.access_digit + number

    def foreign(self, number: str) -> str:
        """A number abroad, without plus, as a user dials it."""
        return self.access_digit + self.international_prefix + number

    # --- events

    def call(self, at: datetime, extension: str | None, to: str, talk: float, *, rings: float = 6, cut: bool = True,
             **more: Any) -> list[AnyEvent]:  # fmt: skip
        """One call from its beginning to its end; `talk` 0 is one that nobody answered."""
        key = f"{self.pbx}-c{next(self.numbers)}"
        given: dict[str, Any] = {
            "pbx": self.pbx, "call_id": key, "direction": "outbound", "extension": extension, "from_": extension,
            "to": to, "trunk": "carrier", "route": "Outbound", "channel": f"SIP/{extension}-{key}",
        } | more  # fmt: skip
        found: list[AnyEvent] = [_call(at, "started", given)]
        end = at + timedelta(seconds=rings + talk)
        if talk:
            answered = at + timedelta(seconds=rings)
            found.append(_call(answered, "answered", given))
            given |= {"answered_at": answered}
        given |= {"disposition": "answered" if talk else more.get("disposition", "no_answer"), "started_at": at,
                  "talk": talk, "duration": rings + talk}  # fmt: skip
        return [*found, _call(end, "ended", given)] if cut else found

    def inbound(self, at: datetime, extension: str, caller: str, talk: float, rings: float = 8) -> list[AnyEvent]:
        """Somebody calls us."""
        return self.call(at, extension, extension, talk, rings=rings, direction="inbound", from_=caller, trunk=None,
                         trunk_in="carrier", route=None)  # fmt: skip

    def internal(self, at: datetime, extension: str, to: str, talk: float) -> list[AnyEvent]:
        """Two of us talk."""
        return self.call(at, extension, to, talk, direction="internal", trunk=None, route=None)

    def registers(self, at: datetime, account: str, source: str, outcome: str = "accepted", agent: str = "",
                  **more: Any) -> Registration:  # fmt: skip
        """A phone, or somebody like one."""
        known = account if account in self.phones else None
        given: dict[str, Any] = {
            "pbx": self.pbx, "id": f"{self.pbx}-r{next(self.numbers)}", "at": at, "received_at": at + DELAY,
            "outcome": outcome, "account": account, "extension": known, "source_ip": source,
            "user_agent": agent or PHONES[int(account) % len(PHONES) if account.isdigit() else 0], "method": "REGISTER",
            "path": "lan" if source.startswith("10.") else "direct", "device": "sip", "transport": "udp",
        }  # fmt: skip
        if outcome == "rejected":
            given["reason"] = "bad_password" if known else "unknown_account"
        return Registration(**given | more)

    def logs_in(self, at: datetime, account: str, source: str, outcome: str = "accepted", **more: Any) -> Login:
        """Somebody logs in to a web surface."""
        given: dict[str, Any] = {
            "pbx": self.pbx, "id": f"{self.pbx}-l{next(self.numbers)}", "at": at, "received_at": at + DELAY,
            "outcome": outcome, "account": account, "source_ip": source, "surface": "web", "method": "password",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "path": "direct",
        }  # fmt: skip
        return Login(**given | more)

    def changes(self, at: datetime, what: str, which: str, actor: str, source: str, **fields: Any) -> Config:
        """Somebody changes the configuration; `fields` are `(old, new)`."""
        return Config(
            pbx=self.pbx, id=f"{self.pbx}-k{next(self.numbers)}", at=at, received_at=at + DELAY, object_=what,
            object_id=which, actor=actor, source_ip=source, changes=dict(fields),
        )  # fmt: skip

    def says(self, at: datetime, name: str, **more: Any) -> Notice:
        """The PBX tells of something."""
        return Notice(pbx=self.pbx, id=f"{self.pbx}-n{next(self.numbers)}", at=at, received_at=at + DELAY, name=name,
                      **more)  # fmt: skip


def _call(at: datetime, phase: str, given: dict[str, Any]) -> Call:
    return Call(id=f"{given['call_id']}/{phase}", at=at, received_at=at + DELAY, phase=phase, **given)


def number(random: Random, pattern: str) -> str:
    """A number of a pattern, each `#` a random digit."""
    return "".join(str(random.randrange(10)) if char == "#" else char for char in pattern)


def seconds(amount: float) -> timedelta:
    """So many seconds, to the microsecond."""
    return timedelta(seconds=round(amount, 6))
