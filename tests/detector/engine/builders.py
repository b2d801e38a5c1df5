"""Short words for events, settings and engines, so that a test reads like what happened."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from detector.contract.codec import encode_finding
from detector.contract.events import (
    AnyEvent,
    Call,
    Config,
    Control,
    FleetEntry,
    Login,
    Notice,
    Registration,
    Tick,
    Unknown,
)
from detector.contract.findings import AnyFinding, Decision, Detection, Incident
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.blocklists import BlockList, BlockListing, BlockLists
from detector.enrich.networks import Networks
from detector.enrich.premises import Tables
from detector.settings import Settings
from models.places import Places
from models.unusual import Unusual

NOON = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in New York: the office is open. Times of events are seconds after it."""
HOUR, DAY = 3_600, 86_400
NIGHT = 10 * HOUR

THIEF, OTHER_THIEF, OFFICE, ROAMING = "203.0.113.77", "198.51.100.9", "192.0.2.20", "198.51.100.200"
SOMALIA, SOMALIA_NEXT, LATVIA = "901125261234567", "901125261234568", "901137127654321"
HOME, GERMANY, PREMIUM, SATELLITE = "912125550123", "901149301234567", "919005551234", "9011881612345678"
EMERGENCY = "911"
SOMALIA_BLOCK = "+2526123"
PHONE, SCANNER, ROGUE = "Yealink SIP-T46S 66.85.0.5", "friendly-scanner", "eyeBeam release 3006o"


LISTED = "45.95.147.9"
"""Stands on a block list that was made an hour before `NOON`."""
LISTS = BlockLists(
    [BlockList(BlockListing("hosting", round(NOON.timestamp() - HOUR) * 1_000_000), Networks([LISTED]), "1")]
)


def moment(seconds: float) -> datetime:
    """So many seconds after `NOON`."""
    return NOON + timedelta(seconds=seconds)


def call(seconds: float, to: str = SOMALIA, extension: str | None = "1007", *, phase: str = "started",
         call: str | None = None, **more: Any) -> Call:  # fmt: skip
    """One phase of an outbound call; the call is named after when it began unless it has a name."""
    name = call or f"{extension}@{seconds}"
    given = {"pbx": "hq", "id": f"{name}/{more.get('leg', '')}/{phase}", "at": moment(seconds), "phase": phase,
             "call_id": name, "direction": "outbound", "extension": extension, "from_": extension, "to": to,
             "trunk": "carrier-a", "route": "International"}  # fmt: skip
    return Call(**given | more)


def whole(seconds: float, talk: float, to: str = SOMALIA, extension: str = "1007", **more: Any) -> list[Call]:
    """A call in its three phases, answered at once."""
    name = more.pop("call", f"{extension}@{seconds}")
    again = {key: value for key, value in more.items() if key != "source_ip"}
    end = {"started_at": moment(seconds), "answered_at": moment(seconds), "talk": talk, "disposition": "answered"}
    return [
        call(seconds, to, extension, call=name, **more),
        call(seconds, to, extension, phase="answered", call=name, **again),
        call(seconds + talk, to, extension, phase="ended", call=name, **end | again),
    ]


def cdr(seconds: float, talk: float, to: str = SOMALIA, extension: str | None = "1007", **more: Any) -> Call:
    """A call of which only the record at its end is known; it began at `seconds`."""
    begun = {"started_at": moment(seconds), "answered_at": moment(seconds), "talk": talk, "disposition": "answered",
             "call": f"{extension}@{seconds}"}  # fmt: skip
    return call(seconds + talk, to, extension, phase="ended", **begun | more)


def refused(seconds: float, to: str = SOMALIA, extension: str | None = "1007", **more: Any) -> Call:
    """A call that did not come about, known by its record."""
    return cdr(seconds, 0, to, extension, **{"disposition": "failed", "answered_at": None} | more)


def rung(seconds: float, number: str, ring: float = 2, **more: Any) -> Call:
    """A call from outside to 1001 that rang for a while, was not answered and hung up."""
    given = {"direction": "inbound", "from_": number, "route": None, "call": f"in/{number}/{seconds}",
             "phase": "ended", "started_at": moment(seconds - ring), "talk": 0, "disposition": "no_answer"}  # fmt: skip
    return call(seconds, "1001", "1001", **given | more)


