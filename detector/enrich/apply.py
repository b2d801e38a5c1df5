"""Enrichment of one event: who, where from, whereto, since when, at what price."""

from functools import lru_cache, partial

import phonenumbers

from detector.contract.codec import to_micros
from detector.contract.events import Call, Config, Login, Notice, Registration
from detector.contract.findings import Subject
from detector.contract.vocabulary import Severity, Stage, SubjectKind
from detector.engine.compiled import Compiled
from detector.engine.state import PbxState
from detector.enrich.addresses import Place
from detector.enrich.dialling.numbers import Klass, Number
from detector.enrich.facts import Facts
from detector.enrich.fleet_list import FleetEntries
from detector.enrich.ledger import FAMILIAR, INSIDE, OUTWARD, Ledger, Leg, charged_extension, talked
from detector.memory.fields import Days, Distinct, First, Memory, digest
from detector.memory.timers import LEDGER

COSTLY = {Klass.PREMIUM, Klass.SATELLITE}
accepted_first = First("accepted")
shared_since = First("shared", cap=3)
"""Since when an address is that of an office: three accounts were accepted from there."""
good_days = Days("good")
in_use = Distinct("in use")
"""From which addresses and countries an account was accepted within `IN_USE_FOR`, by `origin`."""
IN_USE_FOR = Days.DAY
called_days = Days("called")
watched_days = Days("watched")
country_code = lru_cache(maxsize=512)(phonenumbers.country_code_for_region)
AREA = len("+1876")
UNNAMED = "-"


def identify(event: Registration | Login | Notice | Config, facts: Facts, state: PbxState, site: Compiled) -> None:
    """Source address and account of a registration, login or notice, or of whoever changed something."""
    if event.source_ip:
        facts.place = site.addresses.look_up(event.source_ip)
    if isinstance(event, Config):
        suspects(facts, state, event.actor or "")
        return
    if not isinstance(event, Login):
        facts.extension = event.extension or ""
    if isinstance(event, Registration) and not facts.extension and event.outcome == "accepted":
        facts.extension = event.account or ""
    suspects(facts, state, event.account or facts.extension)


def suspects(facts: Facts, state: PbxState, account: str) -> None:
    """Whether the account belongs to the address, and whether the address or the extension was seen breaking in.

    Who was accepted from an address before the break-in is no suspect for sharing it with whoever guesses, nor is
    anybody where several were: an office behind NAT must not fall with one of its phones.
    """
    since = None
    if facts.place is not None and account:
        since = accepted_first.since(state.memory, f"{account}\x1f{facts.place.key}")
        facts.known_place = facts.at_home = since is not None and since // Days.DAY < facts.at // Days.DAY
    cases = state.cases
    if not cases.links:
        return
    if facts.place is not None:
        source = Subject(SubjectKind.SOURCE_IP, facts.place.key)
        case = cases.find(source)
        if case is not None:
            office = shared_since.since(state.memory, facts.place.key)
            facts.at_home = facts.known_place or any(
                first is not None and first < case.opened for first in (since, office)
            )
            facts.suspect_source = source in case.proven and not facts.at_home
            facts.guesser = facts.suspect_source and Stage.CREDENTIAL in case.stages
            facts.broken_in = facts.suspect_source and case.broken_in()
    if facts.extension:
        entered = Subject(SubjectKind.EXTENSION, facts.extension)
        case = cases.find(entered)
        if case is not None and entered in case.entered:
            facts.suspect_extension = True
            facts.broken_in = facts.broken_in or case.broken_in()


def origins(extension: str, state: PbxState, site: Compiled) -> frozenset[str]:
    """The countries from which an extension was entered, as far as they are known."""
    case = state.cases.find(Subject(SubjectKind.EXTENSION, extension))
    found = [site.addresses.look_up(address) for address in case.names(SubjectKind.SOURCE_IP)] if case else []
    return frozenset(place.country for place in found if place is not None and place.country)


def compare(facts: Facts, fleet: FleetEntries) -> None:
    """Whether the source address or the block that is called stands on the fleet list."""
    if facts.place is not None:
        facts.fleet_source = fleet.find(SubjectKind.SOURCE_IP, facts.place.key, facts.at)
    if facts.leg is not None and facts.leg.block:
        facts.fleet_block = fleet.find(SubjectKind.DESTINATION, facts.leg.block, facts.at)


