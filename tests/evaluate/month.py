"""A month of honest traffic of six PBXs, with everything that looks like an attack and is none."""

from collections.abc import Iterator
from random import Random

from detector.contract.events import AnyEvent
from streams.backtest.making import number, seconds
from tests.evaluate.site import DAYS, Site

HOUR = 3_600
DIALLER = {"groups": {"agents": {
    "members": ["1001-1030"],
    "rules": {"call.frequency": {"limit": "20/1/second"}},
}}}  # fmt: skip


def sites() -> list[Site]:
    """An office, a call centre, a hotel, a firm with a branch overseas, a law firm that confers, a small workshop."""
    return [
        Site("office", "US", "America/New_York", "011", "9", 40, "192.0.2.10",
             ("1212555####", "1646555####", "1973555####"), ("442079460###", "49301234###", "525512345###")),
        Site("centre", "GB", "Europe/London", "00", "9", 30, "192.0.2.20",
             ("020794#####", "0161496####", "07400123###"), ("35316123###",), 110, DIALLER),
        Site("hotel", "DE", "Europe/Berlin", "00", "0", 50, "192.0.2.30",
             ("0301234####", "0891234####", "01711234###"),
             ("33142278###", "390612345###", "442079460###", "48221234###", "12125550###", "81312345###"), 3),
        Site("branches", "FR", "Europe/Paris", "00", "0", 25, "192.0.2.40",
             ("014227####", "048812####", "061234####"), ("551130123###",), 12),
        Site("lawyers", "AU", "Australia/Sydney", "0011", "0", 20, "192.0.2.50",
             ("0290123###", "0390123###", "0412345###"), ("6493001###", "442079460###"), 9),
        Site("workshop", "IN", "Asia/Kolkata", "00", "0", 6, "192.0.2.60",
             ("02223456###", "09812345###"), ("97143001###",), 6),
    ]  # fmt: skip


def honest(site: Site, seed: int) -> list[AnyEvent]:
    """Everything that happens at one PBX in a month, in its order."""
    random = Random(f"{seed} {site.pbx}")  # noqa: S311 - traffic, not secrets
    found = [event for day in range(DAYS) for event in day_of(site, random, day)]
    found += [event for look_alike in LOOK_ALIKES for event in look_alike(site, random)]
    return sorted(found, key=lambda event: (event.received_at or event.at, event.id))


def day_of(site: Site, random: Random, day: int) -> Iterator[AnyEvent]:
    """Phones keep registered around the clock, people call while they work."""
    for number_, phone in enumerate(site.phones):
        at_desk = site.office if number_ % 2 else f"10.0.{number_ // 250}.{number_ % 250 + 1}"
        for turn in range(8):
            at = site.at(day, turn * 3 + random.random() * 0.2)
            yield site.registers(at - seconds(0.05), phone, at_desk, "challenged")
            yield site.registers(at, phone, at_desk)
        if site.works(day) or site.pbx == "hotel":
            yield from person(site, random, day, phone)
    for login in range(3 if site.works(day) else 0):
        at = site.at(day, random.uniform(8, 17))
        if random.random() < 0.15:
            yield site.logs_in(at - seconds(20), "admin", site.office, "rejected", reason="bad_password")
        yield site.logs_in(at, ("admin", "1001", "1002")[login], site.office)


def person(site: Site, random: Random, day: int, phone: str) -> Iterator[AnyEvent]:
    """One call after the other within the hours of work; a hotel's guests call until the night."""
    last = 22.5 if site.pbx == "hotel" else 17.5
    at = 8 + random.random()
    pause = (last - 8) / max(site.calls_a_day, 0.1)
    while (at := at + random.expovariate(1 / pause)) < last:
        talk = min(random.expovariate(1 / 150), 2_400) if random.random() < 0.75 else 0
        kind, begun = random.random(), site.at(day, at)
        if kind < 0.15:
            yield from site.internal(begun, phone, random.choice(site.phones), talk)
        elif kind < 0.4 and site.pbx != "centre":
            yield from site.inbound(begun, phone, "+" + number(random, "442079######"), talk)
        elif kind < 0.47:
            yield from site.call(begun, phone, site.foreign(number(random, random.choice(site.abroad))), talk)
        else:
            yield from site.call(begun, phone, site.outside(number(random, random.choice(site.home))), talk)
        at += talk / HOUR


# --- what looks like an attack and is none


def stale_password(site: Site, random: Random) -> Iterator[AnyEvent]:
    """A phone at the office keeps an old password for two days and tries again for ever."""
    phone = site.phones[1]
    for step in range(2 * 24 * 60):
        at = site.at(8, step / 60 + random.random() / 3_600)
        yield site.registers(at, phone, site.office, "rejected")


def mistyping(site: Site, random: Random) -> Iterator[AnyEvent]:
    """Behind one address some people mistype now and then, each twice."""
    for day in range(DAYS):
        if site.works(day):
            for phone in random.sample(site.phones, min(3, len(site.phones))):
                at = site.at(day, random.uniform(8, 17))
                yield site.registers(at, phone, site.office, "rejected")
                yield site.registers(at + seconds(12), phone, site.office, "rejected")
                yield site.registers(at + seconds(31), phone, site.office)


