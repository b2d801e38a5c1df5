"""The service on one machine: sources, embedded runtime, executor, notifier, console, in one process."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from detector.contract.codec import from_micros
from detector.contract.events import Control
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.dangers.risks import is_fresh, open_risks
from streams.config.installation import Installation, core_settings
from streams.console.logins import first_user
from streams.console.ports import ProcessStatus
from streams.containment.acting import everywhere_by
from streams.containment.enforcers.enforcer import enforcers_of
from streams.containment.enforcers.feed import feed_of, is_enforcer
from streams.containment.executor import Executor
from streams.containment.feed_watch import FeedWatch
from streams.containment.left_overs import LeftOvers
from streams.containment.orders import Orders
from streams.containment.outcome import Outcome
from streams.containment.restraint import Restraint
from streams.containment.weighing import Weighing
from streams.lists.list_keeper import ListKeeper
from streams.notify.disk_alarm import DiskAlarm
from streams.notify.notifier import Notifier
from streams.notify.sender import channels_of
from streams.observe.observer import Observer
from streams.pbxs.connected import Connected
from streams.pbxs.guarding.guard_memory import JournalMemory
from streams.pbxs.held import HeldPbxs
from streams.pbxs.login_memory import in_file
from streams.pbxs.pbx_status import PbxStatus, copied
from streams.pbxs.source_watch import SourceWatch
from streams.pbxs.webhook_seen import SqliteSeen
from streams.processes.brake_watch import BrakeWatch
from streams.processes.data_folder import journal_url
from streams.processes.listeners import Listeners, console_listener, outside_listener
from streams.processes.supervise import Ready, ended, start, until_stopped
from streams.processes.upkeep import bounds_of, repeat_of, retention, settings_event
from streams.processes.vitals_run import RunVitals
from streams.runtime.embedded import Embedded
from streams.runtime.garbage import spare
from streams.runtime.ingest import SourceStatus
from streams.runtime.partition import Partition
from streams.runtime.tables import first_lists, tables
from streams.sources.encounters import Encounters
from streams.sources.file_source import FileSource
from streams.sources.followed import follow, receive
from streams.sources.hep_receivers import HepReceivers
from streams.store.archived import Archived
from streams.store.checkpoints import SqlCheckpoints
from streams.store.journal.journal import Journal
from streams.store.keys import KEY_FILE
from streams.store.list_copies import ListCopies
from streams.store.migrate import opened
from streams.store.stream import StreamStore
from streams.store.vault import Vault

if TYPE_CHECKING:
    from streams.archive.keeper import Keeper

OWNER = "run"

log = structlog.get_logger()


class Service:
    """Everything `ringfence run` does. Build it, then `run` it."""

    def __init__(self, settings: Installation) -> None:
        self.settings = settings
        core, data = core_settings(settings), settings.data
        self._risks = open_risks(settings, fresh=is_fresh(settings, KEY_FILE))
        self.vault = Vault(data / KEY_FILE)
        self._stream_database = opened(f"sqlite:///{data.absolute()}/stream.db", "stream")
        self._journal_database = opened(journal_url(settings), "journal")
        self.journal = Journal(self._journal_database)
        self.policies = Policies(core, catalogue())
        copies = ListCopies(self._stream_database)
        lists = first_lists(settings, copies)
        known = tables(settings, copies, lists)
        self.lists = ListKeeper(settings, self.policies, known, lists, copies)
        checkpoints = SqlCheckpoints(self._stream_database)
        worker = Partition(core, known, checkpoints)
        store = StreamStore(self._stream_database)
        self.runtime = Embedded(worker, store, self.journal)
        self._keeper = self._archived(store)
        self._seen = SqliteSeen(data / "webhook.db")
        enforcers = enforcers_of(settings, self.journal)
        self.feed = feed_of(settings, self.journal, enforcers)
        self._feed_watch = FeedWatch(self.feed, self.journal, self.runtime, lambda: self.pbxs.hands)
        self._left_overs = LeftOvers(self.journal, settings, self.runtime)
        both = {pbx.id for pbx in settings.pbxs if pbx.hep is not None and pbx.connection is not None}
        ingest = Encounters(self.runtime, both)
        self._hep = HepReceivers(settings, self.policies, ingest, partial(self.vault.keyed_hash, "pin"))
        self.pbxs = HeldPbxs(self.policies, self.vault, ingest, everywhere_by(enforcers), JournalMemory(self.journal))
        self._vitals = RunVitals(self.runtime, checkpoints, self.journal, self._sources, self._archive_up,
                                 lambda: self.lists.statuses, lambda: self._feed_watch.missing)  # fmt: skip
        self._followed: dict[str, list[FileSource]] = {}
        self._syslog, self._inboxes = receive(
            settings, self.policies, partial(self.vault.keyed_hash, "pin"), self.runtime
        )  # fmt: skip
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End `run` in good order."""
        self._stop.set()

    async def run(self, ready: Callable[[Ready], None]) -> None:
        """Work until `stop`. Raises what went wrong beyond repair; whoever supervises starts us again."""
        try:
            await self.runtime.recover()
            spare()
            with Observer(self.settings.metrics, "run", self._vitals):
                await self._work(ready)
        finally:
            await self.close()

    async def close(self) -> None:
        """A last checkpoint, and every file closed."""
        await self.runtime.close()
        self._seen.close()
        self._stream_database.dispose()
        self._journal_database.dispose()

    async def _work(self, ready: Callable[[Ready], None]) -> None:
        self._connect()
        weighing = Weighing(self.journal, bounds_of(self.settings), self.pbxs.blast, self.pbxs.hands.keys)
        executor = Executor(
            self.journal, self.pbxs.hands, self.vault, self.pbxs.facts, self._announce, owner=OWNER,
            restraint=Restraint(self.journal, self.settings.ceilings.actions), weighing=weighing,
        )  # fmt: skip
        orders = Orders(self.journal, self.runtime.put_control, executor.wake)
        console = console_listener(self.settings, self.policies, self.journal, orders, self.status, self._known)
        webhooks = {
            name: pbx.sources.webhook for name, pbx in self.pbxs.connected.items() if pbx.sources.webhook is not None
        }
        outside = outside_listener(self.settings, webhooks, self.runtime, self._seen, self.feed)
        listeners = Listeners(console, outside)
        channels = channels_of(self.settings, self.pbxs.connection)
        notifier = Notifier(
            self.journal, channels, owner=OWNER, console_url=listeners.console_url, repeat=repeat_of(self.settings),
        )  # fmt: skip
        password = await asyncio.to_thread(first_user, self.journal)
        runtime = start({"runtime": self.runtime.run()})
        await self.runtime.put_control([self.settings_event()])
        workers = start({"executor": executor.run(self._stop), "notifier": notifier.run(self._stop)})
        servers = listeners.start()
        others = start({
            **{f"sources of {name}": pbx.listen() for name, pbx in self.pbxs.connected.items()},
            **{f"{one.status.name} of {name}": one.run() for name, files in self._followed.items() for one in files},
            "wake": self._wake_on_delivery(executor, notifier), "left-overs": self._left_overs.run(),
            "alarm": DiskAlarm(channels, lambda: self.runtime.problem).run(),
            "source watch": SourceWatch(self.runtime, self.policies, self._sources).run(),
            "weighing": weighing.run(),
            "brakes": BrakeWatch(self.journal, orders, channels, OWNER).run(),
            "retention": retention(self.journal, self.settings, self.policies),
        })  # fmt: skip
        if self.settings.syslog.listening:
            others += start({
                "syslog": self._syslog.run(),
                **{f"syslog of {inbox.status.pbx}": inbox.run() for inbox in self._inboxes},
            })  # fmt: skip
        if is_enforcer(self.settings):
            others += start({"feed watch": self._feed_watch.run()})
        if self._hep.ports:
            others += start({"HEP": self._hep.run()})
        if self.lists.needed:
            others += start({"lists": self.lists.run(self.runtime.put_control)})
        if self._keeper is not None:
            from streams.archive.tidying import kept_by, tidy

            others += start({
                "archive": self._keeper.run(), "archive tidy": tidy(self._keeper.archive, kept_by(self.policies)),
            })  # fmt: skip
        for risk in self._risks:
            log.warning("dangerous setting", risk=risk.name, problem=str(risk))
        ready(listeners.ready(password))
        try:
            await until_stopped(self._stop, [*runtime, *workers, *servers, *others])
        finally:
            self._stop.set()
            listeners.leave()
            await ended(others, cancel=True)
            await ended([*workers, *servers])  # what has begun is finished while the PBXs are still to be had
            closing = start({f"close {name}": pbx.close() for name, pbx in self.pbxs.connected.items()})
            await asyncio.gather(ended(closing), ended(runtime, cancel=True))

    # --- what the parts need of each other

    def _archived(self, store: StreamStore) -> "Keeper | None":
        """What copies the log into the archive, if there is one; from now on the log is cut only behind it."""
        url = self.settings.archive.url
        if url is None:
            return None
        from streams.archive.keeper import Keeper  # late: pyarrow takes a while, and most services have no archive
        from streams.archive.store import Archive

        archived = Archived(self._stream_database)
        self.runtime.archived = lambda: archived.offset
        return Keeper(Archive(url), store, archived, self.settings.archive.every)

    def _archive_up(self) -> bool:
        return self._keeper is None or self._keeper.available

    def _connect(self) -> None:
        for pbx in self.settings.pbxs:
            engine = self.runtime.partition.engine
            heard = engine.event_time(pbx.id)
            since = from_micros(heard) if heard is not None else None
            memory = partial(in_file, self.settings.data / "logins" / pbx.id, self.vault)
            self.pbxs.open(pbx, memory, since=since, up=engine.legs_of(pbx.id))
            keyed_hash = partial(self.vault.keyed_hash, "pin")
            self._followed[pbx.id] = follow(pbx, self.policies.of(pbx.id), keyed_hash, self.runtime)

    def settings_event(self) -> Control:
        """The settings in force, for the log."""
        return settings_event(self.settings, self.lists.digests, self._stream_database)

    async def _announce(self, outcomes: Sequence[Outcome]) -> None:
        await self.runtime.put_control([outcome.event for outcome in outcomes])

    async def _wake_on_delivery(self, executor: Executor, notifier: Notifier) -> None:
        while True:
            await self.runtime.delivered.wait()
            self.runtime.delivered.clear()
            executor.wake()
            notifier.wake()

    def _sources(self) -> list[SourceStatus]:
        connected = [one for pbx in self.pbxs.connected.values() for one in all_sources(pbx)]
        followed = (one.status for files in self._followed.values() for one in files)
        return [*connected, *followed, *(inbox.status for inbox in self._inboxes), *self._hep.statuses()]

    def _known(self, pbx: str) -> PbxStatus | None:
        connected = self.pbxs.connected.get(pbx)
        return connected.status() if connected is not None else None

    def status(self) -> ProcessStatus:
        """How everything is doing."""
        engine = self.runtime.partition.engine
        return ProcessStatus(
            sources=copied(self._sources()),
            events=engine.counts["read"], findings=self.runtime.findings, dead_letters=self.runtime.dead_letters,
            detector_errors=sum(engine.errors.values()), calls_up=engine.calls_up(),
            checkpoint_age=time.monotonic() - self.runtime.checkpoint_at, lists=self.lists.statuses,
            problems=tuple(filter(None, (
                self.runtime.problem, self._syslog.problem, *(str(risk) for risk in self._risks),
                *self._feed_watch.missing, *self._left_overs.problems,
            ))),
        )  # fmt: skip


def all_sources(pbx: Connected) -> list[SourceStatus]:
    """How its sources are doing, the webhook included, which its gateway does not have."""
    webhook = pbx.sources.webhook
    return [*pbx.sources.statuses(), *([webhook.status] if webhook is not None else [])]
