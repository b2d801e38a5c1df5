"""What is usual at a PBX: who came in from where on which days, and which numbers were called."""

from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import Days, Distinct, First, Memory, Once, digest

GOOD_DAYS = 3
"""An address is known as good on which so many earlier days honest people came in from there."""
IN_USE_FOR_MICROS = Days.DAY
accepted_first = First("accepted")
shared_since = First("shared", cap=3)
"""Since when an address is that of an office: three accounts were accepted from there."""
good_days = Days("good")
in_use = Distinct("in use")
"""From which addresses and countries an account was accepted within `IN_USE_FOR_MICROS`, by `pack_origin`."""
MOVED = 3
"""An office has moved where so many of its accounts, and half of all, come in from one new address within `MOVING`."""
MOVING_MICROS = 15 * 60 * 1_000_000
STAYS_MICROS = 7 * Days.DAY
"""After an outage that was no longer than this it is still known; and so long a new address lives on it alone."""
RESIDENT_FOR_MICROS = 90 * Days.DAY
MOST_RESIDENTS = 64
residents = Distinct("residents")
"""The accounts that an origin (`pack_origin`) is an address of."""
came_over = Distinct("came over")
"""The accounts that came from an origin to an address."""
moved_in = Once("moved in")
called_days = Days("called")
watched_days = Days("watched")


def recognise(facts: Facts, memory: Memory, account: str) -> int | None:
    """Say whether the account was accepted from this address on an earlier day; returns since when it was at all."""
    if facts.place is None or not account:
        return None
    since = accepted_first.since(memory, f"{account}\x1f{facts.place.key}")
    facts.known_place = facts.at_home = since is not None and since // Days.DAY < facts.at // Days.DAY
    return since


def find_accepted(memory: Memory, account: str, place: Place) -> int | None:
    """Since when an account is accepted from an address, None where it never was."""
    return accepted_first.since(memory, f"{account}\x1f{place.key}")


def is_known_good(memory: Memory, address: str, before: int) -> bool:
    """Whether honest people came in from an address on enough days before the day of `before`, or as one office."""
    return good_days.before(memory, address, before) >= GOOD_DAYS or is_moved(memory, address, before)


def is_moved(memory: Memory, address: str, at: int) -> bool:
    """Whether an office has come to an address lately, after an outage or because it has another carrier now."""
    since = memory.get(moved_in.name, address)
    return since is not None and abs(at - since[0]) <= STAYS_MICROS


def is_familiar(facts: Facts, memory: Memory) -> bool:
    """Whether somebody was accepted from the source address on an earlier day, whatever is said of it elsewhere."""
    if facts.known_place or facts.at_home:
        return True
    if facts.place is None:
        return False
    return good_days.before(memory, facts.place.key, facts.at) > 0 or is_moved(memory, facts.place.key, facts.at)


def pack_origin(place: Place) -> int:
    """A place as an even number of 63 bits, of which the first 16 are the letters of its country."""
    return int.from_bytes((place.country or "").encode()) << 47 | digest(place.key) & (1 << 47) - 1


def unpack_country(origin: int) -> str:
    """The country of what `pack_origin` made, empty where it was not known."""
    return (origin >> 47).to_bytes(2).strip(b"\0").decode()


def learn_place(facts: Facts, memory: Memory, account: str) -> None:
    """An accepted registration or login that nobody suspects makes its address known and good."""
    place = facts.place
    if place is None or facts.suspect_source or facts.suspect_extension:
        return
    if facts.fleet_source is not None and not is_familiar(facts, memory):
        return
    if account:
        if accepted_first.since(memory, f"{account}\x1f{place.key}") is None:
            shared_since.add(memory, place.key, facts.at)
            watch_move(memory, account, place, facts.at)
        in_use.add(memory, account, pack_origin(place), facts.at, IN_USE_FOR_MICROS, cap=4)
    for name in dict.fromkeys((account, facts.extension)):
        if name:
            accepted_first.add(memory, f"{name}\x1f{place.key}", facts.at)
    good_days.add(memory, place.key, facts.at)


def watch_move(memory: Memory, account: str, place: Place, at: int) -> None:
    """An account is accepted from an address for the first time: where most of an office is, the office has moved.

    Whoever has stolen some of its passwords comes with fewer accounts than that.
    """
    here, name = pack_origin(place), digest(account)
    residents.add(memory, str(here), name, at, RESIDENT_FOR_MICROS, cap=MOST_RESIDENTS)
    for origin, last in in_use.seen(memory, account).items():
        if origin == here or at - last > STAYS_MICROS:
            continue
        came = came_over.add(memory, f"{place.key}\x1f{origin}", name, at, MOVING_MICROS, cap=MOST_RESIDENTS)
        if came >= MOVED and 0 < len(residents.seen(memory, str(origin))) <= 2 * came:
            moved_in.passed(memory, place.key, at, 0)


def learn_block(leg: Leg, facts: Facts, memory: Memory, *, attack: bool) -> None:
    """A call out that begins makes its block of numbers known, unless it is of an attack that is sure to be one."""
    watched_days.add(memory, "", facts.at)
    if not leg.block or not facts.risky or facts.suspect_extension or facts.suspect_source or attack:
        return
    called_days.add(memory, leg.block, facts.at)
    if leg.country:
        called_days.add(memory, leg.country, facts.at)
