"""Enrichment of one event: who, where from, whereto, since when, at what price."""

from functools import lru_cache, partial

import phonenumbers

from detector.contract.codec import to_micros
from detector.contract.events import Call, Config, Login, Notice, Registration
from detector.contract.vocabulary import OUTWARD, AccessOutcome, Direction, Disposition, Phase, SubjectKind, Via
from detector.enrich.dialling.numbers import COSTLY, Klass, Number
from detector.enrich.facts import Facts
from detector.enrich.fleet_list import FleetEntries
from detector.enrich.habits import tell_usual
from detector.enrich.ledger import (
    AGAIN,
    FAMILIAR,
    INSIDE,
    Ledger,
    Leg,
    charged_extension,
    is_same_number,
    talked,
)
from detector.enrich.premises import Premises
from detector.memory.fields import Memory
from detector.memory.timers import LEDGER

ANSWERED, ENDED, CONFERENCE, FORWARD = Phase.ANSWERED, Phase.ENDED, Via.CONFERENCE, Via.FORWARD
WAYS = frozenset(Direction)
SPOKEN = frozenset({None, Disposition.ANSWERED})
AREA = len("+1876")
UNNAMED = "-"
country_code = lru_cache(maxsize=512)(phonenumbers.country_code_for_region)


def identify(event: Registration | Login | Notice | Config, facts: Facts, premises: Premises) -> str:
    """Find the source address of what is no call and whose extension it is; returns the account that acts."""
    if event.source_ip:
        facts.place = premises.addresses.look_up(event.source_ip)
    if isinstance(event, Config):
        return event.actor or ""
    if not isinstance(event, Login):
        facts.extension = event.extension or ""
    if isinstance(event, Registration) and not facts.extension and event.outcome == AccessOutcome.ACCEPTED:
        facts.extension = event.account or ""
    return event.account or facts.extension


def consult_fleet(facts: Facts, fleet: FleetEntries) -> None:
    """Whether the source address or the block that is called stands on the fleet list."""
    if facts.place is not None:
        facts.fleet_source = fleet.find(SubjectKind.SOURCE_IP, facts.place.key, facts.at)
    if facts.leg is not None and facts.leg.block:
        facts.fleet_block = fleet.find(SubjectKind.DESTINATION, facts.leg.block, facts.at)


def follow_call(event: Call, facts: Facts, memory: Memory, premises: Premises) -> Leg:
    """Bring the ledger up to date with one phase of a leg, say what it changed, and return the leg."""
    facts.extension = charged_extension(event)
    if event.source_ip:
        facts.place = premises.addresses.look_up(event.source_ip)
    ledger = facts.ledger
    way = way_of(event)
    leg = ledger.find(event.call_id, event.leg) or recognise(event, way, premises, ledger)
    name = event.leg or ""
    if leg is not None and (other := number_elsewhere(leg, event, way, premises)):
        name = name_successor(event, other)
        leg = succeed(leg, ledger.find(event.call_id, name), facts)
    elif leg is not None and not (leg.up or event.to):
        leg = ledger.latest(leg)
    if leg is None:
        leg = open_leg(event, way, facts, premises, name)
        facts.opened = True
        dropped = ledger.open(leg)
        if dropped is not None and dropped.incident and facts.dropped is None:
            facts.dropped = dropped
    else:
        facts.opened = complete(leg, event, facts, premises)
        if leg.extension and leg.direction in OUTWARD:
            facts.extension = leg.extension
        if leg.doubts or facts.timers.doubts:
            weigh(leg, facts.timers.doubts, told_more=facts.opened)
        ledger.touch(leg)
    facts.leg = leg
    answer_or_end(leg, event, facts)
    facts.billable = is_billable(leg)
    facts.risky = facts.billable and (leg.abroad or leg.costly)
    if facts.risky:
        tell_usual(leg, facts, memory)
        leg.familiar = facts.block_days >= FAMILIAR
    if facts.opened or facts.ended_now:  # what was answered since is seen when the timer of its beginning comes
        facts.timers.wake(LEDGER, leg.key, ledger.expires(leg))
    return leg


