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
STAYS_MICROS = 7 * Days.DAY
"""After an outage that was no longer than this an office is still known; so long a new address lives on its move."""
sent_calls = First("sent calls")
"""Since when calls or INVITEs come from an address, as from a carrier."""
RESIDENT_MICROS = 30 * Days.DAY
MOVE_MICROS = 15 * 60 * 1_000_000
FEWEST, MOST = 3, 64
residents = Distinct("residents")
"""Which accounts were accepted from one place within `RESIDENT_MICROS`, by `pack_origin`."""
moved_in = Distinct("moved in")
moved = Once("moved")
"""When an address was last the new one of an office."""
called_days = Days("called")
watched_days = Days("watched")


def recognise(facts: Facts, memory: Memory, account: str) -> int | None:
    """Say whether the account was accepted from this address on an earlier day; returns since when it was at all.

    At the new address of an office everybody is at home.
    """
    if facts.place is None:
        return None
    facts.moved = facts.at_home = is_moved(memory, facts.place.key, facts.at)
    if not account:
        return None
    since = accepted_first.since(memory, f"{account}\x1f{facts.place.key}")
    facts.known_place = since is not None and since // Days.DAY < facts.at // Days.DAY
    facts.at_home = facts.known_place or facts.moved
    return since


def find_accepted(memory: Memory, account: str, place: Place) -> int | None:
    """Since when an account is accepted from an address, None where it never was."""
    return accepted_first.since(memory, f"{account}\x1f{place.key}")


def is_known_good(memory: Memory, address: str, before: int) -> bool:
    """Whether honest people came in from an address on enough days before the day of `before`, or as one office."""
    return good_days.before(memory, address, before) >= GOOD_DAYS or is_moved(memory, address, before)


def is_moved(memory: Memory, address: str, at: int) -> bool:
    """Whether an office has come to an address lately, after an outage or because it has another carrier now."""
    last = memory.get(moved.name, address)
    return last is not None and abs(at - last[0]) <= STAYS_MICROS


def is_familiar(facts: Facts, memory: Memory) -> bool:
    """Whether somebody was accepted from the source address on an earlier day, whatever is said of it elsewhere."""
    if facts.known_place or facts.at_home:
        return True
    return facts.place is not None and good_days.before(memory, facts.place.key, facts.at) > 0


def pack_origin(place: Place) -> int:
    """A place as an even number of 63 bits, of which the first 16 are the letters of its country."""
    return int.from_bytes((place.country or "").encode()) << 47 | digest(place.key) & (1 << 47) - 1


def unpack_country(origin: int) -> str:
    """The country of what `pack_origin` made, empty where it was not known."""
    return (origin >> 47).to_bytes(2).strip(b"\0").decode()


def has_moved(account: str, place: Place, memory: Memory, at: int) -> bool:
    """Whether with this account most of those who share another address have come to this one within minutes.

    So an office comes back after an outage, on another line of the same country. Who has stolen a few of its accounts
    does not bring most of them.
    """
    here = pack_origin(place)
    for origin, last in in_use.seen(memory, account).items():
        if origin == here or at - last > STAYS_MICROS or unpack_country(origin) != (place.country or ""):
            continue
        came = moved_in.add(memory, f"{place.key}\x1f{origin}", digest(account), at, MOVE_MICROS, cap=MOST)
        lived = len(residents.seen(memory, str(origin)))
        if lived and came >= FEWEST and 2 * came >= lived:
            moved.passed(memory, place.key, at, 0)
            return True
    return False


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
        origin = pack_origin(place)
        in_use.add(memory, account, origin, facts.at, IN_USE_FOR_MICROS, cap=4)
        residents.add(memory, str(origin), digest(account), facts.at, RESIDENT_MICROS, cap=MOST)
    for name in dict.fromkeys((account, facts.extension)):
        if name:
            accepted_first.add(memory, f"{name}\x1f{place.key}", facts.at)
    good_days.add(memory, place.key, facts.at)


def learn_block(leg: Leg, facts: Facts, memory: Memory, *, attack: bool) -> None:
    """A call out that begins makes its block of numbers known, unless it is of an attack that is sure to be one."""
    watched_days.add(memory, "", facts.at)
    if not leg.block or not facts.risky or facts.suspect_extension or facts.suspect_source or attack:
        return
    called_days.add(memory, leg.block, facts.at)
    if leg.country:
        called_days.add(memory, leg.country, facts.at)


def learn_sender(facts: Facts, memory: Memory) -> None:
    """A call or an INVITE came from this address: it may be a carrier's, whatever comes of the call."""
    if facts.place is not None:
        sent_calls.add(memory, facts.place.key, facts.at)


def has_sent_calls(memory: Memory, address: str) -> bool:
    """Whether calls or INVITEs ever came from an address."""
    return sent_calls.since(memory, address) is not None
