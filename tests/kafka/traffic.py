"""One hour of many PBXs with attacks among it, as events and as the values of a Kafka topic."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count, groupby, islice
from random import Random

import msgspec

from detector.contract.codec import encode_finding
from detector.contract.events import AnyEvent, Control, Login, Tick
from detector.engine.engine import Engine
from detector.enrich.addresses import AddressTable
from detector.enrich.premises import Tables
from models.places import Places
from models.unusual import Unusual
from streams.kafka.connecting import partition_of
from tests.bench.traffic import DELAY, SETTINGS, START, call, home, phases, registration

PBXS = 50
EXTENSIONS = 30
ATTACKS = 12
HOUR = timedelta(hours=1)
Log = dict[int, list[AnyEvent]]


def traffic(events: int, seed: int = 11) -> list[AnyEvent]:
    """So many events of one hour in the order of their time."""
    random = Random(seed)  # noqa: S311 - traffic, not secrets
    rest = events - ATTACKS * 70
    made: list[AnyEvent] = []
    for number in count():
        if len(made) >= rest:
            break
        made.extend(activity(random, number, START + HOUR * (len(made) / rest)))
    for number in range(ATTACKS):
        made.extend(attack(random, number, START + HOUR * (number / ATTACKS)))
    return sorted(made, key=lambda event: (event.at, event.id))


def activity(random: Random, number: int, at: datetime) -> Iterator[AnyEvent]:
    """What honest people and phones do next."""
    pbx, extension, key = f"pbx-{random.randrange(PBXS):02}", str(1_000 + random.randrange(EXTENSIONS)), f"{number:x}"
    match random.choice("ccrrlt"):
        case "c":
            yield from call(random, key, pbx, extension, at)
        case "r":
            yield registration(pbx, extension, f"r{key}", at, "accepted", home(pbx, extension))
        case "l":
            yield Login(pbx=pbx, id=f"l{key}", at=at, received_at=at + DELAY, surface="web", account=extension,
                        outcome=random.choice(("rejected", "accepted")), source_ip=home(pbx, extension))  # fmt: skip
        case _:
            yield Tick(pbx=pbx, id=f"t{key}", at=at)


def attack(random: Random, number: int, at: datetime) -> Iterator[AnyEvent]:
    """Guessing, a registration, and calls that bring the thief money."""
    pbx, extension, thief = f"pbx-{number * 4 % PBXS:02}", str(1_000 + number), f"185.100.{number}.7"
    for guess in range(24):
        at += timedelta(seconds=1)
        yield registration(pbx, extension, f"g{number}.{guess}", at, "rejected", thief, "friendly-scanner")
    at += timedelta(seconds=1)
    yield registration(pbx, extension, f"g{number}", at, "accepted", thief, "friendly-scanner")
    for each in range(15):
        at += timedelta(seconds=20)
        to = f"90112526123{random.randrange(100_000):05}"
        yield from phases(f"a{number}.{each}", pbx, extension, at, 3, 10 if each == 0 else 600, "outbound", extension,
                          to, thief)  # fmt: skip


def parted(events: Sequence[AnyEvent], partitions: int) -> Log:
    """The events of each partition, in their order."""
    log: Log = {}
    for event in events:
        log.setdefault(partition_of(event.pbx, partitions), []).append(event)
    return log


def values(events: Sequence[AnyEvent], seed: int, largest: int = 60) -> Iterator[bytes]:
    """Objects and arrays of all sizes, as a Kafka value may be either; what we say ourselves stands alone."""
    random = Random(seed)  # noqa: S311 - sizes, not secrets
    for ours, run in groupby(events, lambda event: isinstance(event, Control)):
        while batch := list(islice(run, 1 if ours else random.randint(1, largest))):
            yield msgspec.json.encode(batch if len(batch) > 1 else batch[0])


def interleaved(log: Log, seed: int) -> list[tuple[int, bytes]]:
    """Values of all partitions in turn, with their partition."""
    each = {partition: list(values(events, seed)) for partition, events in log.items()}
    longest = max(map(len, each.values()))
    return [(partition, found[n]) for n in range(longest) for partition, found in each.items() if n < len(found)]


def engine() -> Engine:
    """That of a partition, before any event."""
    return Engine(SETTINGS, Tables(addresses=AddressTable()), Places(), Unusual())


def wanted(log: Log) -> list[bytes]:
    """The findings of the engine alone, sorted by id and revision, as they stand in the topic."""
    found: dict[tuple[str, int], bytes] = {}
    for events in log.values():
        alone = engine()
        for event in events:
            for finding in alone.process(event):
                found[finding.id, finding.revision] = encode_finding(finding)
    return [found[key] for key in sorted(found)]
