"""What attackers do, as events to weave into honest traffic, and what must be found of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from detector.contract.events import AnyEvent
from streams.backtest.making import Maker, number, seconds

NIGHT = 2.0
SCANNER = "friendly-scanner"
SOMALIA, LATVIA = "2526123####", "3712900####"


@dataclass(frozen=True)
class Attack:
    """Events, and who must be named: one of `subjects` by an incident, `(kind, id)`; `kinds` it may be taken for."""

    events: Sequence[AnyEvent]
    subjects: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...] = ()


Made = Callable[[Maker, Random], Attack]
ATTACKS: dict[str, Made] = {}


def enter(made: Made, among: dict[str, Made]) -> Made:
    """It takes part under its own name; the same name twice stops the program."""
    name = made.__name__.replace("_", "-")
    if name in ATTACKS or name in among:
        raise TypeError(f"two attacks are named {name}")
    among[name] = made
    return made


def attack(made: Made) -> Made:
    """Takes part."""
    return enter(made, ATTACKS)


def address(random: Random) -> str:
    """A server for rent somewhere."""
    return f"185.{random.randrange(100, 200)}.{random.randrange(256)}.{random.randrange(1, 255)}"


@attack
def fast_guessing(site: Maker, random: Random) -> Attack:
    """Ten tries a second against one account."""
    source, begun = address(random), site.at(site.day, NIGHT)
    events = [site.registers(begun + seconds(n / 10), site.phones[0], source, "rejected", SCANNER) for n in range(300)]
    return Attack(events, (("source_ip", source),), ("password_guessing", "enumeration"))


@attack
def slow_guessing(site: Maker, random: Random) -> Attack:
    """Six tries an hour against one account, for two days."""
    source, phone = address(random), site.phones[4]
    begun = site.at(site.day, NIGHT)
    agent = "Z 5.6.1 v2.10.19.9"
    events = [site.registers(begun + seconds(600 * n + random.uniform(0, 60)), phone, source, "rejected", agent)
              for n in range(288)]  # fmt: skip
    return Attack(events, (("source_ip", source), ("account", phone), ("extension", phone)), ("password_guessing",))


@attack
def distributed_guessing(site: Maker, random: Random) -> Attack:
    """Three hundred addresses try one account, each a few times in a night."""
    phone, begun = site.phones[4], site.at(site.day, 0)
    sources = [address(random) for _ in range(300)]
    events = [site.registers(begun + seconds(random.uniform(0, 6 * 3_600)), phone, source, "rejected", "PBX")
              for source in sources for _ in range(3)]  # fmt: skip
    return Attack(events, (("account", phone), ("extension", phone)), ("password_guessing",))


@attack
def network_guessing(site: Maker, random: Random) -> Attack:
    """The addresses of one network take turns, each tries another account a few times an hour."""
    network = f"185.177.{random.randrange(256)}"
    begun = site.at(site.day, 0)
    events = [
        site.registers(
            begun + seconds(40 * n), site.phones[n % len(site.phones)], f"{network}.{n % 60 + 1}", "rejected"
        )
        for n in range(600)
    ]
    subjects = (("source_ip", f"{network}.0/24"), *(("source_ip", f"{network}.{host}") for host in range(1, 61)))
    return Attack(events, subjects, ("password_guessing", "enumeration"))


@attack
def enumeration(site: Maker, random: Random) -> Attack:
    """Every account from 100 to 400 is tried once, a try every three seconds."""
    source, begun = address(random), site.at(site.day, NIGHT)
    events = [site.registers(begun + seconds(3 * n), str(100 + n), source, "rejected", "eyeBeam release 1102q")
              for n in range(300)]  # fmt: skip
    return Attack(events, (("source_ip", source),), ("enumeration", "password_guessing"))


@attack
def web_spraying(site: Maker, random: Random) -> Attack:
    """One password for many users of the web interface, a try every half minute."""
    source, begun = address(random), site.at(site.day, NIGHT)
    events = [site.logs_in(begun + seconds(30 * n), phone, source, "rejected", reason="bad_password")
              for n, phone in enumerate([*site.phones] * 5)][:200]  # fmt: skip
    return Attack(events, (("source_ip", source),), ("password_guessing", "enumeration"))


@attack
def irsf(site: Maker, random: Random) -> Attack:
    """Guessed, entered, a probe call, then many long calls at once to one block."""
    source, phone, begun = address(random), site.phones[3], site.at(site.day, NIGHT)
    events: list[AnyEvent] = [site.registers(begun + seconds(n), phone, source, "rejected", SCANNER) for n in range(40)]
    events.append(site.registers(begun + seconds(41), phone, source, agent=SCANNER))
    events += site.call(begun + seconds(120), phone, site.foreign(number(random, SOMALIA)), 15, source_ip=source)
    for n in range(40):
        at = begun + seconds(1_800 + 20 * n)
        events += site.call(at, phone, site.foreign(number(random, SOMALIA)), 1_500, source_ip=source)
    return Attack(events, (("extension", phone),), ("irsf",))


@attack
def leaked_password(site: Maker, random: Random) -> Attack:
    """Nobody guesses: a registration from a new place with the right password, and calls."""
    source, phone, begun = address(random), site.phones[3], site.at(site.day, NIGHT)
    events: list[AnyEvent] = [site.registers(begun, phone, source, agent="MicroSIP/3.21.3")]
    for n in range(12):
        at = begun + seconds(300 + 45 * n)
        events += site.call(at, phone, site.foreign(number(random, LATVIA)), 900, source_ip=source)
    return Attack(events, (("extension", phone),), ("irsf", "stolen_credential"))


@attack
def fan_out(site: Maker, random: Random) -> Attack:
    """Every extension makes one or two calls to one block, each under its own limit."""
    begun = site.at(site.day, NIGHT)
    phones = ([*site.phones] * 4)[:16]
    events = [event for n, phone in enumerate(phones) for event in
              site.call(begun + seconds(90 * n), phone, site.foreign(number(random, SOMALIA)), 2_400)]  # fmt: skip
    return Attack(events, (("destination", "+252"), *(("extension", phone) for phone in phones)), ("irsf",))


@attack
def prefix_hunt(site: Maker, random: Random) -> Attack:
    """One target under many dialling prefixes, a try every half minute."""
    phone, begun, target = site.phones[3], site.at(site.day, NIGHT), number(random, SOMALIA)
    prefixes = ("", "00", "011", "9011", "900", "0011", "810", "+", "000", "90011", "9810", "010", "119", "00000", "9+")
    events = [event for n, prefix in enumerate(prefixes) for event in
              site.call(begun + seconds(30 * n), phone, prefix + target, 0, rings=1, disposition="failed",
                        reason="unallocated")]  # fmt: skip
    return Attack(events, (("extension", phone),), ("prefix_hunt", "irsf", "stolen_credential"))


@attack
def probe_calls(site: Maker, random: Random) -> Attack:
    """A few short calls to numbers that nobody here ever called, in the evening."""
    phone, begun = site.phones[3], site.at(site.day, 21)
    targets = [number(random, pattern) for pattern in (SOMALIA, SOMALIA, LATVIA, "9607712###", "6852212##")]
    events = [event for n, to in enumerate(targets * 2) for event in
              site.call(begun + seconds(200 * n), phone, site.foreign(to), 6)]  # fmt: skip
    return Attack(events, (("extension", phone),))


@attack
def slow_pumping(site: Maker, random: Random) -> Attack:
    """Two calls of almost an hour each night to one block, for nine nights."""
    phone = site.phones[3]
    events = [event for night in range(9) for turn in range(2) for event in
              site.call(site.at(site.day + night, 1.5 + 1.3 * turn + random.random() / 3), phone,
                        site.foreign(number(random, SOMALIA)), 3_300)]  # fmt: skip
    return Attack(events, (("extension", phone), ("destination", "+252")), ("slow_pumping", "irsf"))


@attack
def wangiri(site: Maker, random: Random) -> Attack:
    """One ring each from many numbers abroad, then two who call back."""
    begun = site.at(site.day, 10)
    callers = ["+" + number(random, SOMALIA) for _ in range(40)]
    events = [event for n, caller in enumerate(callers) for event in
              site.inbound(begun + seconds(15 * n), site.phones[n % len(site.phones)], caller, 0, rings=2)]  # fmt: skip
    for n in range(2):
        to = site.foreign(callers[n].removeprefix("+"))
        events += site.call(begun + seconds(1_200 + 60 * n), site.phones[n], to, 240)
    subjects = (("destination", "+252"), ("pbx", site.pbx), ("trunk", site.trunk),
                *(("extension", phone) for phone in site.phones))  # fmt: skip
    return Attack(events, subjects, ("wangiri",))


@attack
def robocalls(site: Maker, random: Random) -> Attack:
    """One extension rings six hundred numbers at home within an hour, a few seconds each."""
    phone, begun = site.phones[3], site.at(site.day, 19)
    events = [event for n in range(600) for event in
              site.call(begun + seconds(6 * n), phone, site.outside(number(random, site.home[0])), 8)]  # fmt: skip
    return Attack(events, (("extension", phone),))


@attack
def pin_guessing(site: Maker, random: Random) -> Attack:
    """Somebody tries PINs of the route abroad."""
    phone, begun = site.phones[3], site.at(site.day, 20)
    events = [event for n in range(30) for event in
              site.call(begun + seconds(25 * n), phone, site.foreign(number(random, SOMALIA)), 0, rings=2,
                        disposition="failed", reason="wrong_pin")]  # fmt: skip
    return Attack(events, (("extension", phone),), ("pin_guessing",))


@attack
def forwarding_fraud(site: Maker, random: Random) -> Attack:
    """A user's portal is entered, his calls are forwarded abroad, and somebody keeps calling him."""
    source, phone, begun = address(random), site.phones[3], site.at(site.day, NIGHT)
    target = site.foreign(number(random, SOMALIA))
    events: list[AnyEvent] = [site.logs_in(begun, phone, source)]
    events.append(site.changes(begun + seconds(60), "extension", phone, phone, source, forward_always=("", target)))
    for n in range(12):
        at = begun + seconds(300 + 120 * n)
        events += site.call(at, phone, target, 1_500, via="forward", on_behalf_of=phone)
    return Attack(events, (("extension", phone),), ("forwarding_fraud", "irsf"))


