"""What is usual at a PBX: who came in from where on which days, and which numbers were called by whom.

All of it ages: what was good a year ago says nothing of today, for providers give addresses to somebody else.
"""

from collections.abc import Iterable

from detector.enrich.addresses import Place
from detector.enrich.facts import Facts
from detector.enrich.ledger import FAMILIAR, Leg
from detector.memory.ageing import Daily, LastDays, Regulars, Since
from detector.memory.fields import Days, Distinct, First, Memory, Once, Window, digest

SECOND_MICROS = 1_000_000
HOUR_MICROS = 3_600 * SECOND_MICROS
LASTS_DAYS = 42
LASTS_MICROS = LASTS_DAYS * Days.DAY
"""So long after it was last seen an address is good, or a number usual: longer than a holiday."""
GOOD_DAYS = 3
"""An address is known as good on which so many earlier days honest people came in from there."""
IN_USE_FOR_MICROS = Days.DAY
accepted_since = Since("accepted since")
shared_since = Since("shared since", cap=3)
"""Since when an address is that of an office: three accounts were accepted from there."""
good_days = LastDays("good days")
in_use = Distinct("in use")
"""From which addresses and countries an account was accepted within `IN_USE_FOR_MICROS`, by `pack_origin`."""
STAYS_MICROS = 7 * Days.DAY
"""After an outage that was no longer than this an office is still known; so long a new address lives on its move."""
sent_calls = First("sent calls")
"""Since when calls or INVITEs come from an address, as from a carrier."""
RESIDENT_MICROS = 30 * Days.DAY
MOVE_MICROS = 15 * 60 * SECOND_MICROS
FEWEST, MOST = 3, 64
residents = Distinct("residents")
"""Which accounts were accepted from one place within `RESIDENT_MICROS`, by `pack_origin`."""
moved_in = Distinct("moved in")
moved = Once("moved")
"""When an address was last the new one of an office."""
STRANGERS, TRIES, TRIES_MICROS = 3, 40, 10 * 60 * SECOND_MICROS
"""Of accounts that never came in from a good address: so many within an hour, or tries at them, are guessing."""
strangers = Distinct("strangers")
tries = Window("tries of strangers")
guessing = Once("guessing")
"""When passwords were last guessed from an address that was good."""
refused_last = Once("refused last")
"""When an address was last refused."""
NETWORK_DIGITS = len("+870")
USUAL_SECONDS = 15 * 60
"""With less talk on all days before a block of numbers is not usual, however many they were."""
FOR_ALL = 5
"""So many regular callers make a block usual for everybody, fewer only for themselves."""
talked = Daily("talked")
callers = Regulars("callers")
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
    since = find_accepted(memory, account, facts.place, facts.at)
    facts.known_place = since is not None and since // Days.DAY < facts.at // Days.DAY
    facts.at_home = facts.known_place or facts.moved
    return since


def find_accepted(memory: Memory, account: str, place: Place, at: int) -> int | None:
    """Since when an account is accepted from an address, None where it was not for `LASTS_MICROS` or never."""
    return accepted_since.since(memory, name_pair(account, place), at, LASTS_MICROS)


def name_pair(account: str, place: Place) -> str:
    """Names an account at an address in memory."""
    return f"{account}\x1f{place.key}"


def find_office(memory: Memory, address: str, at: int) -> int | None:
    """Since when an address is that of an office, None where it is none or passwords are guessed from there."""
    since = shared_since.since(memory, address, at, LASTS_MICROS)
    return None if since is None or is_guessing(memory, address, at) else since


def is_known_good(memory: Memory, address: str, before: int) -> bool:
    """Whether honest people came in from an address on enough days before the day of `before`, or as one office.

    What is seen of the address itself outweighs that.
    """
    if is_moved(memory, address, before):
        return True
    enough = good_days.before(memory, address, before, LASTS_DAYS) >= GOOD_DAYS
    return enough and not is_guessing(memory, address, before)


def is_moved(memory: Memory, address: str, at: int) -> bool:
    """Whether an office has come to an address lately, after an outage or because it has another carrier now."""
    last = memory.get(moved.name, address)
    return last is not None and abs(at - last[0]) <= STAYS_MICROS


def is_familiar(facts: Facts, memory: Memory) -> bool:
    """Whether somebody was accepted from the source address on an earlier day, whatever is said of it elsewhere."""
    if facts.known_place or facts.at_home:
        return True
    return facts.place is not None and was_good(memory, facts.place.key, facts.at)


def was_good(memory: Memory, address: str, before: int) -> bool:
    """Whether anybody was accepted from an address on a day before that of `before`, and nobody guesses there since."""
    seen = good_days.before(memory, address, before, LASTS_DAYS) > 0
    return seen and not is_guessing(memory, address, before)


def is_guessing(memory: Memory, address: str, at: int) -> bool:
    """Whether passwords were guessed from an address that was good, since a day before `at`."""
    last = memory.get(guessing.name, address)
    return last is not None and last[0] > at - Days.DAY


