"""`ringfence serve`: console, webhook receiver and feed of the Kafka runtime; it knows no secret of a PBX's API."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.installation import Installation, core_settings
from streams.config.kafka_settings import Kafka
from streams.console import ProcessStatus, first_user
from streams.containment.enforcers.feed import feed_of
from streams.containment.feed_watch import FeedWatch
from streams.containment.left_overs import LeftOvers
from streams.containment.orders import Orders
from streams.kafka.read.backlog import Backlog
from streams.kafka.write.producer import KafkaIngest
from streams.lists.watched import WatchedLists
from streams.observe.observer import Observer
from streams.pbxs.makes import webhook_of
from streams.pbxs.pbx import KeyedHash, TimeFormats, WebhookSource
from streams.pbxs.pbx_status import PbxStatus, copied
from streams.pbxs.reports import GATEWAY, Reports
from streams.pbxs.source_watch import SourceWatch
from streams.pbxs.webhook_seen import SqliteSeen
from streams.processes.listeners import Listeners, console_listener, outside_listener
from streams.processes.supervise import Ready, ended, start, until_stopped
from streams.processes.vitals_cluster import ClusterVitals, backlog_metrics
from streams.runtime.ingest import SourceStatus
from streams.store.journal.journal import Journal
from streams.store.keys import shared_vault
from streams.store.list_copies import ListCopies
from streams.store.migrate import migrate, opened

AWAY = "Kafka takes nothing right now. Events and orders wait on disk."


class Serve:
    """Everything `ringfence serve` does. Build it, then `run` it; `name` tells those of one data folder apart.

    Without the broker webhooks wait on disk, without the journal the console says that it cannot be read; either way
    the rest goes on. Raises `SpoolError` when another process has the name, OSError for an address in use.
    """

    def __init__(self, settings: Installation, kafka: Kafka, database: str, name: str) -> None:
        self.settings = settings
        key = shared_vault(settings.data)
        self._policies = Policies(core_settings(settings), catalogue())
        self._database = opened(database, "journal")
        migrate(self._database, "stream")
        self._backlog = Backlog(kafka, self._database)
        self._lists = WatchedLists(settings.block_lists, ListCopies(self._database))
        self._journal = Journal(self._database)
        self._ingest = KafkaIngest(kafka, key, settings.data / "spool" / name)
        self._webhooks = self._receivers(partial(key.keyed_hash, "pin"))
        watched = [pbx.id for pbx in settings.pbxs if pbx.connection is not None]
        self._gateways = {pbx: SourceStatus(GATEWAY, pbx) for pbx in watched}
        self._reports = Reports(self._journal, watched, self._heard)
        self._feed = feed_of(settings, self._journal)
        self._feed_watch = FeedWatch(self._feed, self._journal, self._ingest, lambda: ())  # gateways tell the log
        self._left_overs = LeftOvers(self._journal, settings)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End `run` in good order."""
        self._stop.set()

    async def run(self, ready: Callable[[Ready], None]) -> None:
        """Work until `stop`. Raises what went wrong beyond repair; whoever supervises starts us again."""
        try:
            async with self._ingest:
                backlog = partial(backlog_metrics, self._backlog)
                vitals = ClusterVitals(self._journal, self._ingest, self._sources, backlog, self._ailments)
                seen = SqliteSeen(self.settings.data / "webhook.db")
                try:
                    with Observer(self.settings.metrics, "serve", vitals):
                        await self._work(seen, ready)
                finally:
                    seen.close()
        finally:
            self._database.dispose()

    async def _work(self, seen: SqliteSeen, ready: Callable[[Ready], None]) -> None:
        settings, journal = self.settings, self._journal
        orders = Orders(journal, self._ingest.put_control, lambda: None)  # gateways look for what was ordered
        console = console_listener(settings, self._policies, journal, orders, self.status, self._reports.of)
        outside = outside_listener(settings, self._webhooks, self._ingest, seen, self._feed)
        listeners = Listeners(console, outside)
        password = await asyncio.to_thread(first_user, journal)
        await self._reports.refresh()  # the first webhook is read by the PBX's own clock
        servers = listeners.start()
        others = start({
            "source watch": SourceWatch(self._ingest, self._policies, self._watched).run(),
            "reports": self._reports.run(), "ingest": self._ingest.watch(), "backlog": self._backlog.run(),
            "lists": self._lists.run(), "feed watch": self._feed_watch.run(),
            "left-overs": self._left_overs.run(),
        })  # fmt: skip
        ready(listeners.ready(password))
        try:
            await until_stopped(self._stop, [*servers, *others])
        finally:
            listeners.leave()
            await ended(others, cancel=True)
            await ended(servers)

    def _receivers(self, keyed_hash: KeyedHash) -> dict[str, WebhookSource]:
        found = {pbx.id: webhook_of(pbx, self._policies.of(pbx.id), keyed_hash) for pbx in self.settings.pbxs}
        return {name: webhook for name, webhook in found.items() if webhook is not None}

    def _sources(self) -> list[SourceStatus]:
        return [webhook.status for webhook in self._webhooks.values()]

    def _watched(self) -> list[SourceStatus]:
        """Whether any gateway tells of a PBX, and whether what webhooks bring is understood.

        Whether they bring all of it is not known here: another `serve` may have the rest.
        """
        return [*self._gateways.values(), *self._sources()]

    def _ailments(self) -> Iterator[str]:
        if not self._ingest.connected:
            yield AWAY
        yield from self._feed_watch.missing

    def _heard(self, pbx: str, report: PbxStatus) -> None:
        """A gateway tells of a PBX, and of its own way of showing times, which it asks it for."""
        self._gateways[pbx].heard_at = report.at
        webhook = self._webhooks.get(pbx)
        if webhook is not None and report.date_format and report.time_format:
            webhook.show_times(TimeFormats(report.date_format, report.time_format))

    def status(self) -> ProcessStatus:
        """How everything is doing, as far as it is known here: of workers only whether any is at work."""
        pbxs, own = self._reports.summary, self._sources()
        away = self._ingest.behind or not self._ingest.connected
        problems = [*([AWAY] if away else []), *self._feed_watch.missing, *self._left_overs.problems]
        if self._backlog.problem is not None:
            problems.append(self._backlog.problem)
        return ProcessStatus(
            sources=pbxs.sources + copied(own),
            events=pbxs.events + sum(hook.events for hook in own), findings=None, detector_errors=None,
            dead_letters=pbxs.rejected + self._ingest.dead_letters, problems=tuple(problems),
            lists=self._lists.statuses,
        )  # fmt: skip
