"""Whole streams of events for property tests: an honest day, and an attack woven into one."""

from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from detector.contract.events import AnyEvent
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOME,
    HOUR,
    LATVIA,
    LISTED,
    NOON,
    OTHER_THIEF,
    PREMIUM,
    SATELLITE,
    SCANNER,
    SOMALIA,
    THIEF,
    call,
    cdr,
    config,
    guesses,
    known_phones,
    login,
    notice,
    registration,
    tick,
    whole,
)

PHONES = [str(1001 + number) for number in range(30)]
ABROAD = ("901149301234567", "901144207946000", "901133142278000")


def seeded(seed: int) -> Random:
    """Chance that is the same each time."""
    return Random(seed)  # noqa: S311 - nothing secret comes of it


def customer(phone: str, number: int) -> str:
    """One of some hundred numbers at home: a firm does not call one all day."""
    return f"9{(212, 646, 718)[number % 3]}5550{(int(phone) * 7 + number) % 100:03}"


@dataclass(frozen=True)
class Day:
    """An honest day of three PBXs with thirty extensions each, from a seed; `first`: on which all is new to us."""

    seed: int
    calls: int = 12
    first: bool = False

    def events(self) -> list[AnyEvent]:
        """All events in their order, from 03:00 at night to the end of the office's day."""
        found = [event for number in range(3) for event in self._pbx(seeded(self.seed * 10 + number), f"pbx-{number}")]
        return sorted(found, key=lambda event: event.at)

    def _pbx(self, random: Random, pbx: str) -> list[AnyEvent]:
        office = f"192.0.2.{random.randrange(1, 200)}"
        found = [tick(-9 * HOUR + 60 * minute) for minute in range(0, 15 * 60, 20)]
        for phone in PHONES:
            found += self._phone(random, phone, office)
            found += self._person(random, phone)
        found += [login(random.uniform(-4, 5) * HOUR, ("accepted", "rejected")[n % 4 == 3], "admin", office)
                  for n in range(6)]  # fmt: skip
        found += [notice(random.uniform(-4, 5) * HOUR, "sip_trunk_registration_failed", None) for _ in range(2)]
        return [replace(event, pbx=pbx) for event in found]

    def _phone(self, random: Random, phone: str, office: str) -> list[AnyEvent]:
        """Registered from the LAN or behind NAT, refreshed, challenged each time; some mistype their password."""
        source = office if int(phone) % 3 else "10.0.0." + str(int(phone) % 250)
        start = -9 * HOUR + random.uniform(0, HOUR)
        found: list[AnyEvent] = []
        if not self.first:
            found += known_phones([phone], source, days=[-2, -1])
        for refresh in range(7):
            at = round(start + refresh * 2 * HOUR, 3)
            found += [registration(at - 0.05, "challenged", phone, source), registration(at, "accepted", phone, source)]
        if random.random() < 0.2:
            found += guesses(
                round(start + 2 * HOUR - 60, 3), random.randrange(1, 4), phone, source, reason="bad_password"
            )
        return found

    def _person(self, random: Random, phone: str) -> list[AnyEvent]:
        """Calls within business hours, one after the other, mostly at home, now and then abroad."""
        found, at = [], -4 * HOUR + random.uniform(0, HOUR)
        for number in range(self.calls):
            talk = round(min(random.expovariate(1 / 180), 3_000), 1)
            at = round(at + random.uniform(60, 1_500), 3)
            if at + talk > 5.5 * HOUR:
                break
            to = customer(phone, number) if random.random() < 0.9 else random.choice(ABROAD)
            if number % 5 == 4:
                found += whole(at, talk, "1002", phone, direction="internal", trunk=None)
            elif number % 5 == 3:
                found += whole(at, talk, phone, phone, direction="inbound")
            else:
                found += whole(at, talk, to, phone)
            at += talk
        return found


def sneaking(start: float) -> list[AnyEvent]:
    """Under every limit of one address and minute, or against a policy that some operators have."""
    us, de = "8.8.8.8", "5.9.0.1"
    return [
        *(registration(start + n, account=f"90{n:02}", source="5.9.1.1", reason="unknown_account") for n in range(10)),
        *(registration(start + 60 * n, account=f"91{n:02}", source=f"5.9.2.{n % 4}") for n in range(12)),
        *(registration(start + 900 * n, account="1011", source="5.9.3.1") for n in range(16)),
        *(login(start + 300 * n, account="sales", source=f"5.9.{10 + n}.1") for n in range(9)),
        *(login(start + 60 * n, account=f"user{n}", source=f"5.10.{n}.1") for n in range(21)),
        *(registration(start + 600 * n, "accepted", "1012", (us, de)[n % 2], path="direct") for n in range(4)),
        registration(start + 5, account="1013", source="5.9.4.1", user_agent=SCANNER),
        registration(start + 2_500, "accepted", "1012", de, user_agent="Zoiper"),
        registration(start + 7, account="1013", source="5.9.5.1", count=40), registration(start + 8, source=LISTED),
        login(start + 10, "accepted", surface="ssh"),
        login(start + 20, "accepted", method="password", second_factor=False),
        *(login(start + 30 + n, ("accepted", "rejected")[n], "1012", (us, de)[n], method="link", credential="once")
          for n in range(2)),
        *(login(start + 30 * HOUR * n, "accepted", f"boss {n}", "8.8.4.4", role="Administrator") for n in range(2)),
        config(start + 40, "extension", {"role": ("Employee", "Administrator")}, object_id="1012"),
        config(start + 50, "outbound_route", {"pin": ("list", "none")}, object_id="International"),
        config(start + 60, "security", {"ssh_enabled": (False, True)}),
        notice(start + 70, "system_upgrade_completed", None),
    ]  # fmt: skip


