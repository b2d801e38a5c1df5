"""A PBX's own history, by local day in a folder of ours, and what it says of how people work there."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Call, Control, Registration, Tick, Unknown
from detector.contract.visibility import Telling
from detector.enrich.dialling.numbers import Klass, NumberPlan

WAITING = 2_000
PATTERNS = 12
DIGITS = 4
"""So many of the last digits of a number that people call are left open when others like it are made up."""
LONGEST = 400
"""More days of history teach nothing new, and one wrong date would make thousands of them."""


class HistoryError(Exception):
    """This history cannot be used; says why."""


class Ways(Struct, kw_only=True):
    """How people work at a PBX, counted: extensions, where phones register from, trunks, routes, numbers as dialled.

    `weekdays` are those on which they call out.
    """

    extensions: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    trunks: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    home: Counter[str] = field(default_factory=Counter)
    abroad: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    weekdays: Counter[int] = field(default_factory=Counter)
    located_calls: int = 0


class History(Struct, frozen=True, kw_only=True):
    """The days of history of one PBX, each a file in `folder`, and the ways of its people.

    `gives` is what its sources can tell, None where nobody knows what they are.
    """

    folder: Path
    pbx: str
    timezone: str
    first: date
    days: int
    events: int
    ways: Ways
    gives: tuple[Telling, ...] | None = None

    @property
    def extensions(self) -> list[str]:
        """Everybody who called or registered."""
        return sorted(name for name, count in self.ways.extensions.items() if name and count)

    def day(self, number: int) -> list[AnyEvent]:
        """What came on one day, in its order."""
        path = day_file(self.folder, self.first + timedelta(days=number))
        if not path.exists():
            return []
        codec = Codec()
        events = [event for line in path.read_bytes().splitlines() for event in codec.decode(line)]
        return sorted(events, key=order)  # type: ignore[arg-type]  # we wrote what we read: events, nothing rejected

    def begin(self, number: int) -> datetime:
        """When a day begins there; one day more than there are is the end."""
        day = self.first + timedelta(days=number)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.timezone))


def order(event: AnyEvent) -> tuple[datetime, str]:
    """Events come in the order in which they were heard of."""
    return arrived(event), event.id


def arrived(event: AnyEvent) -> datetime:
    """When an event was heard of."""
    return event.received_at or event.at


def day_file(folder: Path, day: date) -> Path:
    """Where the events of a day are."""
    return folder / f"{day.isoformat()}.jsonl"


def keep(
    events: Iterable[AnyEvent | Unknown], pbx: str | None, plan: NumberPlan, timezone: str, folder: Path
) -> History:
    """Sort the events of one PBX by day into `folder`, and learn its ways. Raises HistoryError."""
    zone, codec = ZoneInfo(timezone), Codec()
    waiting: defaultdict[date, list[bytes]] = defaultdict(list)
    others: Counter[str] = Counter()
    days: Counter[date] = Counter()
    ways = Ways()
    for event in events:
        if isinstance(event, Unknown | Control | Tick) or event.drill:
            continue
        others[event.pbx] += 1
        if pbx is not None and event.pbx != pbx:
            continue
        learn(event, ways, plan, zone)
        day = arrived(event).astimezone(zone).date()
        days[day] += 1
        waiting[day].append(codec.encode(event))
        if len(waiting[day]) >= WAITING:
            write(folder, day, waiting.pop(day))
    for day, lines in waiting.items():
        write(folder, day, lines)
    return judged(days, others, pbx, History(
        folder=folder, pbx=pbx or next(iter(others), ""), timezone=timezone, first=min(days, default=date.min),
        days=(max(days) - min(days)).days + 1 if days else 0, events=days.total(), ways=ways,
    ))  # fmt: skip


def judged(days: Counter[date], others: Counter[str], pbx: str | None, found: History) -> History:
    """The history, if it is one of one PBX and long enough. Raises HistoryError."""
    names = ", ".join(name[:64] for name in sorted(others)[:10])
    if not days:
        raise HistoryError(f"no events of PBX {pbx}; there are those of {names}" if others else "no events")
    if pbx is None and len(others) > 1:
        raise HistoryError(f"--pbx is needed: there are events of {names}")
    if found.days < 2:
        raise HistoryError(f"only one day of history, {found.first}: nothing could be learnt before the attacks")
    if found.days > LONGEST:
        raise HistoryError(f"history from {found.first} over {found.days} days; at most {LONGEST} can be used")
    if not found.extensions:
        raise HistoryError("no extension is named in this history: nobody could be attacked")
    return found


def write(folder: Path, day: date, lines: list[bytes]) -> None:
    """Append events to their day."""
    with day_file(folder, day).open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


def learn(event: AnyEvent, ways: Ways, plan: NumberPlan, zone: ZoneInfo) -> None:
    """What one event says of how people work there."""
    ways.kinds[event.__struct_config__.tag] += 1  # type: ignore[index]  # tags of events are texts
    if isinstance(event, Call):
        learn_call(event, ways, plan, zone)
    elif isinstance(event, Registration) and event.outcome == "accepted" and event.party == "extension":
        ways.extensions[event.extension or event.account or ""] += 1
        ways.sources[event.source_ip or ""] += 1


def learn_call(event: Call, ways: Ways, plan: NumberPlan, zone: ZoneInfo) -> None:
    """How people call out."""
    ways.phases[event.phase] += 1
    ways.located_calls += event.source_ip is not None
    if event.direction != "outbound" or not event.extension:
        return
    ways.extensions[event.extension] += 1
    ways.weekdays[(event.started_at or event.at).astimezone(zone).weekday()] += 1
    ways.trunks[event.trunk or ""] += 1
    ways.routes[event.route or ""] += 1
    number = plan.read(event.to or "")
    if number.e164 is None or event.to is None or not event.to[-DIGITS:].isdigit():
        return
    if number.klass is Klass.NATIONAL:
        ways.home[event.to[:-DIGITS] + "#" * DIGITS] += 1
    elif number.klass is Klass.INTERNATIONAL:
        ways.abroad[number.e164[1:-DIGITS] + "#" * DIGITS] += 1


def likely(counted: Counter[str], most: int = PATTERNS) -> list[str]:
    """The commonest that are named at all."""
    return [name for name, count in counted.most_common(most + 1) if name and count][:most]
