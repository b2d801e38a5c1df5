"""Calls from abroad that ring once and hang up, for the rules that count them and those that see the calls back."""

from detector.contract.codec import to_micros
from detector.contract.events import Call
from detector.contract.vocabulary import Reason
from detector.enrich.dialling.numbers import Number
from detector.enrich.facts import Facts


def one_ring(event: Call, facts: Facts, longest: int) -> Number | None:
    """The number abroad that called and hung up within `longest` microseconds; None for any other call."""
    leg = facts.leg
    if leg is None or not (facts.inbound and facts.ended_now) or leg.answered or not event.from_:
        return None
    if event.reason == Reason.WRONG_PIN:  # it was dialled in with, and rang nobody
        return None
    rang = facts.at - (to_micros(event.started_at) if event.started_at is not None else leg.started)
    if event.duration is not None:
        rang = round(event.duration * 1_000_000)
    if rang > longest:
        return None
    number = facts.plan.read(event.from_)
    return number if number.international and number.e164 is not None else None
