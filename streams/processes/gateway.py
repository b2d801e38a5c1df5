"""`ringfence gateway`: speaks to its share of the PBXs, carries out decisions, tells people; several share a fleet."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from secrets import token_hex
from socket import gethostname

import structlog
from msgspec import Struct
from prometheus_client.metrics_core import Metric

from detector.contract.codec import Rejected, from_micros
from detector.decide.sightings import Sighting
from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.config.dangers.risks import open_risks
from streams.config.installation import Installation, InstalledPbx, core_settings
from streams.config.kafka_settings import Kafka
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
from streams.kafka.read.found import FoundKeeper
from streams.kafka.read.inbox import Inbox, Value
from streams.kafka.seal import Seals
from streams.kafka.sighting_seal import Sightings
from streams.kafka.write.producer import KafkaIngest
from streams.lists.list_keeper import ListKeeper
from streams.notify.notifier import Notifier
from streams.notify.sender import channels_of
from streams.observe.families import gauge
from streams.observe.observer import Observer
from streams.pbxs.connected import Connected
from streams.pbxs.guarding.guard_memory import JournalMemory
from streams.pbxs.held import HeldPbxs
from streams.pbxs.leases import Lease, Leases, boot_time
from streams.pbxs.login_memory import SealedMemory
from streams.pbxs.pbx import LoginMemory
from streams.pbxs.pbx_status import PbxStatus, decode_status, encode_status
from streams.pbxs.shared_list import FleetList
from streams.pbxs.source_watch import SourceWatch
from streams.processes.brake_watch import BrakeWatch
from streams.processes.supervise import ended, start, until_stopped
from streams.processes.upkeep import bounds_of, repeat_of, retention, settings_event
from streams.processes.vitals_cluster import ClusterVitals
from streams.processes.vitals_parts import list_metrics
from streams.runtime.clock import micros_now
from streams.runtime.ingest import SourceStatus
from streams.runtime.tables import first_lists, tables
from streams.store.journal.journal import Journal
from streams.store.keys import shared_vault
from streams.store.list_copies import ListCopies
from streams.store.migrate import migrate, opened
from streams.store.store_errors import Fenced, UnavailableError

STATUS_EVERY = 5.0
FLEET_EVERY = 60.0
START_AGAIN = 5.0

log = structlog.get_logger(__name__)


class LeasedPbx(Struct):
    """A PBX in our hands; `sources` is None where it has no API."""

    lease: Lease
    connected: Connected | None = None
    sources: asyncio.Task[None] | None = None


class Gateway:
    """Everything `ringfence gateway` does. Build it, then `run` it; `name` tells gateways of one machine apart.

    Raises what went wrong beyond repair; whoever supervises starts it again, under another owner's name: nothing of
    what it was doing is believed to be done until it was read back.
    """

    def __init__(self, settings: Installation, kafka: Kafka, database: str, name: str) -> None:
        self.settings = settings
        self._lease = kafka.lease
        self.owner = f"{gethostname()}/{name}/{token_hex(4)}"
        self._database = opened(database, "journal")
        migrate(self._database, "stream")
        self.journal = Journal(self._database)
        self.vault = shared_vault(settings.data)
        self.policies = Policies(core_settings(settings), catalogue())
        copies = ListCopies(self._database)
        lists = first_lists(settings, copies)
        self.lists = ListKeeper(settings, self.policies, tables(settings, copies, lists), lists, copies)
        self.ingest = KafkaIngest(kafka, self.vault, settings.data / "spool" / name)
        enforcers = enforcers_of(settings, self.journal)
        self.pbxs = HeldPbxs(
            self.policies, self.vault, self.ingest, everywhere_by(enforcers), JournalMemory(self.journal)
        )
        feed = feed_of(settings, self.journal, enforcers)
        self._feed_watch = FeedWatch(feed, self.journal, self.ingest, lambda: self.pbxs.hands)
        self._settings_of = {pbx.id: pbx for pbx in settings.pbxs}
        self._held: dict[str, LeasedPbx] = {}
        self.leases = Leases(
            self.journal, self.owner, list(self._settings_of), self._taken, self._left, seconds=kafka.lease
        )  # fmt: skip
        self._weighing = Weighing(self.journal, bounds_of(settings), self.pbxs.blast, self.pbxs.hands.keys)
        self.executor = Executor(
            self.journal, self.pbxs.hands, self.vault, self.pbxs.facts, self._announce, owner=self.owner,
            restraint=Restraint(self.journal, settings.ceilings.actions), weighing=self._weighing,
        )  # fmt: skip
        channels = channels_of(settings, self.pbxs.connection)
        self.notifier = Notifier(
            self.journal, channels, owner=self.owner, repeat=repeat_of(settings),
            ours=lambda: self._held.keys(),
        )  # fmt: skip
        orders = Orders(self.journal, self.ingest.put_control, self.executor.wake)
        self._brakes = BrakeWatch(self.journal, orders, channels, self.owner)
        self.found = FoundKeeper(self.journal, Seals(self.vault), self._wake, f"{kafka.prefix}.findings")
        self.fleet = FleetList(self.journal, self.ingest.put_control, settings)
        self._sightings = Sightings(self.vault)
        keep = {"findings": self.found.keep, "sightings": self._sighted}
        self.inbox = Inbox(kafka, f"{kafka.prefix}-gateways", keep, self._bury)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End `run` in good order."""
        self._stop.set()

    async def run(self, ready: Callable[[], None]) -> None:
        """Work until `stop`."""
        try:
            async with self.ingest:
                settings = settings_event(self.settings, self.lists.digests, self._database)
                await self.ingest.put_control([settings])
                vitals = ClusterVitals(self.journal, self.ingest, self._sources, self._figures, self._ailments)
                with Observer(self.settings.metrics, "gateway", vitals):
                    for risk in open_risks(self.settings, fresh=False):
                        log.warning("dangerous setting", risk=risk.name, problem=str(risk))
                    ready()
                    await self._work()
        finally:
            self._database.dispose()

    async def _work(self) -> None:
        finished = asyncio.Event()
        leases = start({"leases": self.leases.run(finished)})
        workers = start({"executor": self.executor.run(self._stop), "notifier": self.notifier.run(self._stop)})
        others = start({
            "findings": self.inbox.run(), "ingest": self.ingest.watch(), "status": self._tell_status(),
            "source watch": SourceWatch(self.ingest, self.policies, self._sources).run(),
            "left-overs": LeftOvers(self.journal, self.settings, self.ingest).run(), "fleet": self._tell_fleet(),
            "lists": self.lists.run(self.ingest.put_control),
            "brakes": self._brakes.run(), "weighing": self._weighing.run(),
            "retention": retention(self.journal, self.settings, self.policies),
        })  # fmt: skip
        if is_enforcer(self.settings):
            others += start({"feed watch": self._feed_watch.run()})
        try:
            await until_stopped(self._stop, [*leases, *workers, *others])
        finally:
            self._stop.set()
            await ended(others, cancel=True)
            await ended(workers)  # what has begun is finished while the PBXs are still ours
            finished.set()
            await ended(leases)

    # --- PBXs come and go

    async def _taken(self, lease: Lease) -> None:
        pbx = self._settings_of[lease.pbx]
        login, status = await asyncio.gather(
            asyncio.to_thread(self.journal.leases.login, pbx.id), asyncio.to_thread(self.journal.leases.status, pbx.id)
        )
        left = decode_status(status)
        since = from_micros(left.heard_at) if left is not None and left.heard_at is not None else None
        connected = self.pbxs.open(pbx, partial(self._memory, pbx, lease, login), since=since, fence=lease.check)
        held = self._held[pbx.id] = LeasedPbx(lease, connected)
        if connected is not None:
            held.sources = asyncio.create_task(listen(connected, pbx.id), name=f"sources of {pbx.id}")
        await self.executor.reconcile([pbx.id])
        self._wake()

    async def _left(self, lease: Lease) -> None:
        held = self._held.pop(lease.pbx)
        self.pbxs.close(lease.pbx)
        if held.sources is not None:
            held.sources.cancel()
            await asyncio.gather(held.sources, return_exceptions=True)

    def _memory(self, pbx: InstalledPbx, lease: Lease, sealed: bytes | None) -> LoginMemory:
        async def write(sealed: bytes) -> None:
            try:
                await asyncio.to_thread(self.journal.leases.save_login, self.owner, pbx.id, lease.fence, sealed)
            except (UnavailableError, Fenced) as error:
                log.warning("login not remembered", pbx=pbx.id, error=str(error))

        return SealedMemory(self.vault, pbx.id, sealed, write)

    async def _tell_status(self) -> None:
        """For the console, and for who has the PBX next. Until cancelled."""
        while True:
            await asyncio.sleep(STATUS_EVERY)
            told = {pbx: (held.lease.fence, encode_status(status_of(held))) for pbx, held in self._held.items()}
            try:
                await asyncio.to_thread(self.journal.leases.save_statuses, self.owner, told)
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))

    async def _sighted(self, values: Sequence[Value]) -> Sequence[Rejected]:
        """Sightings into the fleet list; those that are none come back."""
        read = [self._sightings.read(value, headers) for value, headers in values]
        await self.fleet.take([one for one in read if isinstance(one, Sighting)])
        await self.fleet.tell()
        return [one for one in read if isinstance(one, Rejected)]

    async def _tell_fleet(self) -> None:
        """What another gateway has left untold, and what has become old. Until cancelled."""
        while True:
            try:
                await self.fleet.tell()
            except UnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            await asyncio.sleep(FLEET_EVERY)

    def _sources(self) -> list[SourceStatus]:
        connections = [held.connected for held in self._held.values() if held.connected is not None]
        return [status for connected in connections for status in connected.sources.statuses()]

    def _figures(self) -> list[Metric]:
        held = gauge("pbxs", "PBXs that are in the hands of this gateway.", len(self._held))
        return [held, *list_metrics(self.lists.statuses)]

    def _ailments(self) -> Iterator[str]:
        if (unseen := boot_time() - self.leases.seen_at) > self._lease:
            yield f"the database last said {unseen:.0f} s ago which PBXs are ours"
        if not self.ingest.connected:
            yield "Kafka cannot be reached; events wait on disk"
        yield from self._feed_watch.missing

    # --- what the parts need of each other

    def _wake(self) -> None:
        self.executor.wake()
        self.notifier.wake()

    async def _announce(self, outcomes: Sequence[Outcome]) -> None:
        await self.ingest.put_control([outcome.event for outcome in outcomes])
        await self.ingest.publish([outcome.finding for outcome in outcomes])

    async def _bury(self, rejected: Rejected, topic: str) -> None:
        await self.ingest.reject(rejected, topic, None)


async def listen(connected: Connected, pbx: str) -> None:
    """Run the sources of one PBX until cancelled: an error of ours there must not take the others along."""
    try:
        while True:
            try:
                await connected.listen()
            except Exception:
                log.exception("sources broken, starting again", pbx=pbx)
            await asyncio.sleep(START_AGAIN)
    finally:
        await connected.close()


def status_of(held: LeasedPbx) -> PbxStatus:
    """How a PBX is doing."""
    return held.connected.status() if held.connected is not None else PbxStatus(at=micros_now())