@attack
def admin_takeover(site: Maker, random: Random) -> Attack:
    """An unknown place logs in as administrator, makes another one and opens a route to all."""
    source, begun = address(random), site.at(site.day, NIGHT)
    events: list[AnyEvent] = [
        site.logs_in(begun, "admin", source, role="administrator"),
        site.changes(begun + seconds(90), "role", "support2", "admin", source, role=("", "administrator")),
        site.changes(
            begun + seconds(150), "outbound_route", "International", "admin", source, extensions=("1001", "all")
        ),
    ]
    return Attack(events, (("account", "admin"), ("source_ip", source), ("account", "support2")), ("admin_takeover",))


@attack
def reused_link(site: Maker, random: Random) -> Attack:
    """A login link that was used is presented again from elsewhere."""
    source, phone, begun = address(random), site.phones[3], site.at(site.day, 9)
    link = {"method": "link", "credential": "ab" * 32, "surface": "linkus_mobile"}
    events = [
        site.logs_in(begun, phone, site.office, **link),
        site.logs_in(begun + seconds(7_200), phone, source, **link),
    ]
    return Attack(events, (("account", phone), ("extension", phone), ("source_ip", source)))


@attack
def impossible_travel(site: Maker, random: Random) -> Attack:
    """The same account is in use at the office and, minutes later, on another continent; the stranger calls."""
    phone, begun, source = site.phones[3], site.at(site.day, 11), "41.79.10.20"
    events: list[AnyEvent] = [site.registers(begun, phone, site.office)]
    events.append(site.registers(begun + seconds(600), phone, source, agent="Zoiper rv2.10.20.5"))
    events += site.call(begun + seconds(700), phone, site.foreign(number(random, LATVIA)), 300, source_ip=source)
    return Attack(events, (("extension", phone), ("account", phone), ("source_ip", source)))
