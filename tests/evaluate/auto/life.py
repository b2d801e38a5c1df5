"""A month of honest life in an office: who works there, from where, whom they call, and all that goes wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from detector.contract.events import AnyEvent
from streams.backtest.history import order
from streams.backtest.making import number, seconds
from tests.evaluate.auto.offices import AROUND_THE_CLOCK, Office, address_in, national, somebody
from tests.evaluate.site import DAYS

Life = Callable[[Office, list["Person"], Random], Iterator[AnyEvent]]
PARTS: dict[str, Life] = {}
APP = "Linkus/5.8.2 (Android 15)"


@dataclass
class Person:
    """One who has an extension: hours, numbers known by heart, and where the telephone is."""

    phone: str
    begins: float
    ends: float
    calls_a_day: float
    share_abroad: float
    desk: str
    home: str
    agent: str
    at_home: bool
    mobile: bool
    book: list[str] = field(default_factory=list)
    abroad: list[str] = field(default_factory=list)


def part(life: Life) -> Life:
    """It happens in every office, under its own name."""
    PARTS[life.__name__] = life
    return life


def month(office: Office, seed: int) -> list[AnyEvent]:
    """All that happens in an office in a month, in the order in which it is heard of."""
    random = Random(f"{seed} {office.pbx}")  # noqa: S311 - traffic, not secrets
    staff = people(office, random)
    return sorted((e for name, life in PARTS.items() for e in life(office.part(name), staff, random)), key=order)


def people(office: Office, random: Random) -> list[Person]:
    """Everybody with an extension."""
    return [person(office, number_, phone, random) for number_, phone in enumerate(office.phones)]


def person(office: Office, number_: int, phone: str, random: Random) -> Person:
    """One of them, drawn."""
    begins = random.gauss(8.6, 0.8)
    of_three = random.sample(list(office.partners), 3)
    return Person(
        phone=phone, begins=begins, ends=begins + random.uniform(7.5, 9.5),
        calls_a_day=office.calls_a_day * random.uniform(0.4, 1.8),
        share_abroad=office.share_abroad * random.random() * 2,
        desk=office.office if random.random() < 0.5 else f"10.{number_ // 200}.8.{number_ % 200 + 20}",
        home=address_in(random, office.region, 0),
        agent=random.choice(("Yealink SIP-T46U 108.86.0.20", "Gigaset N670 IP PRO/83.V2.56", "Fanvil X5U 2.4.13",
                             "Cisco/SPA504G-7.6.2", "Grandstream GRP2614 1.0.11.43")),
        at_home=random.random() < 0.25, mobile=random.random() < 0.2,
        book=[national(somebody(random, office.region)) for _ in range(25)],
        abroad=[somebody(random, random.choice(of_three)) for _ in range(random.randint(1, 9))],
    )  # fmt: skip


def talk(random: Random) -> float:
    """How long somebody talks; 0 where nobody answered."""
    return min(random.lognormvariate(4.6, 1.1), 5_400) if random.random() < 0.7 else 0.0


def at_home(office: Office, one: Person, random: Random) -> str:
    """A number at home as it is dialled: mostly one known by heart."""
    known = random.random() < 0.75
    return office.outside(random.choice(one.book) if known else national(somebody(random, office.region)))


def away(office: Office, one: Person, random: Random) -> str:
    """A number abroad as it is dialled: mostly one known by heart."""
    known = random.random() < 0.8
    return office.foreign(random.choice(one.abroad) if known else somebody(random, random.choice(office.partners)))


def during(random: Random, begin: float, end: float, how_many: float) -> Iterator[float]:
    """Hours at which something happens so often in a while, at random."""
    at = begin
    while how_many > 0 and (at := at + random.expovariate(how_many / (end - begin))) < end:
        yield at


@part
def registering(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Telephones on desks and at home keep registered."""
    for one in staff:
        source = one.home if one.at_home else one.desk
        for day in range(DAYS):
            if one.at_home and day and day % 9 == 0:  # the provider gives another address
                source = address_in(random, office.region, 0)
            for turn in range(6):
                at = office.at(day, turn * 4 + random.random())
                yield office.registers(at - seconds(0.04), one.phone, source, "challenged", one.agent)
                yield office.registers(at, one.phone, source, agent=one.agent)