def familiar(facts: Facts, memory: Memory) -> bool:
    """Whether somebody was accepted from the source address on an earlier day, whatever is said of it elsewhere."""
    if facts.known_place or facts.at_home:
        return True
    return facts.place is not None and good_days.before(memory, facts.place.key, facts.at) > 0


def origin(place: Place) -> int:
    """A place as an even number of 63 bits, of which the first 16 are the letters of its country."""
    return int.from_bytes((place.country or "").encode()) << 47 | digest(place.key) & (1 << 47) - 1


def country_of(origin: int) -> str:
    """The country of an `origin`, empty where it was not known."""
    return (origin >> 47).to_bytes(2).strip(b"\0").decode()


def learn_place(facts: Facts, state: PbxState, account: str) -> None:
    """An accepted registration or login that nobody suspects makes its address known and good."""
    if facts.place is None or facts.suspect_source or facts.suspect_extension:
        return
    if facts.fleet_source is not None and not familiar(facts, state.memory):
        return
    if account and accepted_first.since(state.memory, f"{account}\x1f{facts.place.key}") is None:
        shared_since.add(state.memory, facts.place.key, facts.at)
    if account:
        in_use.add(state.memory, account, origin(facts.place), facts.at, IN_USE_FOR, cap=4)
    for name in dict.fromkeys((account, facts.extension)):
        if name:
            accepted_first.add(state.memory, f"{name}\x1f{facts.place.key}", facts.at)
    good_days.add(state.memory, facts.place.key, facts.at)


def learn_block(facts: Facts, state: PbxState) -> None:
    """A call that begins makes its block of numbers known, unless it belongs to an attack that is sure to be one."""
    if not (facts.opened and facts.billable):
        return
    watched_days.add(state.memory, "", facts.at)
    leg = facts.leg
    if leg is None or not leg.block or not facts.risky or facts.suspect_extension or facts.suspect_source:
        return
    case = state.cases.by_id.get(leg.incident) if leg.incident else None
    if case is None or case.kind() == "policy" or case.severity is not Severity.CRITICAL:
        called_days.add(state.memory, leg.block, facts.at)
        if leg.country:
            called_days.add(state.memory, leg.country, facts.at)


def accused(leg: Leg, state: PbxState) -> bool:
    """Whether the call, its extension or its block belong to an open incident: none of it is to be learned."""
    if not state.cases.links:
        return False
    whose = (SubjectKind.EXTENSION, leg.extension), (SubjectKind.DESTINATION, leg.block)
    return bool(leg.incident) or any(name and state.cases.find(Subject(kind, name)) for kind, name in whose)


def follow_call(event: Call, facts: Facts, state: PbxState, site: Compiled) -> None:
    """Bring the ledger up to date with one phase of a leg, and say what it changed."""
    facts.extension = charged_extension(event)
    if event.source_ip:
        facts.place = site.addresses.look_up(event.source_ip)
    ledger = state.ledger
    leg = ledger.find(event.call_id, event.leg) or told_before(event, site, ledger)
    if leg is None:
        leg = opened(event, facts, site)
        facts.opened = True
        dropped = ledger.open(leg)
        if dropped is not None and dropped.incident:
            facts.dropped = dropped
    else:
        facts.opened = complete(leg, event, facts, site, ledger)
        ledger.touch(leg)
    facts.leg = leg
    answer_or_end(leg, event, facts, state)
    facts.billable = leg.direction in OUTWARD and leg.klass not in INSIDE and bool(leg.klass)
    facts.risky = facts.billable and (leg.abroad or leg.costly)
    if facts.risky:
        facts.block_days = called_days.before(state.memory, leg.block, facts.at)
        leg.familiar = facts.block_days >= FAMILIAR
        facts.country_days = called_days.before(state.memory, leg.country, facts.at)
        facts.watched_days = watched_days.before(state.memory, "", facts.at)
    if state.cases.links:
        suspects(facts, state, facts.extension)
        if facts.suspect_extension:
            facts.came_from = origins(facts.extension, state, site)
    if facts.opened or facts.ended_now:  # what was answered since is seen when the timer of its beginning comes
        state.timers.wake(LEDGER, leg.key, ledger.expires(leg))