def outage(site: Site, random: Random) -> Iterator[AnyEvent]:
    """The line was down: all register again within seconds, some refused at first because the PBX is busy."""
    for day in (5, 17):
        for phone in site.phones:
            at = site.at(day, 11) + seconds(random.uniform(0, 15))
            yield site.registers(at, phone, site.office, "challenged")
            yield site.registers(at + seconds(0.1), phone, site.office)


def traveller(site: Site, random: Random) -> Iterator[AnyEvent]:
    """One is abroad for three days with a softphone he has used from home before, and calls home."""
    phone, home, hotel = site.phones[2], "198.51.100.77", "185.60.216.35"
    for day in (1, 2, 4, 7, 9):
        yield site.registers(site.at(day, 19), phone, home, agent="Linkus/5.4 (iOS)", device="linkus_mobile")
    for day in (14, 15, 16):
        yield site.registers(site.at(day, 9), phone, hotel, agent="Linkus/5.4 (iOS)", device="linkus_mobile")
        for call in range(3):
            at = site.at(day, 10 + 2 * call + random.random())
            yield from site.call(at, phone, site.outside(number(random, site.home[0])), 200, source_ip=hotel)


def conference(site: Site, random: Random) -> Iterator[AnyEvent]:
    """Every Tuesday eight people are in one conference for almost two hours, some of them abroad."""
    for day in (1, 8, 15, 22):
        begun = site.at(day, 14)
        for member in range(8):
            pattern = site.abroad[0] if member % 3 == 0 else random.choice(site.home)
            dialled = site.foreign if member % 3 == 0 else site.outside
            yield from site.call(begun + seconds(20 * member), site.phones[0], dialled(number(random, pattern)),
                                 6_600, via="conference")  # fmt: skip


def new_customer(site: Site, random: Random) -> Iterator[AnyEvent]:
    """From the middle of the month on somebody calls a country that nobody ever called, twice a day."""
    customer = number(random, "8862771234##")
    for day in range(12, DAYS):
        if site.works(day):
            for call in range(2):
                at = site.at(day, 10 + 3 * call + random.random())
                yield from site.call(at, site.phones[3], site.foreign(customer), 300 + 200 * random.random())


def emergencies(site: Site, random: Random) -> Iterator[AnyEvent]:
    """A few emergency calls, once by several people at the same time."""
    to = {"US": "911", "AU": "000"}.get(site.region, "112")
    for day, callers in ((3, 1), (19, 4)):
        for caller in range(callers):
            at = site.at(day, 15) + seconds(2 * caller)
            yield from site.call(at, site.phones[caller], to, 90 + 20 * random.random(), route="Emergency")


def fax(site: Site, random: Random) -> Iterator[AnyEvent]:
    """A fax tries a busy number again and again."""
    to = site.outside(number(random, site.home[0]))
    for attempt in range(25):
        at = site.at(10, 9) + seconds(61 * attempt)
        yield from site.call(at, site.phones[4], to, 0, rings=3, disposition="busy", reason="busy")


def forwarding(site: Site, random: Random) -> Iterator[AnyEvent]:
    """The administrator forwards an extension to a mobile at home for a week; calls come out by it."""
    mobile = site.outside(number(random, site.home[-1]))
    yield site.changes(site.at(10, 9), "extension", site.phones[0], "admin", site.office, forward_always=("", mobile))
    for day in range(10, 17):
        for call in range(3):
            at = site.at(day, 10 + 2 * call + random.random())
            yield from site.call(at, site.phones[0], mobile, 120, via="forward", on_behalf_of=site.phones[0])


def branch(site: Site, random: Random) -> Iterator[AnyEvent]:
    """Some firms call their branch overseas all day, long."""
    if site.pbx != "branches":
        return
    for day in range(DAYS):
        if site.works(day):
            for _ in range(25):
                at = site.at(day, 9 + 8 * random.random())
                yield from site.call(at, random.choice(site.phones), site.foreign(number(random, site.abroad[0])),
                                     200 + 900 * random.random())  # fmt: skip


def dialler(site: Site, random: Random) -> Iterator[AnyEvent]:
    """A call centre's dialler rings many numbers in the same seconds."""
    if site.pbx != "centre":
        return
    for day in range(DAYS):
        if site.works(day):
            for burst in range(30):
                begun = site.at(day, 9 + 8 * burst / 30)
                for agent in range(10):
                    talk = 120 * random.random() if random.random() < 0.4 else 0
                    at = begun + seconds(0.3 * agent)
                    yield from site.call(at, site.phones[agent], site.outside(number(random, site.home[0])), talk)


LOOK_ALIKES = (stale_password, mistyping, outage, traveller, conference, new_customer, emergencies, fax, forwarding,
               branch, dialler)  # fmt: skip
