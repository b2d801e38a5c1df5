"""Makes the events of calls, phones, logins and changes at one PBX, honest or not."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from detector.contract.events import AnyEvent, Call, Config, Login, Notice, Registration

PHONES = (
    "Yealink SIP-T46S 66.85.0.5",
    "Yealink SIP-T54W 96.86.0.20",
    "Snom D785/10.1.159",
    "Grandstream GXP2170 1.0.11",
)
DELAY = timedelta(milliseconds=300)


class Maker:
    """A PBX whose events are made up: `home` numbers and those `abroad`, each `#` a random digit.

    `phones` are its extensions, `office` the address they come from; `numbers` and `label` make ids that nobody else
    uses. `day` is that on which an attack begins, counted from `first_day`.
    """

    pbx: str
    label: str
    timezone: str
    international_prefix: str
    access_digit: str
    office: str
    home: Sequence[str]
    abroad: Sequence[str]
    numbers: Iterator[int]
    phones: Sequence[str]
    trunk: str
    route: str
    first_day: date
    day: int

    @property
    def lasting(self) -> range:
        """The days of an attack that takes its time."""
        raise NotImplementedError

    def works(self, day: int) -> bool:
        """Whether people work on a day."""
        raise NotImplementedError

    def at(self, day: int, hour: float) -> datetime:
        """When something happens that is to begin at a local hour of a day."""
        return self.clock(day, hour)

    def clock(self, day: int, hour: float) -> datetime:
        """A local hour of a day, as the instant it is."""
        local = datetime.combine(self.first_day + timedelta(days=day), time(), ZoneInfo(self.timezone))
        return (local + timedelta(hours=hour)).astimezone(UTC)

    def outside(self, number: str) -> str:
        """A national number as a user dials it."""
        return self.access_digit + number

    def foreign(self, number: str) -> str:
        """A number abroad, without plus, as a user dials it."""
        return self.access_digit + self.international_prefix + number

    def call(self, at: datetime, extension: str | None, to: str, talk: float, *, rings: float = 6, cut: bool = True,
             **more: Any) -> list[AnyEvent]:  # fmt: skip
        """One call from its beginning to its end; `talk` 0 is one that nobody answered."""
        key = f"{self.label}-c{next(self.numbers)}"
        given: dict[str, Any] = {
            "pbx": self.pbx, "call_id": key, "direction": "outbound", "extension": extension, "from_": extension,
            "to": to, "trunk": self.trunk, "route": self.route, "channel": f"SIP/{extension}-{key}",
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
                         trunk_in=self.trunk, route=None)  # fmt: skip

    def internal(self, at: datetime, extension: str, to: str, talk: float) -> list[AnyEvent]:
        """Two of us talk."""
        return self.call(at, extension, to, talk, direction="internal", trunk=None, route=None)

    def registers(self, at: datetime, account: str, source: str, outcome: str = "accepted", agent: str = "",
                  **more: Any) -> Registration:  # fmt: skip
        """A phone, or somebody like one."""
        known = account if account in self.phones else None
        given: dict[str, Any] = {
            "pbx": self.pbx, "id": f"{self.label}-r{next(self.numbers)}", "at": at, "received_at": at + DELAY,
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
            "pbx": self.pbx, "id": f"{self.label}-l{next(self.numbers)}", "at": at, "received_at": at + DELAY,
            "outcome": outcome, "account": account, "source_ip": source, "surface": "web", "method": "password",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "path": "direct",
        }  # fmt: skip
        return Login(**given | more)

    def changes(self, at: datetime, what: str, which: str, actor: str, source: str, **fields: Any) -> Config:
        """Somebody changes the configuration; `fields` are `(old, new)`."""
        return Config(
            pbx=self.pbx, id=f"{self.label}-k{next(self.numbers)}", at=at, received_at=at + DELAY, object_=what,
            object_id=which, actor=actor, source_ip=source, changes=dict(fields),
        )  # fmt: skip

    def says(self, at: datetime, name: str, **more: Any) -> Notice:
        """The PBX tells of something."""
        return Notice(pbx=self.pbx, id=f"{self.label}-n{next(self.numbers)}", at=at, received_at=at + DELAY, name=name,
                      **more)  # fmt: skip


def _call(at: datetime, phase: str, given: dict[str, Any]) -> Call:
    return Call(id=f"{given['call_id']}/{phase}", at=at, received_at=at + DELAY, phase=phase, **given)


def number(random: Random, pattern: str) -> str:
    """A number of a pattern, each `#` a random digit."""
    return "".join(str(random.randrange(10)) if char == "#" else char for char in pattern)


def seconds(amount: float) -> timedelta:
    """So many seconds, to the microsecond."""
    return timedelta(seconds=round(amount, 6))
