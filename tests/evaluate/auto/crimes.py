"""Attacks of these offices, besides those of the backtest; and what honest colleagues do while one goes on."""

from collections.abc import Iterator
from random import Random

import phonenumbers

from detector.contract.events import AnyEvent, Call
from streams.backtest.attacks import ATTACKS, Attack, Made, address, enter
from streams.backtest.making import Maker, seconds
from streams.backtest.slow import SLOW
from tests.evaluate.auto.offices import Office, national, somebody

CRIMES: dict[str, Made] = {}
MINUTES_LATER = (4, 25, 70, 180)
COLLEAGUES = slice(7, 11)
"""No attack chooses these, counted from its first victim: where fewer work, they are victims and no colleagues."""


def crime(made: Made) -> Made:
    """Takes part."""
    return enter(made, CRIMES)


def all_crimes() -> dict[str, Made]:
    """Those of the backtest, loud and slow, and these."""
    return ATTACKS | SLOW | CRIMES


@crime
def theft_by_day(site: Maker, random: Random) -> Attack:
    """With a stolen password, at noon, from a telephone like the others; three calls at a time to two countries."""
    source, phone, begun = address(random), site.phones[3], site.at(site.day, 12)
    events: list[AnyEvent] = [site.registers(begun, phone, source)]
    for turn in range(30):
        for line in range(3):
            to = site.foreign(somebody(random, ("CU", "GN")[turn % 2]))
            at = begun + seconds(60 + 240 * turn + 10 * line)
            events += site.call(at, phone, to, random.uniform(150, 230), source_ip=source)
    return Attack(events, (("extension", phone),), ("irsf", "stolen_credential"))


@crime
def stuffing(site: Maker, random: Random) -> Attack:
    """Eighty addresses try passwords that were bought, one of them fits; calls come from yet another address."""
    begun, phone = site.at(site.day, 4), site.phones[2]
    events: list[AnyEvent] = []
    for turn in range(240):
        account = random.choice(site.phones)
        source = f"45.{turn % 80}.{random.randrange(256)}.{turn % 250 + 1}"
        events.append(site.registers(begun + seconds(25 * turn), account, source, "rejected"))
    source = address(random)
    events.append(site.registers(begun + seconds(6_100), phone, source))
    for turn in range(16):
        to = site.foreign(somebody(random, "ML"))
        events += site.call(begun + seconds(6_400 + 50 * turn), phone, to, 1_100, source_ip=source)
    return Attack(events, (("extension", phone), *(("account", one) for one in site.phones)))


@crime
def moving_on(site: Maker, random: Random) -> Attack:
    """The thief has two extensions: when the first is of no use any more, the second is."""
    source, begun = address(random), site.at(site.day, 22)
    events: list[AnyEvent] = []
    for phone, later in ((site.phones[3], 0), (site.phones[1], 1_500)):
        events.append(site.registers(begun + seconds(later), phone, source, agent="MicroSIP/3.21.5"))
        for turn in range(14):
            to = site.foreign(somebody(random, "SL"))
            events += site.call(begun + seconds(later + 60 + 30 * turn), phone, to, 900, source_ip=source)
    return Attack(events, (("extension", site.phones[3]),), ("irsf", "stolen_credential"))


@crime
def through_the_menu(site: Maker, random: Random) -> Attack:
    """Somebody outside calls the menu and is put through abroad: no extension of ours has a part in it."""
    begun = site.at(site.day, 1)
    events = [event for turn in range(40) for event in
              site.call(begun + seconds(100 * turn), None, site.foreign(somebody(random, "CU")), 1_300,
                        direction="transit", via="disa", trunk_in=site.trunk, from_="+442071838750")]  # fmt: skip
    subjects = (("destination", "+53"), ("trunk", site.trunk), ("route", site.route), ("pbx", site.pbx))
    calls = tuple(("call", event.call_id) for event in events if isinstance(event, Call))
    return Attack(events, (*subjects, *calls))


def colleagues(office: Office, made: Attack, random: Random) -> Iterator[AnyEvent]:
    """Honest people of the same office, while it goes on: they call the same countries once, and the victim works."""
    dialled = [e for e in made.events if isinstance(e, Call) and e.direction == "outbound" and e.phase == "started"]
    begun = min(event.at for event in made.events)
    staff, victim = office.phones[COLLEAGUES], office.phones[3]
    for phone, minutes in zip(staff, MINUTES_LATER, strict=False):
        country = country_of(office, dialled[0]) if dialled else "MD"
        to = office.foreign(somebody(random, country)) if country else office.outside(random.choice(office.home))
        yield from office.call(begun + seconds(60 * minutes), phone, to, random.uniform(40, 400))
        yield office.registers(begun + seconds(60 * minutes + 20), phone, office.office, "rejected")
        yield office.registers(begun + seconds(60 * minutes + 40), phone, office.office)
    yield office.registers(begun + seconds(1_000), victim, office.office)
    for turn in range(3):
        to = office.outside(national(somebody(random, office.region)))
        yield from office.call(begun + seconds(1_200 + 900 * turn), victim, to, 120)


def country_of(office: Office, call: Call) -> str | None:
    """The country that a call of an attack goes to; None for one that stays at home or cannot be read."""
    abroad = office.foreign("")
    if call.to is None or not call.to.startswith(abroad):
        return None
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{call.to.removeprefix(abroad)}"))
    except phonenumbers.NumberParseException:
        return None
