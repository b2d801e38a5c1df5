"""What a PBX tells of what happens there, source by source: rules are judged by what they would be told."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Call, Notice, Registration
from detector.contract.visibility import Teller, Telling, alike, fits, kind_of, visible
from detector.contract.vocabulary import AccessOutcome, Phase, Reason
from detector.detect.catalogue import detectors
from detector.detect.needs import needs_of
from detector.formats.sources import sources

FAILURES = 5
"""So many refusals of one address in a row lock it out on a P-Series, as far as is known."""
LOCKED_OUT = timedelta(minutes=10)
NO_SUCH_NUMBER = "unallocated"
Happening = Callable[[Iterable[AnyEvent]], Iterator[AnyEvent]]


class Seen(Struct, frozen=True):
    """Sources of one PBX taken together, and how such a PBX goes about things; without sources everything is told."""

    name: str
    sources: tuple[str, ...] = ()
    happening: Happening = iter

    @property
    def gives(self) -> list[Telling]:
        """All that they tell."""
        return [telling for name in self.sources for telling in sources()[name].gives]

    def told(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """What is told of these events, in the order in which it comes."""
        return list(self.telling(events))

    def telling(self, events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
        """The same, one by one as they happen."""
        if not self.sources:
            yield from events
            return
        teller = Teller(self.gives)
        yield from (told for event in events if (told := teller.tell(event)) is not None)

    def sighted(self, events: Iterable[AnyEvent]) -> frozenset[str]:
        """The rules that find what they live on in what is told of these events."""
        if not self.sources:
            return frozenset(detectors())
        happened = list(events)
        told = [telling for telling in self.gives if any(tells(telling, event) for event in happened)]
        return frozenset(name for name, rule in detectors().items() if visible(needs_of(rule), told))


def tells(telling: Telling, event: AnyEvent) -> bool:
    """Whether this is how the event is told."""
    return alike(kind_of(event), telling.kind) and all(fits(event, field) for field in telling.only)


def with_lockouts(events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """A P-Series that says whom it locks out, which is all it says of registrations that fail."""
    refused: Counter[str] = Counter()
    locked: dict[str, datetime] = {}
    for event in events:
        yield event
        if not isinstance(event, Registration) or event.source_ip is None:
            continue
        if event.outcome == AccessOutcome.ACCEPTED:
            refused.pop(event.source_ip, None)
        elif event.outcome == AccessOutcome.REJECTED:
            refused[event.source_ip] += 1
        if refused[event.source_ip] >= FAILURES and event.at >= locked.get(event.source_ip, event.at):
            refused.pop(event.source_ip)
            locked[event.source_ip] = event.at + LOCKED_OUT
            yield lockout(event)


def lockout(event: Registration) -> Notice:
    """What it says then."""
    return Notice(
        pbx=event.pbx, id=f"{event.id}/blocked", at=event.at, received_at=event.received_at, level="warning",
        name="extension_registration_blocked", account=event.account, source_ip=event.source_ip,
    )  # fmt: skip


def by_dialplan(events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """An Asterisk: a number that its dialplan does not have makes no channel, and nobody hears of wrong PINs."""
    for event in events:
        if isinstance(event, Call) and event.reason == NO_SUCH_NUMBER:
            if event.phase == Phase.ENDED:
                yield replace(event, trunk=None, channel=None)
        elif isinstance(event, Call) and event.reason == Reason.WRONG_PIN:
            yield replace(event, reason=None)
        else:
            yield event


def by_records(events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """An Asterisk that writes no record of such a number either."""
    return (event for event in by_dialplan(events) if getattr(event, "reason", None) != NO_SUCH_NUMBER)


IDEAL = Seen("everything that happens")
PROFILES = (
    Seen("P-Series by API", ("p-series", "p-series-cdr"), with_lockouts),
    Seen("P-Series by API and AMI", ("p-series", "p-series-cdr", "asterisk-ami"), with_lockouts),
    Seen("Asterisk by AMI", ("asterisk-ami",), by_dialplan),
    Seen("call records only", ("asterisk-cdr",), by_records),
)
"""Of call records those of an Asterisk, which say least: no address and no PIN."""
BY_NAME = {seen.name: seen for seen in (*PROFILES, IDEAL)}