def dialling(start: float) -> list[AnyEvent]:
    """Everything that thieves do with calls, from the fourth day on on which anybody calls."""
    day, cuba, chad, gone = start + 4 * DAY, "901153521234", "901123522512", {"disposition": "failed"}
    found: list[AnyEvent] = [
        *(cdr(start + n * DAY, 60, HOME, "1020", pin="a pin") for n in range(4)),
        *(cdr(day + n, 60, HOME, f"103{n}", pin="a pin") for n in range(5)),
        *(cdr(day + 100 + n, 0, HOME, "1040", reason="wrong_pin", **gone) for n in range(5)),
        *(cdr(day + 200 + n, 0, HOME, None, direction="inbound", reason="wrong_pin", call=f"disa {n}", **gone)
          for n in range(10)),
        *(cdr(day + 300 + 30 * n, 8, f"90115{n}21234567", "1041") for n in (1, 3, 4)),
        *(cdr(day + 500 + 30 * n, 0, prefix + "252612345678", "1042", **gone)
          for n, prefix in enumerate(["9011", "900", "90011", "9810", "9+"])),
        *(event for n in range(10) for event in whole(day + 900 + n, 1_500, f"{cuba}{n:03}", f"106{n % 6}")),
        *(cdr(day + 10 * HOUR + n * DAY, 1_500, f"{chad}{n:03}", "1007") for n in range(3)),
        *(call(day + 2_000 + n, "1001", None, direction="inbound", from_=f"+2224512345{n}", phase="ended", duration=2,
               disposition="no_answer") for n in range(5)),
        *whole(day + 2_100, 60, "901122245123454", "1043"),
        *(cdr(day + 2_200 + 9 * n, 5, f"9121255501{n:02}", "1050") for n in range(40)),
        *whole(day + 3_000, 60, f"{cuba}111", None, direction="transit", trunk_in="carrier-b"),
        *(event for n in range(3) for event in whole(day + 3_100 + n, 60, f"90112215123{n}", None, via="disa")),
        config(day + 3_200, "extension", {"forward_to": ("", "901177051234567")}, object_id="1044", actor="1044"),
        *(event for n in range(4)
          for event in whole(day + 3_300 + n, 60, "901177051234567", "1001", via="forward", on_behalf_of="1044")),
        *whole(day + 3_400, 4 * HOUR, SATELLITE, "1045"), tick(day + 8 * HOUR),
    ]  # fmt: skip
    return found


def attack(pbx: str = "hq", start: float = 0) -> list[AnyEvent]:
    """Everything the engine does at least once: two thieves, guessing to pumping, a record with a source, a drill."""
    found = [
        *guesses(start, 7), registration(start + 10, "accepted"),
        *whole(start + 60, 12, source_ip=THIEF), *whole(start + 90, 4_000, source_ip=THIEF),
        *[event for n in range(6) for event in whole(start + 100 + n / 10, 900 + n, LATVIA, call=f"p{n}")],
        cdr(start + 200, 30, PREMIUM, "1003"),
        *guesses(start + 210, 6, "1009", OTHER_THIEF), registration(start + 220, "accepted", "1009", OTHER_THIEF),
        *whole(start + 240, 500, GERMANY, "1009"),
        *(login(start + 300 + n) for n in range(6)), notice(start + 310, "web_user_blocked"),
        *(call(start + 400 + n, HOME, str(2000 + n)) for n in range(32)),
        *whole(start + 500, 3 * HOUR, SOMALIA, "1004"), tick(start + 5_000), tick(start + 4 * HOUR),
        *whole(start + 10 * HOUR, 60, GERMANY, "1005"),
        tick(start + 40 * HOUR), *guesses(start + 50 * HOUR, 6), tick(start + 90 * HOUR),
    ]  # fmt: skip
    found += sneaking(start + 55 * HOUR)
    found += dialling(start + 150 * HOUR)
    record = whole(start + 60, 12)[2]
    found.append(replace(record, revision=1, source_ip=THIEF, at=record.at))
    found += [replace(event, drill=True, id=f"drill {event.id}") for event in guesses(start + 30, 5)]
    return sorted((replace(event, pbx=pbx) for event in found), key=lambda event: (event.at, event.revision, event.id))


def shuffled(events: list[AnyEvent], seed: int, reach: float = 120) -> list[AnyEvent]:
    """The same events as a slow network might bring them: each up to `reach` seconds late."""
    random = seeded(seed)
    return sorted(events, key=lambda event: (event.at - NOON).total_seconds() + random.uniform(0, reach))
