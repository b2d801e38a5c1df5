"""Attacks that stay low and slow, under the limits that count: what models are for."""

from collections.abc import Sequence
from random import Random

from detector.contract.events import AnyEvent
from streams.backtest.attacks import ATTACKS, LATVIA, SOMALIA, Attack, Made, enter
from streams.backtest.making import Maker, number

SLOW: dict[str, Made] = {}
DEAR = (SOMALIA, LATVIA, "9607712###", "6852212##", "24390012####", "2207712###", "53521234##", "67712123##")
"""Blocks that pay, each in another country."""


def slow(made: Made) -> Made:
    """Takes part."""
    return enter(made, SLOW)


def known() -> dict[str, Made]:
    """All attacks there are."""
    return ATTACKS | SLOW


def calls(site: Maker, random: Random, phones: Sequence[str], day: int, begin: tuple[float, float],
          talk: tuple[float, float], blocks: Sequence[str] = DEAR) -> list[AnyEvent]:  # fmt: skip
    """One call of each of the phones on one day, each to another block."""
    return [event for turn, phone in enumerate(phones) for event in
            site.call(site.clock(day, random.uniform(*begin)), phone,
                      site.foreign(number(random, blocks[(day + turn) % len(blocks)])), random.uniform(*talk))
            ]  # fmt: skip


def workdays(site: Maker) -> list[int]:
    """The days of work while it lasts."""
    return [day for day in site.lasting if site.works(day)]


@slow
def daily_drip(site: Maker, random: Random) -> Attack:
    """Every day of work one call of six minutes, to another country each time."""
    phone = site.phones[4]
    found = [event for day in workdays(site) for event in calls(site, random, [phone], day, (9, 16), (300, 420))]
    return Attack(found, (("extension", phone),))


@slow
def evening_drip(site: Maker, random: Random) -> Attack:
    """Every day of work a call of ten minutes that begins just before the office closes."""
    phone = site.phones[4]
    found = [event for day in workdays(site) for event in calls(site, random, [phone], day, (17.2, 17.8), (500, 800))]
    return Attack(found, (("extension", phone),))


@slow
def night_drip(site: Maker, random: Random) -> Attack:
    """Every third night a call of eight minutes, to another country each time."""
    phone = site.phones[3]
    found = [event for day in site.lasting[::3] for event in calls(site, random, [phone], day, (1, 5), (400, 560))]
    return Attack(found, (("extension", phone),))


@slow
def one_country(site: Maker, random: Random) -> Attack:
    """Every day of work a call of twelve minutes, always to one block."""
    phone, block = site.phones[4], [random.choice(DEAR)]
    found = [event for day in workdays(site) for event in
             calls(site, random, [phone], day, (9, 17), (600, 840), block)]  # fmt: skip
    return Attack(found, (("extension", phone), ("destination", "+" + block[0][:3])))


@slow
def hopping(site: Maker, random: Random) -> Attack:
    """Every day of work another extension makes one call of ten minutes, to another country each time."""
    phones = [site.phones[day % len(site.phones)] for day in workdays(site)]
    found = [event for day, phone in zip(workdays(site), phones, strict=True) for event in
             calls(site, random, [phone], day, (9, 16), (500, 700))]  # fmt: skip
    return Attack(found, (("pbx", site.pbx), *(("extension", phone) for phone in phones)))


@slow
def ramp(site: Maker, random: Random) -> Attack:
    """Calls of five minutes by day, one on the first day of work and one more every second one."""
    phone = site.phones[4]
    found = [event for turn, day in enumerate(workdays(site)) for event in
             calls(site, random, [phone] * (1 + turn // 2), day, (9, 17), (240, 360))]  # fmt: skip
    return Attack(found, (("extension", phone),))