def watched(days: Iterable[int] = (-4, -3, -2), to: str = HOME, extension: str = "1999") -> list[Call]:
    """An honest call on each of some days: what a PBX is known by."""
    return [cdr(day * DAY, 60, to, extension) for day in days]


def branch(to: str = LATVIA, days: Iterable[int] = (-6, -5, -2), extensions: int = 10) -> list[Call]:
    """Calls by several extensions, one after the other, on each of some days of work: to a block usual for all."""
    return [cdr(day * DAY + 1_500 * n, 300, to, str(1990 + n)) for day in days for n in range(extensions)]


def usual(calls: int = 210, extensions: int = 5) -> list[Call]:
    """Honest calls of a minute or two at home on the days of work of the three weeks before: models are warm then."""
    days = [day for day in range(-23, -2) if (NOON + timedelta(days=day)).weekday() < 5]
    return [cdr(days[n // 14] * DAY + n % 14 * 1_200, 60 + n % 5 * 20, HOME, str(1007 - n % extensions))
            for n in range(calls)]  # fmt: skip


def registration(seconds: float, outcome: str = "rejected", account: str = "1007", source: str = THIEF,
                 **more: Any) -> Registration:  # fmt: skip
    """A phone, or somebody like one, tries to register."""
    given = {"pbx": "hq", "id": f"r/{account}/{source}/{outcome}/{seconds}", "at": moment(seconds),
             "outcome": outcome, "account": account, "extension": account, "source_ip": source,
             "user_agent": ROGUE if source == THIEF else PHONE}  # fmt: skip
    return Registration(**given | more)


def login(seconds: float, outcome: str = "rejected", account: str = "admin", source: str = THIEF, **more: Any) -> Login:
    """Somebody logs in to the web interface, or fails to."""
    given = {"pbx": "hq", "id": f"l/{account}/{source}/{outcome}/{seconds}", "at": moment(seconds),
             "outcome": outcome, "account": account, "surface": "web", "source_ip": source}  # fmt: skip
    return Login(**given | more)


def notice(seconds: float, name: str, source: str | None = THIEF, **more: Any) -> Notice:
    """The PBX says something."""
    given = {"pbx": "hq", "id": f"n/{name}/{seconds}", "at": moment(seconds), "name": name, "source_ip": source}
    return Notice(**given | more)


def config(seconds: float, object_: str, changes: dict[str, Any] | None = None, **more: Any) -> Config:
    """Something is changed on the PBX."""
    given = {"pbx": "hq", "id": f"c/{object_}/{seconds}", "at": moment(seconds), "object_": object_,
             "changes": changes, "actor": "admin"}  # fmt: skip
    return Config(**given | more)


def tick(seconds: float, **more: Any) -> Tick:
    """Time passes."""
    return Tick(**{"pbx": "hq", "id": f"t/{seconds}", "at": moment(seconds)} | more)


def outcome(seconds: float, decision: str, state: str) -> Control:
    """What became of an action."""
    return Control(pbx="hq", id=f"outcome:{decision}:{state}:{seconds}", at=moment(seconds), name="outcome",
                   decision=decision, state=state)  # fmt: skip


def verdict(seconds: float, *, incident: str | None = None, decision: str | None = None) -> Control:
    """A person undoes a decision or closes an incident."""
    return Control(pbx="hq", id=f"verdict:{decision}:{incident}:{seconds}", at=moment(seconds), name="verdict",
                   decision=decision, incident=incident, verdict="closed" if incident else "undo")  # fmt: skip


def listed(seconds: float, *names: str, pbxs: int = 3, holds: float = 7 * DAY) -> Control:
    """Addresses, and blocks of numbers by their plus, come on the fleet list."""
    entries = tuple(
        FleetEntry(kind="destination" if name.startswith("+") else "source_ip", id=name, pbxs=pbxs,
                   first_at=moment(seconds - HOUR), last_at=moment(seconds), until=moment(seconds + holds))
        for name in names
    )  # fmt: skip
    return Control(pbx="*", id=f"fleet:{seconds}:{names}", at=moment(seconds), name="fleet", fleet=entries)


def guesses(seconds: float, times: int = 5, account: str = "1007", source: str = THIEF,
            **more: Any) -> list[Registration]:  # fmt: skip
    """Refused registrations, one a second."""
    return [registration(seconds + step, "rejected", account, source, **more) for step in range(times)]


def known_phones(extensions: Iterable[str], source: str = OFFICE, days: Iterable[int] = (-5, -4, -3, -2)) -> list[
        Registration]:  # fmt: skip
    """Honest phones that registered from one address on days before."""
    return [registration(day * DAY + step, "accepted", extension, source)
            for day in days for step, extension in enumerate(extensions)]  # fmt: skip


def settings(*, mode: str = "auto", rules: dict[str, Any] | None = None, pbx: dict[str, Any] | None = None,
             **defaults: Any) -> Settings:  # fmt: skip
    """A PBX in New York with an emergency route and one trunk; every rule in one mode."""
    hq = {"id": "hq", "tenant": "acme", "trunks": {"carrier-a": {"hosts": ["192.0.2.250"]}},
          "routes": {"Emergency": {"emergency": True}, "International": {}}}  # fmt: skip
    general = {"region": "US", "timezone": "America/New_York", "access_digit": "9", "mode": mode,
               "rules": rules or {}, "tariffs": {"252": 0.9, "371": 0.6}}  # fmt: skip
    return Settings.model_validate({"defaults": general | defaults, "pbxs": [hq | (pbx or {})]})


def engine(configured: Settings | None = None) -> Engine:
    """A new engine with empty memory."""
    return Engine(configured or settings(), Tables(addresses=AddressTable(), block_lists=LISTS), Places(), Unusual())


def run(events: Iterable[AnyEvent | Unknown], configured: Settings | None = None) -> list[AnyFinding]:
    """All findings of events in a new engine; a detector that breaks fails the test."""
    made = engine(configured)
    found = [finding for event in events for finding in made.process(event)]
    assert not made.errors, made.errors
    return found


def detections(found: Iterable[AnyFinding], rule: str = "") -> list[Detection]:
    """The detections among findings, of one rule if it is named."""
    return [each for each in found if isinstance(each, Detection) and rule in {"", each.rule}]


def last(found: Iterable[AnyFinding], kind: type[Any]) -> dict[str, Any]:
    """The latest revision of everything of a kind, by id, in the order of first appearance."""
    return {each.id: each for each in found if isinstance(each, kind)}


def incidents(found: Iterable[AnyFinding]) -> list[Incident]:
    """Every incident as it stands at the end, without those merged into others."""
    return [each for each in last(found, Incident).values() if each.status != "merged"]


def decisions(found: Iterable[AnyFinding], action: str = "", target: str = "") -> list[Decision]:
    """Every decision as it stands at the end, of an action and on a target if they are named; backups only by name."""
    return [
        each for each in last(found, Decision).values()
        if (each.action == action if action else each.action != "backup_pbx") and target in {"", each.target.id}
    ]  # fmt: skip


def text(found: Iterable[AnyFinding]) -> list[bytes]:
    """Findings as they would be written, to compare."""
    return [encode_finding(each) for each in found]


def pages(made: Engine, kept: dict[str, bytes]) -> dict[str, bytes]:
    """A checkpoint laid over the one before; keys in an order of their own, as from a database."""
    for key, value in made.dirty_pages().items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
    return dict(sorted(kept.items(), key=lambda page: page[0][::-1]))


def restarted(made: Engine, kept: dict[str, bytes], configured: Settings | None = None) -> Engine:
    """A new process that has loaded the checkpoint of the old one."""
    again = engine(configured)
    again.load(iter(pages(made, kept).items()))
    return again


def interrupted(
    events: Iterable[AnyEvent | Unknown], configured: Settings | None = None, *, batch: int = 1, first: int = 0
) -> Iterator[AnyFinding]:
    """Findings where the process is replaced after the `first` events, and after every batch of those that follow."""
    made, kept = engine(configured), dict[str, bytes]()
    for number, event in enumerate(events, 1):
        yield from made.process(event)
        if number >= first and (number - first) % batch == 0:
            made = restarted(made, kept, configured)


def fired(events: Iterable[AnyEvent | Unknown], rule: str, configured: Settings | None = None) -> list[float]:
    """When a rule fired, in seconds after `NOON`."""
    return [(each.at - NOON).total_seconds() for each in detections(run(events, configured), rule)]


def mornings(days: int = 30, people: int = 5, first: int = 1005) -> list[Login]:
    """People who log in from the office at noon on the days before: then it is known who comes in when."""
    return [
        login(day * DAY + 60 * n, "accepted", str(1005 + n), OFFICE) for day in range(-days, 0) for n in range(people)
    ]