@part
def calling(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """People call and are called while they work; some offices never close."""
    for one in staff:
        for day in range(DAYS):
            shift = office.kind in AROUND_THE_CLOCK and random.random() < 0.25
            if not shift and (not office.works(day) or random.random() < 0.08):
                continue
            begin, end = (20.0, 30.0) if shift else (one.begins, one.ends)
            for hour in during(random, begin, end, one.calls_a_day):
                yield from one_call(office, one, office.at(day, hour), random, staff)


def one_call(office: Office, one: Person, at: datetime, random: Random, staff: list[Person]) -> Iterator[AnyEvent]:
    """Whatever call somebody makes or takes next."""
    sort = random.random()
    if sort < 0.12:
        yield from office.internal(at, one.phone, random.choice(staff).phone, talk(random))
    elif sort < 0.4:
        region = random.choice(office.partners) if random.random() < one.share_abroad else office.region
        yield from office.inbound(at, one.phone, f"+{somebody(random, region)}", talk(random))
    elif random.random() < one.share_abroad:
        yield from office.call(at, one.phone, away(office, one, random), talk(random))
    else:
        yield from office.call(at, one.phone, at_home(office, one, random), talk(random))


@part
def mobile(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """An app on a mobile registers from another address of the carrier whenever it wakes."""
    for one in staff:
        if not one.mobile:
            continue
        for day in range(DAYS):
            for hour in during(random, 7, 23, 6):
                source = address_in(random, office.region, 1)
                yield office.registers(office.at(day, hour), one.phone, source, agent=APP, device="linkus_mobile")


@part
def overtime(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Before the end of the quarter a third of them stays until night and comes on a day off, and calls abroad."""
    late = [day for day in range(22, DAYS) if office.works(day)][:4]
    off = next(day for day in range(20, DAYS) if not office.works(day))
    for one in staff[::3]:
        for day, begin, end, calls in [*((day, 18.5, 22.5, 5) for day in late), (off, 9.0, 17.0, 9)]:
            for hour in during(random, begin, end, calls):
                to = away(office, one, random) if random.random() < 0.4 else at_home(office, one, random)
                yield from office.call(office.at(day, hour), one.phone, to, talk(random))


@part
def campaign(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """A call centre calls a country with a bad name all day; in the middle of the month for a week another one, too."""
    if office.kind != "centre":
        return
    for one in staff:
        for day in range(DAYS):
            if not office.works(day):
                continue
            for hour in during(random, 9, 17.5, 45):
                region = "AL" if 14 <= day < 19 and hour < 13 and office.campaign != "AL" else office.campaign
                length = random.expovariate(1 / 110) if random.random() < 0.35 else 0
                to = office.foreign(somebody(random, region))
                yield from office.call(office.at(day, hour), one.phone, to, length)


@part
def traveller(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Some are abroad for some days with the app on their mobile, and call home, the customer and the next hotel."""
    for turn, one in enumerate(random.sample(staff, max(1, len(staff) // 12))):
        begin, region = 5 + turn * 4 % 20, random.choice(office.partners)
        hotel = address_in(random, region, 2)
        for day in range(begin, min(begin + 4, DAYS)):
            if day == begin and random.random() < 0.6:
                for step in range(random.randint(1, 3)):
                    at = office.at(day, 7) + seconds(20 * step)
                    yield office.registers(at, one.phone, hotel, "rejected", APP, device="linkus_mobile")
            for hour in during(random, 7.2, 23, 7):
                yield office.registers(office.at(day, hour), one.phone, hotel, agent=APP, device="linkus_mobile")
            for hour in during(random, 8, 23.5, 6):
                there = office.foreign(somebody(random, region))
                to = there if random.random() < 0.4 else at_home(office, one, random)
                yield from office.call(office.at(day, hour), one.phone, to, talk(random), source_ip=hotel)


@part
def newcomer(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Somebody has a new telephone at home, and needs five tries to set it up."""
    one, source = random.choice(staff), address_in(random, office.region, 0)
    for step in range(5):
        at = office.at(11, 9.2) + seconds(45 * step)
        yield office.registers(at, one.phone, source, "rejected" if step < 4 else "accepted", "Zoiper v2.10.20.3")
    for hour in during(random, 9.4, 17, 10):
        to = away(office, one, random) if random.random() < 0.3 else at_home(office, one, random)
        yield from office.call(office.at(11, hour), one.phone, to, talk(random), source_ip=source)


@part
def new_passwords(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """All passwords are new one morning: people mistype, and telephones at home try the old one until noon."""
    for one in staff:
        source = one.home if one.at_home else one.desk
        for step in range(random.choice((0, 0, 1, 2, 4)) if not one.at_home else 0):
            at = office.at(15, one.begins) + seconds(15 * step)
            yield office.registers(at, one.phone, source, "rejected", one.agent)
        if one.at_home:
            for minute in range(int((12 - one.begins) * 60)):
                at = office.at(15, one.begins + minute / 60)
                yield office.registers(at, one.phone, source, "rejected", one.agent)
        for step in range(random.choice((0, 0, 0, 1, 3))):
            at = office.at(15, one.begins + 0.5) + seconds(9 * step)
            yield office.logs_in(at, one.phone, source, "rejected", reason="bad_password")


@part
def failover(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """The line is down for an afternoon: all come in by another provider's address at once, and go back at night."""
    for hour, source in ((13.0, "198.51.100.90"), (19.0, office.office)):
        for one in staff:
            if not one.at_home:
                at = office.at(18, hour) + seconds(random.uniform(0, 40))
                yield office.registers(at, one.phone, source, agent=one.agent)


@part
def forwarder(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """The manager goes abroad, sends the calls to a mobile there, and undoes that two days later."""
    boss, to = staff[0], office.foreign(somebody(random, random.choice(office.partners)))
    yield office.logs_in(office.at(12, 7.6), boss.phone, boss.home)
    yield office.changes(office.at(12, 7.7), "extension", boss.phone, boss.phone, boss.home, forward_always=("", to))
    for day in (12, 13):
        for hour in during(random, 8, 19, 6):
            yield from office.call(office.at(day, hour), boss.phone, to, talk(random), via="forward",
                                   on_behalf_of=boss.phone)  # fmt: skip
    yield office.changes(office.at(14, 8), "extension", boss.phone, boss.phone, boss.desk, forward_always=(to, ""))


@part
def night_watch(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Who watches the house at night calls the family abroad for an hour."""
    one, family = staff[-1], office.foreign(somebody(random, "PH"))
    for day in range(0, DAYS, 2):
        yield from office.call(office.at(day, 23 + 3 * random.random()), one.phone, family,
                               random.uniform(1_500, 4_300))  # fmt: skip


@part
def conference(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Once a week half a dozen are called together abroad, for an hour and a half."""
    one = staff[2]
    for day in (2, 9, 16, 23):
        for member in range(6):
            at = office.at(day, 15) + seconds(25 * member)
            to = office.foreign(somebody(random, office.partners[member % 3]))
            yield from office.call(at, one.phone, to, 5_200 + 300 * random.random(), via="conference")


@part
def seller(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """Somebody calls through a list of shops in a country where nobody called before; few answer."""
    one = staff[3 % len(staff)]
    for turn in range(24):
        length = random.expovariate(1 / 90) if random.random() < 0.25 else 0
        at = office.at(16, 10 + turn / 12)
        yield from office.call(at, one.phone, office.foreign(somebody(random, "KE")), length, rings=20)


@part
def at_sea(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """A shipping company calls its ships every day, by satellite."""
    if office.kind != "shipping":
        return
    ships = [number(random, "8707730#####") for _ in range(8)]
    for day in range(DAYS):
        for hour in during(random, 6, 22, 5):
            yield from office.call(office.at(day, hour), random.choice(staff[:6]).phone,
                                   office.foreign(random.choice(ships)), random.expovariate(1 / 260))  # fmt: skip


@part
def busy(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """A fax and somebody at a ticket office try the same busy number again and again, at home and abroad."""
    for day, to, times in ((6, office.outside(staff[0].book[0]), 40),
                           (20, office.foreign(staff[0].abroad[0]), 25)):  # fmt: skip
        for turn in range(times):
            at = office.at(day, 9.5) + seconds(38 * turn)
            yield from office.call(at, staff[4 % len(staff)].phone, to, 0, rings=3, disposition="busy", reason="busy")


@part
def alarm(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """A machine reports by telephone four times a night; now and then somebody calls for help."""
    to = office.outside(national(somebody(random, office.region)))
    for day in range(DAYS):
        for hour in (0.5, 2.5, 4.5, 22.5):
            yield from office.call(office.at(day, hour), staff[1].phone, to, 18)
    for day in (4, 13, 26):
        one = random.choice(staff)
        yield from office.call(office.at(day, 14), one.phone, office.access_digit + office.emergency, 140,
                               route="Emergency")  # fmt: skip


@part
def administrator(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """The administrator works at the office, at home, and once from a hotel, and changes this and that."""
    hotel = address_in(random, random.choice(office.partners), 2)
    for day in range(0, DAYS, 3):
        source = (office.office, staff[1].home, office.office, hotel)[day // 3 % 4]
        if random.random() < 0.3:
            yield office.logs_in(office.at(day, 10), "admin", source, "rejected", reason="bad_password")
        yield office.logs_in(office.at(day, 10.02), "admin", source, role="administrator")
        yield office.changes(office.at(day, 10.2), "extension", random.choice(staff).phone, "admin", source,
                             email=("a@example.com", "b@example.com"))  # fmt: skip


@part
def outage(office: Office, staff: list[Person], random: Random) -> Iterator[AnyEvent]:
    """The PBX is started anew: all register within seconds, some refused while it is busy."""
    for one in staff:
        source, at = one.home if one.at_home else one.desk, office.at(8, 12.5) + seconds(random.uniform(0, 20))
        if random.random() < 0.3:
            yield office.registers(at, one.phone, source, "rejected", one.agent, reason="timeout")
        yield office.registers(at + seconds(30), one.phone, source, agent=one.agent)
