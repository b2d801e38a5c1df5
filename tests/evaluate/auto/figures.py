"""What acting by itself would have done in all these offices, source by source: the figures and their bounds."""

from collections import Counter
from collections.abc import Sequence
from statistics import mean, median

from msgspec import Struct
from rich.box import MARKDOWN
from rich.table import Table

from streams.backtest.slow import SLOW
from tests.evaluate.auto.crimes import all_crimes
from tests.evaluate.auto.offices import KINDS, offices
from tests.evaluate.auto.trials import ActingMonth, Ended, Honest
from tests.evaluate.profiles import BY_NAME, IDEAL, Seen

WORLDS = (301, 302)
"""Seeds that nobody looked at while rules, trust and limits were made."""
TRIED_IN = 2
"""So many offices of each world suffer an attack."""
BOUNDS = {
    "false containments, 1,000 extension-days": 0.5, "honest calls cut, of 1,000": 0.5,
    "median minutes lost": 1.0, "incidents an attack": 1.2,
}  # fmt: skip


class ActingJob(Struct, frozen=True):
    """A month of one office, as one profile tells it, and the attacks that are woven into it."""

    seed: int
    office: int
    seen: str
    attacks: tuple[str, ...]


class Acted(Struct, frozen=True):
    """What came of it."""

    job: ActingJob
    honest: Honest
    attacks: tuple[Ended, ...]


def act(job: ActingJob) -> Acted:
    """Live through a month, and through its attacks."""
    month = ActingMonth(offices(job.seed)[job.office], job.seed, BY_NAME[job.seen], job.attacks)
    return Acted(job, month.honest, tuple(month.attacked(attack) for attack in job.attacks))


def acting_jobs(seeds: Sequence[int], seen: Seen) -> list[ActingJob]:
    """Every office of every world; each attack comes to other offices in each."""
    jobs = []
    for seed in seeds:
        names = list(all_crimes())
        chosen = {name: {(number + seed + turn * 3) % len(KINDS) for turn in range(TRIED_IN)}
                  for number, name in enumerate(names)}  # fmt: skip
        jobs += [ActingJob(seed, office, seen.name, tuple(name for name in names if office in chosen[name]))
                 for office in range(len(KINDS))]  # fmt: skip
    return jobs


class Balance(Struct, frozen=True):
    """One profile: what honest people suffered, and what became of attacks; `visible` says which could be found."""

    seen: Seen
    honest: tuple[Honest, ...]
    attacks: tuple[Ended, ...]
    visible: tuple[bool, ...]

    def figures(self) -> dict[str, float]:
        """As they are printed."""
        days, calls = sum(one.extension_days for one in self.honest), sum(one.calls for one in self.honest)
        hits, cut = sum(len(one.hits) for one in self.honest), sum(sum(one.cut.values()) for one in self.honest)
        seen = [one for one, visible in zip(self.attacks, self.visible, strict=True) if visible]
        loud = [one for one in seen if one.attacked.verdict.attack not in SLOW]
        slow = [one for one in seen if one.attacked.verdict.attack in SLOW]
        found = [one for one in seen if one.attacked.verdict.found]
        talking = [one for one in loud if one.meant]
        meant, spoken = sum(one.meant for one in talking), sum(one.spoken for one in talking)
        return {
            "extension-days": round(days), "honest calls to the outside": calls,
            "false containments, 1,000 extension-days": round(1_000 * hits / days, 2),
            "honest calls cut, of 1,000": round(1_000 * cut / calls, 2),
            "calls of those robbed that were cut, of 1,000": round(
                1_000 * sum(one.robbed_cut for one in self.honest) / calls, 2),
            "attacks that could be seen": len(seen), "found": len(found),
            "recall": share(sum(one.attacked.verdict.found for one in loud), len(loud)),
            "recall of slow ones": share(sum(one.attacked.verdict.found for one in slow), len(slow)),
            "median minutes lost": round(median(one.spoken for one in talking), 2) if talking else 0.0,
            "share of minutes avoided": share(meant - spoken, meant),
            "incidents an attack": round(mean(one.attacked.verdict.incidents for one in found), 2) if found else 0.0,
        }  # fmt: skip


def share(part: float, whole: float) -> float:
    """How many of so many; all of none."""
    return round(part / whole, 4) if whole else 1.0


def balances(done: Sequence[Acted]) -> list[Balance]:
    """By profile; what could be seen of an attack is known from where everything is told."""
    ideal = [ended for one in done if one.job.seen == IDEAL.name for ended in one.attacks]
    made = []
    for name in dict.fromkeys(one.job.seen for one in done):
        own = [one for one in done if one.job.seen == name]
        attacks = tuple(ended for one in own for ended in one.attacks)
        honest = tuple(each for one in own for each in (one.honest, *(ended.honest for ended in one.attacks)))
        visible = tuple(could_be_seen(there, told) for there, told in zip(attacks, ideal or attacks, strict=True))
        made.append(Balance(BY_NAME[name], honest, attacks, visible))
    return made


def could_be_seen(there: Ended, told: Ended) -> bool:
    """Whether a rule that finds it where everything is told, or any at all, finds what it lives on there."""
    rules = told.attacked.verdict.rules if told.attacked.verdict.found else there.attacked.sighted
    return there.attacked.verdict.found or bool(there.attacked.sighted.intersection(rules))


def acting_table(made: Sequence[Balance]) -> Table:
    """A row a figure, a column a profile, as it can stand in a document."""
    table = Table("all rules acting by themselves", "bound", *(one.seen.name for one in made), box=MARKDOWN)
    figures = [one.figures() for one in made]
    for name in figures[0]:
        table.add_row(name, str(BOUNDS.get(name, "")), *(f"{each[name]:,}" for each in figures))
    return table


def suffering(made: Sequence[Balance]) -> Table:
    """Who did nothing and was contained, most often first: what they did, the rule that saw it, and the first act."""
    table = Table("contained, and did nothing", "rule", "act", *(one.seen.name for one in made), box=MARKDOWN)
    counts = [Counter((hit.part, hit.rule, hit.act) for honest in one.honest for hit in honest.hits) for one in made]
    for key in sorted(set().union(*counts), key=lambda key: (-sum(each[key] for each in counts), key)):
        table.add_row(*key, *(str(each[key]) for each in counts))
    return table


def cut_calls(made: Sequence[Balance]) -> Table:
    """Honest calls that were cut, by what sort of call it was and by which act."""
    table = Table("honest calls cut", *(one.seen.name for one in made), box=MARKDOWN)
    counts = [sum((Counter(honest.cut) for honest in one.honest), Counter[str]()) for one in made]
    for key in sorted(set().union(*counts), key=lambda key: (-sum(each[key] for each in counts), key)):
        table.add_row(key, *(str(each[key]) for each in counts))
    return table


def not_contained(made: Sequence[Balance]) -> Table:
    """Attacks with calls, by the minutes they meant to talk and did: the ones that got most through are first."""
    table = Table("attack", "minutes meant", *(one.seen.name for one in made), box=MARKDOWN)
    names = list(dict.fromkeys(one.attacked.verdict.attack for one in made[-1].attacks if one.meant))
    for name in names:
        mine = [[one for one in each.attacks if one.attacked.verdict.attack == name] for each in made]
        table.add_row(name, f"{sum(one.meant for one in mine[-1]):,.0f}",
                      *(f"{sum(one.spoken for one in each):,.1f}, {sum(one.attacked.verdict.found for one in each)} of "
                        f"{len(each)} found" for each in mine))  # fmt: skip
    return table
