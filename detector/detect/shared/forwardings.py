"""Where calls of an extension are forwarded to: by which settings, set by whom, and whether that is usual."""

from collections.abc import Iterator

from detector.contract.events import Config
from detector.enrich.dialling.numbers import COSTLY, Number
from detector.enrich.facts import Facts
from detector.enrich.ledger import Leg
from detector.memory.fields import First, Memory

WORDS = ("forward", "fwd", "follow")
DEEPEST = 4
MOST = 64
approved = First("approved")


def targets(event: Config, facts: Facts) -> list[Number]:
    """The numbers abroad or costly to which a change of an extension forwards its calls from now on."""
    if event.object_ != "extension" or not event.object_id:
        return []
    found = [
        facts.plan.read(text)
        for name, (_, new) in list((event.changes or {}).items())[:MOST]
        if any(word in name.lower() for word in WORDS)
        for text in texts(new, DEEPEST)
    ]
    return [number for number in found if number.international or number.klass in COSTLY][:MOST]


def texts(value: object, deep: int) -> Iterator[str]:
    """Every text in a value of JSON, down to some depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict | list | tuple) and deep:
        for item in list(value.values() if isinstance(value, dict) else value)[:MOST]:
            yield from texts(item, deep - 1)


def approve(memory: Memory, extension: str, number: Number, at: int) -> None:
    """An administrator has set this forwarding."""
    if number.block:
        approved.add(memory, f"{extension}\x1f{number.block}", at)


def set_by_administrator(memory: Memory, extension: str, block: str) -> bool:
    """Whether an administrator let this extension forward to this block of numbers."""
    return approved.since(memory, f"{extension}\x1f{block}") is not None


def is_callers(leg: Leg, memory: Memory) -> bool:
    """Whether a call counts against whoever called, for the extension only sent it on to where it usually does.

    That is at home, for no more than any call costs, or where calls went on earlier days, or an administrator let them
    go. Whoever calls decides how often: otherwise strangers could have the telephone of an office contained.
    """
    if not leg.forwarded:
        return False
    return not (leg.abroad or leg.costly) or leg.familiar or set_by_administrator(memory, leg.extension, leg.block)
