"""One attempt that two sources of a PBX tell of is one event: the second one only adds what the first did not know."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from detector.contract.codec import Rejected
from detector.contract.events import MAX_COUNT, AnyEvent, Call, Registration
from detector.formats.bounded import keep
from streams.runtime.ingest import Ingest

AT_ONCE = timedelta(seconds=3)
"""Clocks of a PBX and of what captures its SIP differ by less, or one of them is wrong."""
MAX_WAITING = 16_384
MAX_KNOWN = 16_384

MeetingKey = tuple[str, str, str]


class _Told(Struct, gc=False):
    """What one source has told, and nobody else yet."""

    event: Registration | Call
    source: str
    what: str


class Encounters:
    """The beginning of the log for PBXs with several sources (`pbxs`); one event meets at most one other.

    They meet by outcome, address and account, or by the number that a stranger tried, within three seconds: what was
    told once has been told, so ten attempts in a second stay ten. What is put again, or revised, keeps what it became.
    """

    def __init__(self, ingest: Ingest, pbxs: Collection[str]) -> None:
        self._ingest = ingest
        self._pbxs = frozenset(pbxs)
        self._waiting: OrderedDict[MeetingKey, list[_Told]] = OrderedDict()
        self._known: OrderedDict[tuple[str, str, str], tuple[str, int]] = OrderedDict()

    async def put(self, events: Sequence[AnyEvent]) -> None:
        """As the log does it."""
        await self._ingest.put([self._met(event) for event in events] if self._pbxs else events)

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        """As the log does it."""
        await self._ingest.reject(rejected, source, pbx)

    def _met(self, event: AnyEvent) -> AnyEvent:
        key = _key(event) if event.pbx in self._pbxs else None
        if key is None or not isinstance(event, Registration | Call):
            return event
        mark = (event.pbx, event.source or "", event.id)
        known = self._known.get(mark)
        if known is None:
            known = self._meet(key, event)
            keep(self._known, mark, known, MAX_KNOWN)
        return structs.replace(event, id=known[0], revision=min(known[1] + event.revision, MAX_COUNT))

    def _meet(self, key: MeetingKey, event: Registration | Call) -> tuple[str, int]:
        """The id that the event has from now on, and the revision that its first one is."""
        waiting = self._waiting.setdefault(key, [])
        self._waiting.move_to_end(key)
        what = _what(event)
        _forget(waiting, event.at)
        for told in waiting:
            if told.source != event.source and (not what or not told.what or told.what == what):
                waiting.remove(told)
                return told.event.id, told.event.revision + 1
        waiting.append(_Told(event, event.source or "", what))
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
        return event.id, 0


def _key(event: AnyEvent) -> MeetingKey | None:
    if isinstance(event, Registration) and event.source_ip is not None:
        return (event.pbx, event.outcome, event.source_ip)
    if isinstance(event, Call) and event.direction is None and event.phase == "ended" and event.source_ip is not None:
        return (event.pbx, "call", event.source_ip)
    return None


def _what(event: Registration | Call) -> str:
    """What both know alike, or one of them not at all."""
    return (event.account if isinstance(event, Registration) else event.to) or ""


def _forget(waiting: list[_Told], now: datetime) -> None:
    waiting[:] = [told for told in waiting if abs(now - told.event.at) <= AT_ONCE]
