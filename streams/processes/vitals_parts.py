"""What processes have in common, as metrics: engines, checkpoints, journal and sources."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.metrics_core import Metric

from streams.observe.delays import CHECKPOINT
from streams.observe.families import counter, counters, gauge, gauges
from streams.runtime.clock import micros_now
from streams.runtime.ingest import SourceStatus
from streams.runtime.list_status import ListStatus
from streams.store.checkpoints import SqlCheckpoints
from streams.store.journal.journal import Journal
from streams.store.journal.journal_tally import JournalTally
from streams.store.store_errors import UnavailableError

JOURNAL_WITHIN = 2.0
ODD = {
    "duplicate": "Events that came again and changed nothing.",
    "late": "Events more than a minute behind the newest of their PBX.",
    "lists_missing": "Times the log named block lists that are not kept any more: others were used.",
    "ahead": "Events whose clock was more than a minute ahead, set back to when they were received.",
}
DEAD_LETTERS = "Records that nobody can use and that went to the dead letters."


def engine_metrics(counts: Mapping[str, int], errors: Mapping[str, int], found: Mapping[str, int]) -> Iterator[Metric]:
    """What engines counted, errors by rule, and findings by type."""
    yield counter("events", "Events the engine has processed.", counts.get("read", 0))
    for name, text in ODD.items():
        yield counter(f"{name}_events", text, counts.get(name, 0))
    yield counters("findings", "Findings, each revision of one counted.", "type", dict(found))
    yield counters("detector_errors", "Errors inside a rule: it may have missed something.", "rule", dict(errors))


def dead_letters(count: int) -> Metric:
    """Of this process."""
    return counter("dead_letters", DEAD_LETTERS, count)


def checkpoint_metrics(checkpoints: SqlCheckpoints, age: float) -> Iterator[Metric]:
    """How much was saved, and when last, in seconds."""
    yield gauge("checkpoint_age_seconds", "Since all memory was last known to be saved.", age)
    yield counter("checkpoint_bytes", "Bytes of pages written by checkpoints.", checkpoints.bytes_written)
    yield from CHECKPOINT.collect()
    yield counter("checkpoint_pages", "Pages written by checkpoints.", checkpoints.pages_written)


def journal_up(up: bool) -> Metric:
    """Whether the database of the journal can be used."""
    return gauge("journal_up", "1 if the database under `journal` could be used the last time.", up)


def source_metrics(statuses: Iterable[SourceStatus]) -> Iterator[Metric]:
    """How the connections to PBXs are."""
    known = {(one.pbx, one.name): one for one in statuses}
    labels = ("pbx", "source")
    yield gauges("source_connected", "1 if this source of the PBX is connected.", labels,
                 {of: one.connected for of, one in known.items()})  # fmt: skip
    yield counters("source_events", "Events from this source.", labels, {of: one.events for of, one in known.items()})
    yield counters("source_rejected", "Records of this source that could not be read.", labels,
                   {of: one.rejected for of, one in known.items()})  # fmt: skip
    yield counters("source_unread", "Messages of this source that were not understood.", labels,
                   {of: one.unread for of, one in known.items()})  # fmt: skip


def list_metrics(lists: Iterable[ListStatus]) -> Iterator[Metric]:
    """Block lists and host names: how old, how many addresses, what is refused."""
    known = {one.name: one for one in lists}
    yield gauges("list_entries", "Addresses and ranges of this list that are used.", "list",
                 {name: one.entries for name, one in known.items()})  # fmt: skip
    yield gauges("list_refused", "Lines of this list that are not used, by why.", ("list", "why"),
                 {(name, why): count for name, one in known.items() for why, count in one.refused.items()})  # fmt: skip
    yield gauges("list_age_seconds", "Since this list was made, or last said to be what it is.", "list",
                 {name: (micros_now() - one.at) / 1e6 for name, one in known.items() if one.at})  # fmt: skip
    yield gauges("list_failing", "1 if this list cannot be renewed, and stays what it was.", "list",
                 {name: one.problem is not None for name, one in known.items()})  # fmt: skip


def archive_up(available: bool) -> Metric:
    """The archive, where there is one."""
    return gauge("archive_up", "0 if the archive could not be used the last time.", available)


class JournalMetrics:
    """Asks the journal, one question at a time: a database that is away holds up no scrape and collects no threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._asking: asyncio.Task[JournalTally] | None = None

    async def metrics(self) -> list[Metric]:
        """What stands in it; only that it is away where it does not answer at once."""
        if self._asking is None:
            self._asking = asyncio.create_task(asyncio.to_thread(self._journal.tallies.count))
        await asyncio.wait([self._asking], timeout=JOURNAL_WITHIN)
        if not self._asking.done():
            return [journal_up(False)]
        asked, self._asking = self._asking, None
        try:
            tally = asked.result()
        except UnavailableError:
            return [journal_up(False)]
        return [
            journal_up(True),
            gauges("incidents", "Incidents in the journal.", "status", tally.incidents),
            gauges("actions", "Actions in the journal.", ("kind", "state"), tally.actions),
            gauges("notifications", "Messages to people in the journal.", "state", tally.notifications),
        ]
