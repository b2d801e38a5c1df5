"""Tells the log when a source of a PBX falls silent or is no longer understood, and when that is over."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from detector.contract.codec import from_micros
from detector.contract.events import Notice
from detector.contract.vocabulary import Level, SourceNotice
from detector.detect.rules.pbx_silent import PbxSilent
from detector.detect.rules.pbx_unread import PbxUnread
from detector.settings import Policies
from streams.runtime.clock import micros_now
from streams.runtime.ingest import Delivery, Ingest, SourceStatus

EVERY = 10.0
GRACE_MICROS = 60_000_000
"""For so long what a poll has found may still be pushed to us."""


class WatchedSource(Struct):
    """What was last known of a source, and told of it since this process has it: None, if nothing was.

    `recent` are how many messages were understood and how many were not, look by look, the last ones.
    """

    began: int
    recent: deque[tuple[int, int]]
    counted: tuple[int, int] = (0, 0)
    silent: bool | None = None
    unread: bool | None = None


class SourceWatch:
    """Looks at what sources say of themselves. `statuses` are those that this process has, the same objects each time.

    Whatever a process does not know of the time before it, it tells once, so that what another one had begun to tell
    has an end; a rule makes one finding of what is told again.
    """

    def __init__(
        self,
        ingest: Ingest,
        policies: Policies,
        statuses: Callable[[], Iterable[SourceStatus]],
        *,
        now: Callable[[], int] = micros_now,
    ) -> None:
        self._ingest = ingest
        self._policies = policies
        self._statuses = statuses
        self._now = now
        self._watched: dict[tuple[str, str], WatchedSource] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            for notice in self.look():
                source = SourceStatus(notice.source or "", notice.pbx)
                await Delivery(self._ingest, source).hand_over([notice])

    def look(self) -> list[Notice]:
        """What there is to tell now."""
        now, statuses = self._now(), list(self._statuses())
        for gone in self._watched.keys() - {(one.pbx, one.name) for one in statuses}:
            del self._watched[gone]
        return [notice for one in statuses for notice in self._judge(one, statuses, now)]

    def _judge(self, status: SourceStatus, statuses: Sequence[SourceStatus], now: int) -> Iterator[Notice]:
        whose = (status.pbx, status.name)
        watched = self._watched.setdefault(whose, WatchedSource(began=now, recent=deque()))
        silent = self._silence(status, watched, statuses, now)
        if silent is not None and silent is not watched.silent:
            watched.silent = silent
            if silent:
                level = Level.WARNING if self._heard_otherwise(status, statuses, now) else Level.ALERT
                yield notice_of(status, SourceNotice.SILENT, now, since(status, watched), level)
            else:
                yield notice_of(status, SourceNotice.HEARD, now, None)
        unread = self._misunderstood(status, watched)
        if unread is not None and unread is not watched.unread:
            watched.unread = unread
            told = share(watched, status) if unread else None
            name = SourceNotice.UNREAD if unread else SourceNotice.UNDERSTOOD
            yield notice_of(status, name, now, told, Level.WARNING if unread else Level.INFORMATION)

    def _silence(
        self, status: SourceStatus, watched: WatchedSource, statuses: Sequence[SourceStatus], now: int
    ) -> bool | None:
        """Whether it is silent; None for one of which nothing was heard yet, which has still time."""
        limit = self._limit(status.pbx)
        heard = max(status.heard_at or 0, watched.began)
        if status.pushed:
            silent = any(
                one.pbx == status.pbx and not one.pushed and one.last_event_at is not None
                and heard + limit <= one.last_event_at <= now - GRACE_MICROS
                for one in statuses
            )  # fmt: skip
        else:
            silent = now - heard >= limit
        if silent:
            return True
        return False if heard > watched.began else None

    def _heard_otherwise(self, status: SourceStatus, statuses: Sequence[SourceStatus], now: int) -> bool:
        """Whether another source of the PBX showed a sign of life lately: one outage silences them one by one."""
        lately = now - self._limit(status.pbx) // 2
        return any(
            one.pbx == status.pbx and one.name != status.name and (one.heard_at or 0) > lately for one in statuses
        )

    def _limit(self, pbx: str) -> int:
        limits = self._policies.of(pbx).rule(PbxSilent.id).limits
        assert isinstance(limits, PbxSilent.Limits)
        return round(limits.limit * 1_000_000)

    def _misunderstood(self, status: SourceStatus, watched: WatchedSource) -> bool | None:
        """Whether too much of it is not understood; None where that cannot be said, or is neither so nor over."""
        limits = self._policies.of(status.pbx).rule(PbxUnread.id).limits
        assert isinstance(limits, PbxUnread.Limits)
        count(status, watched, limits.messages)
        good, bad = totals(watched)
        if bad >= limits.least and bad >= limits.share * (good + bad):
            return True
        return False if good + bad >= limits.messages and bad < limits.share / 2 * (good + bad) else None


def count(status: SourceStatus, watched: WatchedSource, messages: int) -> None:
    """Add what has come since the last look, and forget what lies before the last `messages`."""
    counted = (status.events, status.unread + status.rejected)
    new = (counted[0] - watched.counted[0], counted[1] - watched.counted[1])
    watched.counted = counted
    if min(new) < 0:  # it was begun anew
        new = counted
    if any(new):
        watched.recent.append(new)
    while len(watched.recent) > 1 and sum(totals(watched)) - sum(watched.recent[0]) >= messages:
        watched.recent.popleft()


def totals(watched: WatchedSource) -> tuple[int, int]:
    """Understood and not, of the last messages."""
    return sum(good for good, _ in watched.recent), sum(bad for _, bad in watched.recent)


def share(watched: WatchedSource, status: SourceStatus) -> str:
    """How much is not understood, and why the last of it was not."""
    good, bad = totals(watched)
    return f"{bad} of the last {good + bad} messages, the last one: {status.unread_reason}"


def since(status: SourceStatus, watched: WatchedSource) -> str:
    """When it was last heard, and what is known of why."""
    why = f": {status.problem}" if status.problem else ""
    if status.heard_at is None:
        began = f"{from_micros(watched.began):%Y-%m-%d %H:%M:%S} UTC"
        return f"not heard since {began}, when this process began to listen{why}"
    return f"last heard {from_micros(status.heard_at):%Y-%m-%d %H:%M:%S} UTC{why}"


def notice_of(
    status: SourceStatus, name: SourceNotice, now: int, text: str | None, level: Level = Level.INFORMATION
) -> Notice:
    """What the log is told; given to it again, it has the same id."""
    at = from_micros(now)
    return Notice(
        pbx=status.pbx, id=f"source:{status.name}:{name}:{now}", at=at, received_at=at, source=status.name, name=name,
        level=level, text=text,
    )  # fmt: skip