def note_refusal(names: Iterable[str], count: int, facts: Facts, memory: Memory) -> None:
    """Accounts were refused at an address; where it is a good one, see whether somebody guesses there.

    A telephone with an old password is no guesser, nor is an office, however many of its telephones are new.
    """
    place = facts.place
    if place is None or place.private:
        return
    refused_last.passed(memory, place.key, facts.at, HOUR_MICROS)
    if memory.get(good_days.name, place.key) is None:
        return
    new = [name for name in names if find_accepted(memory, name, place, facts.at) is None]
    if not new:
        return
    tried = tries.add(memory, place.key, facts.at, TRIES_MICROS, cap=TRIES, count=count)
    found = max(strangers.add(memory, place.key, digest(name), facts.at, HOUR_MICROS, cap=STRANGERS) for name in new)
    if (found >= STRANGERS or tried >= TRIES) and not is_office_now(memory, place, facts.at):
        guessing.passed(memory, place.key, facts.at, 0)


def was_refused(memory: Memory, address: str, at: int) -> bool:
    """Whether an address was refused within a day before `at`."""
    last = memory.get(refused_last.name, address)
    return last is not None and last[0] > at - Days.DAY


def is_office_now(memory: Memory, place: Place, at: int) -> bool:
    """Whether several accounts were accepted from one place within the last days."""
    lately = [last for last in residents.seen(memory, str(pack_origin(place))).values() if at - last <= STAYS_MICROS]
    return len(lately) >= FEWEST


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
    place, at = facts.place, facts.at
    if place is None or facts.suspect_source or facts.suspect_extension:
        return
    if facts.fleet_source is not None and not is_familiar(facts, memory):
        return
    if account:
        if find_accepted(memory, account, place, at) is None:
            shared_since.add(memory, place.key, at, LASTS_MICROS)
        shared_since.go_on(memory, place.key, at, LASTS_MICROS)
        origin = pack_origin(place)
        in_use.add(memory, account, origin, at, IN_USE_FOR_MICROS, cap=4)
        residents.add(memory, str(origin), digest(account), at, RESIDENT_MICROS, cap=MOST)
    for name in dict.fromkeys((account, facts.extension)):
        if name:
            accepted_since.add(memory, name_pair(name, place), at, LASTS_MICROS)
    good_days.add(memory, place.key, at)


def learn_block(leg: Leg, facts: Facts, memory: Memory, *, attack: bool) -> None:
    """A call out that was talked on makes its block of numbers usual, unless it is of an attack that is sure to be one.

    How much and by whom counts: three short calls say that somebody knows a number there, and no more.
    """
    if not leg.talk or not leg.block or facts.suspect_extension or facts.suspect_source or attack:
        return
    caller = digest(leg.extension)
    for name in (leg.block, leg.country or network_of(leg)):
        talked.add(memory, name, leg.started, leg.talk // SECOND_MICROS)
        callers.add(memory, name, caller, leg.started, LASTS_MICROS)


def network_of(leg: Leg) -> str:
    """What numbers of no country begin with, as those of satellites."""
    return leg.block[:NETWORK_DIGITS]


def learn_sender(facts: Facts, memory: Memory) -> None:
    """A call or an INVITE came from this address: it may be a carrier's, whatever comes of the call."""
    if facts.place is not None:
        sent_calls.add(memory, facts.place.key, facts.at)


def has_sent_calls(memory: Memory, address: str) -> bool:
    """Whether calls or INVITEs ever came from an address."""
    return sent_calls.since(memory, address) is not None


def count_usual_days(memory: Memory, name: str, regulars: frozenset[int], caller: str, at: int) -> int:
    """On how many days of the last weeks a block or country was called, where that makes it usual for this caller.

    `regulars` called it before today; none of these days count as long as there is little talk.
    """
    if len(regulars) < FOR_ALL and digest(caller) not in regulars:
        return 0
    return count_talked_days(memory, name, at)


def count_talked_days(memory: Memory, name: str, at: int) -> int:
    """On how many days of the last weeks somebody talked there, none as long as there is little talk."""
    days, seconds = talked.before(memory, name, at, LASTS_DAYS)
    return days if seconds >= USUAL_SECONDS else 0


def is_usual(memory: Memory, name: str, caller: str, at: int) -> bool:
    """Whether calls to a block or country are usual for this caller."""
    return count_usual_days(memory, name, callers.before(memory, name, at, LASTS_MICROS), caller, at) >= FAMILIAR


def tell_usual(leg: Leg, facts: Facts, memory: Memory) -> None:
    """Say of a call abroad, or to a costly number, how usual it is here."""
    at, caller = facts.at, leg.extension
    here = callers.before(memory, leg.block, at, LASTS_MICROS)
    facts.block_callers = len(here)
    facts.block_days = count_usual_days(memory, leg.block, here, caller, at)
    there = callers.before(memory, leg.country, at, LASTS_MICROS)
    facts.country_days = count_usual_days(memory, leg.country, there, caller, at)
    facts.watched_days = watched_days.before(memory, "", at)