def number_elsewhere(leg: Leg, event: Call, way: str, premises: Premises) -> str:
    """Another number outside than that of the leg, to which an event sends the call under the same name; or nothing."""
    if not event.to or way not in OUTWARD or leg.direction not in OUTWARD or not leg.destination:
        return ""
    number = number_of(event, premises)
    if number is None or number.klass in INSIDE or over_trunk_after_all(leg, event):
        return ""
    told = destination_of(number)
    return "" if is_same_number(told, leg.destination) else told


def succeed(leg: Leg, successor: Leg | None, facts: Facts) -> Leg | None:
    """The leg that follows one of the same name, if it is known; whoever bears a name has one line at a time."""
    if leg.up and successor is None:
        leg.talk = leg.talked(facts.at)
        facts.ledger.end(leg, facts.at)
        if leg.incident:
            facts.dropped = leg
    return successor


def find_own(event: Call, premises: Premises, ledger: Ledger) -> Leg | None:
    """The leg that an event names and means by its number."""
    leg = ledger.find(event.call_id, event.leg)
    if leg is not None and (other := number_elsewhere(leg, event, way_of(event), premises)):
        return ledger.find(event.call_id, name_successor(event, other))
    return leg


def name_successor(event: Call, destination: str) -> str:
    """Names a leg after its number, too, where that is not the first under its name."""
    return f"{event.leg or ''}{AGAIN}{destination}"


def way_of(event: Call) -> str:
    """From where to where a leg goes; where nobody says so, or by an unknown word, what holds a trunk goes out."""
    if event.direction in WAYS or not event.trunk:
        return event.direction or ""
    return Direction.TRANSIT if event.trunk_in else Direction.OUTBOUND


def number_of(event: Call, premises: Premises) -> Number | None:
    """What was called; over a trunk it is outside, whatever its length."""
    return premises.plan.read(event.to, outside=bool(event.trunk)) if event.to else None


def recognise(event: Call, way: str, premises: Premises, ledger: Ledger) -> Leg | None:
    """The leg of this event under the name that another transport gave it."""
    if not ledger.has(event.call_id):
        return None
    number = number_of(event, premises) if way in OUTWARD else None
    told = Leg(
        call_id=event.call_id, leg=event.leg or "", started=to_micros(event.started_at or event.at),
        ended=int(event.phase == ENDED), direction=way, trunk=event.trunk or "",
        trunk_in=event.trunk_in or "", destination=destination_of(number) if number is not None else "",
    )  # fmt: skip
    leg = ledger.known_as(told)
    if leg is not None:
        leg.other = event.leg or UNNAMED
    return leg


def open_leg(event: Call, way: str, facts: Facts, premises: Premises, name: str) -> Leg:
    """A new leg from its first phase, with its number read and priced."""
    started = to_micros(event.started_at) if event.started_at is not None else facts.at
    leg = Leg(
        call_id=event.call_id, leg=name, started=min(started, facts.at), direction=way,
        extension=facts.extension, trunk=event.trunk or "", channel=event.channel or "",
        source=facts.place.key if facts.place is not None else "", event=event.id, conference=event.via == CONFERENCE,
        trunk_in=event.trunk_in or "", doubts=facts.timers.doubts, forwarded=event.via == FORWARD,
    )  # fmt: skip
    facts.routed = tell_route(leg, event)
    number = number_of(event, premises) if way in OUTWARD else None
    if number is not None:
        facts.number = number
        describe(leg, number, premises)
    facts.open_hours = premises.is_open(facts.extension, leg.started)
    leg.closed = not facts.open_hours
    return leg


def describe(leg: Leg, number: Number, premises: Premises) -> None:
    """What the number says of the leg."""
    price = premises.tariff.price(number)
    leg.destination = destination_of(number)
    leg.block, leg.country, leg.klass = number.block or "", number.country or "", number.klass
    leg.abroad, leg.costly = number.international, number.klass in COSTLY
    leg.land = land_of(number) if number.international else ""
    leg.price, leg.increment, leg.priced_by = price.per_minute, price.increment, price.basis


def destination_of(number: Number) -> str:
    """The number as it is known all over the world, else as it was dialled."""
    return number.e164 or number.dialled[:64]


