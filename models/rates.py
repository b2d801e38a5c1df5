"""How busy a PBX is for the hour of its week: calls, minutes, cost, destinations and failures."""

from array import array
from collections.abc import Sequence
from math import sqrt

from detector.enrich.scores import Excess
from detector.memory.fields import Memory, Record

VERSION = 1
METRICS = ("calls", "minutes", "cost", "destinations", "failures")
UNITS = (1, 4, 100, 1, 1)
"""What of each may always happen: calls, minutes, minor units of money, destinations, failures."""
MANY = len(METRICS)
ONE = 256
"""Fixed point of what is remembered."""
WEEK = 168
SLOW, FAST = 12, 3
"""Weeks over which the two baselines are means."""
DAYS = 48
"""Hours of a day of work and of a day off: what is known of an hour of the week that came seldom so far."""
DAYS_WEIGHT = 2
SPREAD_OVER = 256
"""Hours over which the spread is a mean."""
TOLD = 3
"""Spreads over the baseline from which on it is told."""
CLAMP = 8
"""Nothing is learned that is further out than so many spreads: one attack moves the baseline little."""
RAMP = 1.5
"""How many times over the slow baseline the fast one is when it is told."""
WARM_HOURS, WARM_RAMP = WEEK, 6 * WEEK
MOST = 2**32 - 1
BITS = 256
HEAD = 2 + MANY
"""Of the table: version, hours learned, and the spread of each metric."""
SLOWS = HEAD + WEEK
FASTS = SLOWS + WEEK * MANY
DAY_SEEN = FASTS + WEEK * MANY
DAY_MEANS = DAY_SEEN + DAYS
SIZE = DAY_MEANS + DAYS * MANY
TOTALS, EXPECTED, SPREADS, RAMPS, SEEN = (3 + n * MANY for n in range(5))


class Rates:
    """A baseline for each hour of the week, on two time scales, learned when the hour is over.

    Judged by the slow one, which what is unusual cannot drag: what is learned is clamped, and a ramp that the fast one
    follows is told by how far they are apart. A PBX has two records: the hour that runs (version, hour, season,
    totals, what was expected, spreads, ramps, and which destinations, by a hash of 256 bits), 250 bytes, and the table,
    8.5 KiB. Cold for a week of hours.
    """

    def __init__(self, name: str) -> None:
        self.hour, self.table = f"model {name} hour", f"model {name} table"

    def score(
        self, memory: Memory, group: str, hour: int, season: int, added: Sequence[int], destination: int
    ) -> tuple[Excess, ...]:
        """What of this hour, with this call, is far over the baseline, or what ramps up; hours since 1970."""
        now = self._now(memory, group, hour, season)
        calls, minutes, cost, failures = added
        new = not now[SEEN + (destination % BITS >> 5)] >> destination % 32 & 1
        found = []
        for place, more in enumerate((calls, minutes, cost, new, failures)):
            total, expects, usual = now[TOTALS + place] + more * ONE, now[EXPECTED + place], now[SPREADS + place]
            if usual and (total - expects > TOLD * usual or now[RAMPS + place] > RAMP * ONE):
                found.append(Excess(METRICS[place], total / ONE, expects / ONE, (total - expects) / usual,
                                    now[RAMPS + place] / ONE))  # fmt: skip
        return tuple(found)

    def learn(self, memory: Memory, group: str, hour: int, season: int, added: Sequence[int], destination: int) -> None:
        """This call belongs to the hour."""
        now = self._now(memory, group, hour, season)
        calls, minutes, cost, failures = added
        now[TOTALS] += calls * ONE
        now[TOTALS + 1] += minutes * ONE
        now[TOTALS + 2] += cost * ONE
        now[TOTALS + 4] += failures * ONE
        seen, bit = SEEN + (destination % BITS >> 5), 1 << destination % 32
        if not now[seen] & bit:
            now[seen] |= bit
            now[TOTALS + 3] += ONE
        memory.put(self.hour, group, now)

    def _now(self, memory: Memory, group: str, hour: int, season: int) -> Record:
        """The hour that runs; where it is a new one, all before it are learned first."""
        now = memory.get(self.hour, group)
        if now is not None and hour <= now[1]:
            return now
        page = memory.page(self.table, group)
        table = array("I", page) if page is not None else array("I", [VERSION, *[0] * (SIZE - 1)])
        if now is not None:
            close(table, now[2], now[TOTALS:EXPECTED])
            for silent in range(max(now[1] + 1, hour - WEEK), hour):
                close(table, (season - (hour - silent)) % WEEK, [0] * MANY)
            memory.put(self.table, group, table)
        judged = judgement(table, season) if table[1] >= WARM_HOURS else [0.0] * 3 * MANY
        now = array("q", [VERSION, hour, season, *[0] * MANY, *map(round, judged), *[0] * 8])
        memory.put(self.hour, group, now)
        return now


def judgement(table: Record, season: int) -> list[float]:
    """What is expected of an hour, how far from it is usual, and how many times over the slow baseline the fast is."""
    means = expected(table, season)
    ramps = [0.0] * MANY
    if table[1] >= WARM_RAMP:
        for place, unit in enumerate(UNITS):
            fast, slow = sum(table[FASTS + place : DAY_SEEN : MANY]), sum(table[SLOWS + place : FASTS : MANY])
            ramps[place] = (fast + ONE * unit) / (slow + ONE * unit) * ONE
    return [*means, *(spread(table, place, mean) for place, mean in enumerate(means)), *ramps]


def day_of(season: int) -> int:
    """The hour of a day of work, or of a day off."""
    return season % 24 + (24 if season >= 120 else 0)


def expected(table: Record, season: int) -> list[float]:
    """What is usual in an hour of the week, by the slow baseline and, where it is young, that of all such days."""
    seen, day = table[HEAD + season], day_of(season)
    own = SLOWS + season * MANY
    alike = DAY_MEANS + day * MANY
    return [(seen * table[own + place] + DAYS_WEIGHT * table[alike + place]) / (seen + DAYS_WEIGHT)
            for place in range(MANY)]  # fmt: skip


def spread(table: Record, place: int, mean: float) -> float:
    """How far from the mean is usual: for counts it grows with the root of the mean."""
    return sqrt(max(table[2 + place], ONE) / ONE * (mean + UNITS[place] * ONE) * ONE * UNITS[place])


def close(table: Record, season: int, totals: Sequence[int]) -> None:
    """An hour is over: what it brought becomes a little more usual."""
    day = day_of(season)
    seen, day_seen = min(table[HEAD + season] + 1, SLOW), min(table[DAY_SEEN + day] + 1, 5 * SLOW)
    means = expected(table, season)
    for place, total in enumerate(totals):
        mean, unit = means[place], UNITS[place] * ONE
        if table[1] >= WARM_HOURS:
            total = min(total, round(mean + CLAMP * spread(table, place, mean)))
        off = min((total - mean) ** 2 / ((mean + unit) * unit), 64.0)
        move(table, 2 + place, round(off * ONE), min(table[1] + 1, SPREAD_OVER))
        move(table, SLOWS + season * MANY + place, total, seen)
        move(table, FASTS + season * MANY + place, total, min(seen, FAST))
        move(table, DAY_MEANS + day * MANY + place, total, day_seen)
    table[HEAD + season], table[DAY_SEEN + day] = seen, day_seen
    table[1] = min(table[1] + 1, MOST)


def move(table: Record, place: int, value: int, over: int) -> None:
    """A mean over so many takes in one more."""
    table[place] = min(max(table[place] + round((min(value, MOST) - table[place]) / over), 0), MOST)