def told_before(event: Call, site: Compiled, ledger: Ledger) -> Leg | None:
    """The leg of this event under the name that another transport gave it."""
    if not ledger.has(event.call_id):
        return None
    number = site.plan.read(event.to) if event.to and event.direction in OUTWARD else None
    told = Leg(
        call_id=event.call_id, leg=event.leg or "", started=to_micros(event.started_at or event.at),
        ended=int(event.phase == "ended"), direction=event.direction or "", trunk=event.trunk or "",
        trunk_in=event.trunk_in or "", destination=destination(number) if number is not None else "",
    )  # fmt: skip
    leg = ledger.known_as(told)
    if leg is not None:
        leg.other = event.leg or UNNAMED
    return leg


def opened(event: Call, facts: Facts, site: Compiled) -> Leg:
    """A new leg from its first phase, with its number read and priced."""
    started = to_micros(event.started_at) if event.started_at is not None else facts.at
    leg = Leg(
        call_id=event.call_id, leg=event.leg or "", started=min(started, facts.at), direction=event.direction or "",
        extension=facts.extension, trunk=event.trunk or "", route=event.route or "", channel=event.channel or "",
        source=facts.place.key if facts.place is not None else "", event=event.id, conference=event.via == "conference",
        trunk_in=event.trunk_in or "",
    )  # fmt: skip
    if leg.direction in OUTWARD and event.to:
        number = facts.number = site.plan.read(event.to)
        describe(leg, number, site)
    facts.open_hours = site.is_open(facts.extension, leg.started)
    leg.closed = not facts.open_hours
    return leg


def describe(leg: Leg, number: Number, site: Compiled) -> None:
    """What the number says of the leg."""
    price = site.tariff.price(number)
    leg.destination = destination(number)
    leg.block, leg.country, leg.klass = number.block or "", number.country or "", number.klass
    leg.abroad, leg.costly = number.international, number.klass in COSTLY
    leg.land = land(number) if number.international else ""
    leg.price, leg.increment, leg.priced_by = price.per_minute, price.increment, price.basis


def destination(number: Number) -> str:
    """The number as it is known all over the world, else as it was dialled."""
    return number.e164 or number.dialled[:64]


def land(number: Number) -> str:
    """With what all numbers of its country begin; in North America, where one code is of many, those of its area."""
    if number.country is None:
        return ""
    code = country_code(number.country)
    return f"+{code}" if code != 1 else (number.e164 or "")[:AREA]


def complete(leg: Leg, event: Call, facts: Facts, site: Compiled, ledger: Ledger) -> bool:
    """A later phase knows more than the first; True if only now it is known where the call goes: it begins anew."""
    begins = tells_more(leg, event)
    if begins:
        number = facts.number = site.plan.read(event.to) if event.to else None
        ledger.amend(leg, partial(tell_where, event=event, number=number, site=site))
        facts.open_hours = not leg.closed
    elif leg.up and event.trunk and not leg.trunk:
        ledger.amend(leg, partial(tell_trunk, trunk=event.trunk))
    leg.channel = leg.channel or event.channel or ""
    leg.route = leg.route or event.route or ""
    if not leg.source and facts.place is not None:
        leg.source = facts.place.key
        facts.located = True
    return begins


def tells_more(leg: Leg, event: Call) -> bool:
    """Whether an event of a leg that is up says for the first time where it goes, or who is charged with it."""
    if not leg.up or event.direction not in OUTWARD:
        return False
    return bool(event.to) if not leg.klass else bool(not leg.extension and charged_extension(event))


def tell_where(leg: Leg, event: Call, number: Number | None, site: Compiled) -> None:
    """Direction, party and number of a leg of which only the beginning was known."""
    leg.direction, leg.extension = event.direction or "", charged_extension(event) or leg.extension
    leg.trunk = event.trunk or leg.trunk
    if number is not None and not leg.klass:
        describe(leg, number, site)


def tell_trunk(leg: Leg, trunk: str) -> None:
    """The trunk a call was sent to."""
    leg.trunk = trunk


def answer_or_end(leg: Leg, event: Call, facts: Facts, state: PbxState) -> None:
    """Move the leg to `answered` or `ended`; what ended stays ended."""
    if not leg.up:
        return
    unanswered = not leg.answered
    if event.phase == "answered" and unanswered:
        leg.answered = facts.at
    elif event.phase == "ended":
        answered, talk = talked(event, facts.at)
        leg.answered = answered or leg.answered if talk or event.disposition in {None, "answered"} else 0
        facts.ended_now = True
        state.ledger.end(leg, facts.at)
        leg.talk = talk or (max(0, facts.at - leg.answered) if leg.answered else 0)
    facts.answered_now = unanswered and leg.answered > 0