def land_of(number: Number) -> str:
    """With what all numbers of its country begin; in North America, where one code is of many, those of its area."""
    if number.country is None:
        return ""
    code = country_code(number.country)
    return f"+{code}" if code != 1 else (number.e164 or "")[:AREA]


def complete(leg: Leg, event: Call, facts: Facts, premises: Premises) -> bool:
    """A later phase knows more than the first; True if only now it is known where the call goes: it begins anew."""
    begins = tells_more(leg, event)
    if begins:
        facts.recharged = not leg.up
        number = facts.number = number_of(event, premises)
        facts.ledger.amend(leg, partial(tell_where, event=event, number=number, premises=premises))
        facts.open_hours = not leg.closed
    else:
        tell_trunk(leg, event, facts.ledger)
    leg.channel = leg.channel or event.channel or ""
    facts.routed = tell_route(leg, event)
    if not leg.source and facts.place is not None:
        leg.source = facts.place.key
        facts.located = True
    return begins


def weigh(leg: Leg, doubts: int, *, told_more: bool) -> None:
    """One event more about a leg: what it says of where the call goes is as doubtful as it is, else it vouches."""
    leg.doubts = leg.doubts | doubts if told_more else leg.doubts & doubts


def tells_more(leg: Leg, event: Call) -> bool:
    """Whether an event says for the first time where a leg that is up goes, or who is charged with it.

    Who sent it on is told even after its end: only a call record may know.
    """
    if way_of(event) not in OUTWARD:
        return False
    sender = event.on_behalf_of
    if sender and leg.klass and sender != leg.extension:
        return True
    if not leg.up:
        return False
    if not leg.klass or over_trunk_after_all(leg, event):
        return bool(event.to)
    return bool(not leg.extension and event.extension)


def over_trunk_after_all(leg: Leg, event: Call) -> bool:
    """Whether what looked like one of our own numbers was sent out over a trunk."""
    return leg.klass == Klass.INTERNAL and event.trunk is not None and not leg.trunk


def tell_where(leg: Leg, event: Call, number: Number | None, premises: Premises) -> None:
    """Direction, party and number of a leg of which only the beginning was known."""
    anew = not leg.klass or over_trunk_after_all(leg, event)
    leg.direction, leg.extension = way_of(event), charged_extension(event) or leg.extension
    leg.trunk = event.trunk or leg.trunk
    leg.forwarded = leg.forwarded or event.via == FORWARD
    if number is not None and anew:
        describe(leg, number, premises)


def is_billable(leg: Leg) -> bool:
    """Whether it goes out, and is neither internal nor an emergency."""
    return leg.direction in OUTWARD and leg.klass not in INSIDE and bool(leg.klass)


def tell_route(leg: Leg, event: Call) -> bool:
    """Take the route of an event, or those it may have gone by; True where that is news."""
    if leg.route or not (event.route or event.possible_routes):
        return False
    news = bool(event.route) or not leg.possible_routes
    leg.route = event.route or ""
    leg.possible_routes = () if event.route else leg.possible_routes or event.possible_routes
    return news


def tell_trunk(leg: Leg, event: Call, ledger: Ledger) -> None:
    """The trunk a call was sent to, where it became known only after the call began."""
    if leg.up and event.trunk and not leg.trunk:
        ledger.amend(leg, partial(take_trunk, trunk=event.trunk))


def take_trunk(leg: Leg, trunk: str) -> None:
    """From now on the leg holds this trunk."""
    leg.trunk = trunk


def answer_or_end(leg: Leg, event: Call, facts: Facts) -> None:
    """Move the leg to `answered` or `ended`; what ended stays ended."""
    if not leg.up:
        return
    unanswered = not leg.answered
    if event.phase == ANSWERED and unanswered:
        leg.answered = facts.at
    elif event.phase == ENDED:
        answered, talk = talked(event, facts.at)
        leg.answered = answered or leg.answered if talk or event.disposition in SPOKEN else 0
        facts.ended_now = True
        facts.ledger.end(leg, facts.at)
        leg.talk = talk or (max(0, facts.at - leg.answered) if leg.answered else 0)
    facts.answered_now = unanswered and leg.answered > 0
