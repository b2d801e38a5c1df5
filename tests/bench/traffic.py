"""Mixed traffic of many PBXs, the same for the same seed: calls, phones that register, and a few attacks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from detector.contract.events import AnyEvent, Call, Login, Notice, Registration, Tick
from detector.settings import Settings

START = datetime(2040, 3, 13, 15, 0, tzinfo=UTC)  # a Tuesday morning, ahead of any clock: no tick overtakes it
PBXS = 20
EXTENSIONS = 200
ATTACK = 0.05
ACTIVITIES_PER_SECOND = 20
KINDS = {"call": 20, "refresh": 20, "challenge": 5, "tick": 7, "login": 2, "notice": 1}
PHONES = ("Yealink SIP-T46U 108.86.0.90", "Fanvil X4U 2.12.1.2", "Linkus/5.6.3", "snomD785/10.1.159.12")
ABROAD = ("44207946", "4930901820", "331708012", "8135550")
AREAS = ("212", "305", "415", "646", "713")
CONTACTS = 60  # last digits of the numbers that people call again and again
PUMPED = "2526123"
EVENTS_OF_AN_ATTACK = 94
AHEAD = 1.3  # calls go on after the last one began: made until the first `events` of them are complete
SILENT_TICKS = 1_200  # enough ids for the older ones to be dropped
STAMP = re.compile(r"\[[A-Z][a-z]{2} [ \d]\d [\d:]{8}\]")
EVENT_TIME = re.compile(r'EventTV="[^"]*"')
DELAY = timedelta(milliseconds=40)

SETTINGS = Settings.model_validate({
    "defaults": {
        "region": "US", "timezone": "America/New_York", "international_prefix": "011", "access_digit": "9",
        "business_hours": {"mon-fri": "08:00-18:00"}, "holidays": "US", "mode": "auto",
    },
})  # fmt: skip


def log_lines(lines: int) -> list[bytes]:
    """So many lines of an Asterisk's two logs in one: the sample again and again, four lines a second."""
    sample = (Path(__file__).parents[1] / "data" / "asterisk-both.log").read_text().splitlines()
    made = []
    for number in range(lines):
        at = START + timedelta(seconds=number // 4)
        line = STAMP.sub(f"[{at:%b %d %H:%M:%S}]", sample[number % len(sample)], count=1)
        made.append(EVENT_TIME.sub(f'EventTV="{at:%Y-%m-%dT%H:%M:%S}.{number % 1_000:03}+0000"', line).encode())
    return made


def traffic(events: int, seed: int = 7) -> list[AnyEvent]:
    """So many events in the order of their time; about 5 % belong to attacks."""
    random = Random(seed)  # noqa: S311 - traffic, not secrets
    made: list[AnyEvent] = []
    at = START
    attacks = 0
    for number in count():
        at += timedelta(seconds=random.expovariate(ACTIVITIES_PER_SECOND))
        if len(made) >= events * AHEAD:
            break
        made.extend(activity(random, number, at))
        if len(made) * ATTACK >= attacks * EVENTS_OF_AN_ATTACK:
            made.extend(attack(random, number, at))
            attacks += 1
    return sorted(made, key=lambda event: event.at)[:events]


def activity(random: Random, number: int, at: datetime) -> Iterator[AnyEvent]:
    """What honest people and phones do next."""
    pbx = f"pbx-{random.randrange(PBXS):02}"
    extension = str(1_000 + random.randrange(EXTENSIONS))
    kind = random.choices(list(KINDS), KINDS.values())[0]
    key = f"{number:x}"
    if kind == "call":
        yield from call(random, key, pbx, extension, at)
    elif kind in {"refresh", "challenge"}:
        if kind == "challenge":
            yield registration(pbx, extension, f"r{key}.c", at, "challenged", home(pbx, extension))
        yield registration(pbx, extension, f"r{key}", at + DELAY, "accepted", home(pbx, extension))
    elif kind == "login":
        yield Login(pbx=pbx, id=f"l{key}", at=at, received_at=at + DELAY, source="websocket",
                    outcome="rejected" if random.random() < 0.1 else "accepted", surface="linkus_desktop",
                    account=extension, source_ip=home(pbx, extension), method="password")  # fmt: skip
    elif kind == "notice":
        yield Notice(pbx=pbx, id=f"n{key}", at=at, received_at=at + DELAY, source="websocket",
                     name="sip_trunk_registration_failed", level="warning", trunk="carrier-a")  # fmt: skip
    else:
        yield Tick(pbx=pbx, id=f"t{key}", at=at, received_at=at + DELAY, source="websocket")


def call(random: Random, key: str, pbx: str, extension: str, at: datetime) -> Iterator[AnyEvent]:
    """One call in its three phases."""
    shape = random.random()
    direction = "outbound" if shape < 0.55 else "inbound" if shape < 0.9 else "internal"
    outside = f"{random.choice(AREAS)}555{random.randrange(CONTACTS if random.random() < 0.6 else 10_000):04}"
    to, from_ = f"9{outside}", extension
    if direction == "inbound":
        to, from_ = extension, f"+1{outside}"
    elif direction == "internal":
        to = str(1_000 + random.randrange(EXTENSIONS))
    elif random.random() < 0.04:
        to = f"9011{random.choice(ABROAD)}{random.randrange(10_000):04}"
    ringing, talk = random.uniform(2, 15), random.expovariate(1 / 150)
    yield from phases(key, pbx, extension, at, ringing, talk, direction, from_, to, home(pbx, extension))


def phases(key: str, pbx: str, extension: str, at: datetime, ringing: float, talk: float, direction: str,
           from_: str, to: str, source_ip: str) -> Iterator[Call]:  # fmt: skip
    """Started, answered, ended."""
    answered = at + timedelta(seconds=ringing)
    ended = answered + timedelta(seconds=talk)
    common = {
        "pbx": pbx, "source": "websocket", "call_id": f"1772867460.{key}", "direction": direction,
        "extension": extension, "from_": from_, "to": to, "trunk": None if direction == "internal" else "carrier-a",
        "channel": f"PJSIP/{extension}-{key}", "source_ip": source_ip,
    }  # fmt: skip
    yield Call(id=f"c{key}s", at=at, received_at=at + DELAY, phase="started", **common)
    yield Call(id=f"c{key}a", at=answered, received_at=answered + DELAY, phase="answered", **common)
    yield Call(id=f"c{key}e", at=ended, received_at=ended + DELAY, phase="ended", started_at=at,
               answered_at=answered, duration=ringing + talk, talk=talk, disposition="answered", **common)  # fmt: skip


def registration(pbx: str, extension: str, key: str, at: datetime, outcome: str, source_ip: str,
                 agent: str | None = None) -> Registration:  # fmt: skip
    """One answer of the registrar."""
    return Registration(
        pbx=pbx, id=key, at=at, received_at=at + DELAY, source="websocket", outcome=outcome, account=extension,
        extension=extension, source_ip=source_ip, user_agent=agent or PHONES[int(extension) % len(PHONES)],
        transport="udp", reason="bad_password" if outcome == "rejected" else None,
    )  # fmt: skip


def attack(random: Random, number: int, at: datetime) -> Iterator[AnyEvent]:
    """Guessing, a registration, a probe call, and calls that bring the thief money."""
    pbx = f"pbx-{random.randrange(PBXS):02}"
    extension = str(1_000 + random.randrange(EXTENSIONS))
    thief = f"185.{random.randrange(100, 200)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    for guess in range(30):
        at += timedelta(seconds=1)
        yield registration(pbx, extension, f"g{number:x}.{guess}", at, "rejected", thief, "friendly-scanner")
    at += timedelta(seconds=1)
    yield registration(pbx, extension, f"g{number:x}", at, "accepted", thief, "friendly-scanner")
    for each in range(21):
        at += timedelta(seconds=20)
        yield from phases(f"a{number:x}.{each}", pbx, extension, at, 3, 10 if each == 0 else 600, "outbound",
                          extension, f"9011{PUMPED}{random.randrange(100_000):05}", thief)  # fmt: skip


def home(pbx: str, extension: str) -> str:
    """Where an honest phone stands: in the office, or in one of three cases at home."""
    site, phone = int(pbx[4:]), int(extension) - 1_000
    return f"10.{site}.0.{phone + 1}" if phone % 4 else f"73.{site}.{phone}.20"


def newcomers(entities: int) -> Iterator[AnyEvent]:
    """Half as many extensions, each from an address of its own: a mistyped password, a registration, a call.

    After them a day of silence, so that what is kept of single events and calls has gone.
    """
    at = START
    for number in range(entities // 2):
        at += timedelta(milliseconds=400)
        pbx, extension = f"pbx-{number % PBXS:02}", str(100_000 + number // PBXS)
        address = f"73.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield registration(pbx, extension, f"f{number:x}", at, "rejected", address)
        yield registration(pbx, extension, f"r{number:x}", at + DELAY, "accepted", address)
        *_, ended = phases(f"{number:x}", pbx, extension, at, 3, 30, "outbound", extension, "92125550100", address)
        yield ended
    for number in range(PBXS * SILENT_TICKS):
        yield Tick(pbx=f"pbx-{number % PBXS:02}", id=f"t{number:x}", at=at + timedelta(days=2, milliseconds=number))
