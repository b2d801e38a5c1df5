"""The service on one machine: sources, embedded runtime, executor, notifier, console, in one process."""

import asyncio
import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI
from msgspec import Struct
from sqlalchemy import Engine as Database

from detector.contract.codec import from_micros
from detector.contract.events import Control
from detector.engine.registry import catalogue
from detector.settings import Policies, Settings
from streams.actions.outcome import Outcome
from streams.console import create_app
from streams.console.app import LOCAL
from streams.console.logins import first_user
from streams.console.ports import SourceStatus, Status
from streams.embedded import Embedded
from streams.enforcers.feed import Feed, blocks_of, feed_router
from streams.executor import Executor
from streams.keys import KEY_FILE
from streams.notify.notifier import Notifier
from streams.orders import Orders
from streams.pbx.remembered import in_file
from streams.sites import Sites, enforcers_of
from streams.sources.seen import SqliteSeen
from streams.sources.webhook import Receiver, webhook_router
from streams.store.checkpoints import SqlCheckpoints
from streams.store.database import open_engine
from streams.store.journal import Journal
from streams.store.migrate import Schema, migrate
from streams.store.stream import StreamStore
from streams.store.vault import Vault
from streams.tables import tables
from streams.upkeep import repeat_of, retention, settings_event
from streams.web import Listener
from streams.worker import Worker

OWNER = "run"
LOCK_FILE = "lock"
PATIENCE = 20.0

log = structlog.get_logger()


class InUseError(RuntimeError):
    """Another process uses the same data folder."""


class Ready(Struct, frozen=True):
    """What a person must know once the service runs: where the console is, and a first password if one was made."""

    console: str
    password: str | None
    outside_port: int | None


class Service:
    """Everything `ringfence run` does. Build it, then `run` it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        data = settings.data
        self.vault = Vault(data / KEY_FILE)
        self._stream_database = opened(f"sqlite:///{data.absolute()}/stream.db", "stream")
        self._journal_database = opened(journal_url(settings), "journal")
        self.journal = Journal(self._journal_database)
        self.policies = Policies(settings, catalogue())
        self._tables = tables(settings)
        worker = Worker(settings, self._tables, SqlCheckpoints(self._stream_database))
        self.runtime = Embedded(worker, StreamStore(self._stream_database), self.journal)
        self.feed = Feed(blocks_of(self.journal))
        self._seen = SqliteSeen(data / "webhook.db")
        enforcers = enforcers_of(settings, self.feed)
        self.sites = Sites(settings, self.policies, self.vault, self.runtime, enforcers)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End `run` in good order."""
        self._stop.set()

    async def run(self, ready: Callable[[Ready], None]) -> None:
        """Work until `stop`. Raises what went wrong beyond repair; whoever supervises starts us again."""
        try:
            await self.runtime.recover()
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
        executor = Executor(
            self.journal, self.sites.means, self.vault, self.sites.facts, self._announce, owner=OWNER,
        )  # fmt: skip
        orders = Orders(self.journal, self.runtime.put_control, executor.wake)
        console = Listener(self._console(orders), self.settings.console.host, self.settings.console.port)
        outside = self._outside()
        listeners = [console, *([outside] if outside is not None else [])]
        url = f"http://{self.settings.console.host}:{console.port}/"
        notifier = Notifier(
            self.journal, self.sites.channels(), owner=OWNER, console_url=url, repeat=repeat_of(self.settings),
        )  # fmt: skip
        password = await asyncio.to_thread(first_user, self.journal)
        runtime = asyncio.create_task(self.runtime.run(), name="runtime")
        await self.runtime.put_control([self.settings_event()])
        workers = [
            asyncio.create_task(executor.run(self._stop), name="executor"),
            asyncio.create_task(notifier.run(self._stop), name="notifier"),
        ]
        servers = [asyncio.create_task(listener.run_until_stopped(), name="http") for listener in listeners]
        others = [
            asyncio.create_task(pbx.run(), name=f"sources of {name}") for name, pbx in self.sites.connected.items()
        ]
        others.append(asyncio.create_task(self._wake_on_delivery(executor, notifier), name="wake"))
        others.append(asyncio.create_task(retention(self.journal, self.settings, self.policies), name="retention"))
        ready(Ready(url, password, None if outside is None else outside.port))
        everything = [runtime, *workers, *servers, *others]
        try:
            await self._until_stopped(everything)
        finally:
            self._stop.set()
            for listener in listeners:
                listener.should_exit = True
            await ended(others, cancel=True)
            await ended([*workers, *servers])
            await ended([runtime], cancel=True)

    async def _until_stopped(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Until somebody stops us, or one part has ended: then its error is ours."""
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done:
            if task is not stopping:
                task.result()
                if not self._stop.is_set():
                    raise RuntimeError(f"{task.get_name()} ended by itself")

    # --- what the parts need of each other

    def _connect(self) -> None:
        for pbx in self.settings.pbxs:
            heard = self.runtime.worker.engine.event_time(pbx.id)
            since = from_micros(heard) if heard is not None else None
            self.sites.open(pbx, partial(in_file, self.settings.data / "logins" / pbx.id, self.vault), since=since)

    def settings_event(self) -> Control:
        """The settings in force, for the log."""
        return settings_event(self.settings, self._tables.digests)

    async def _announce(self, outcomes: Sequence[Outcome]) -> None:
        await self.runtime.put_control([outcome.event for outcome in outcomes])

    async def _wake_on_delivery(self, executor: Executor, notifier: Notifier) -> None:
        while True:
            await self.runtime.delivered.wait()
            self.runtime.delivered.clear()
            executor.wake()
            notifier.wake()

    # --- what is seen of us from outside

    def _console(self, orders: Orders) -> FastAPI:
        hosts = {*LOCAL, self.settings.console.host}
        first = next((pbx.id for pbx in self.settings.pbxs), "")
        zone = ZoneInfo(self.policies.of(first).timezone)  # that of the people who look at it, as far as we know
        return create_app(self.journal, commands=orders, status=self.status, hosts=hosts, zone=zone)

    def _outside(self) -> Listener | None:
        """What PBXs and firewalls reach: webhooks and the feed, apart from the console."""
        webhooks = {name: pbx.webhook for name, pbx in self.sites.connected.items() if pbx.webhook is not None}
        token = self.settings.feed.token
        if not webhooks and not (self.settings.feed.enabled and token is not None):
            return None
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        if webhooks:
            app.include_router(webhook_router(Receiver(webhooks, self.runtime, self._seen)))
        if self.settings.feed.enabled and token is not None:
            app.include_router(feed_router(self.feed, token.get_secret_value()))
        return Listener(app, self.settings.webhook.host, self.settings.webhook.port)

    def status(self) -> Status:
        """How everything is doing."""
        engine = self.runtime.worker.engine
        return Status(
            sources=tuple(
                SourceStatus(
                    name=one.source, pbx=one.pbx, connected=one.connected,
                    last_event_at=int(one.last_event_at.timestamp() * 1_000_000) if one.last_event_at else None,
                )
                for pbx in self.sites.connected.values() for one in pbx.statuses()
            ),
            events=engine.counts["read"], findings=self.runtime.findings, dead_letters=self.runtime.dead_letters,
            detector_errors=sum(engine.errors.values()), calls_up=engine.calls_up(),
            checkpoint_age=time.monotonic() - self.runtime.checkpoint_at,
        )  # fmt: skip


def opened(url: str, schema: Schema) -> Database:
    """A database brought up to date."""
    database = open_engine(url)
    migrate(database, schema)
    return database


def journal_url(settings: Settings) -> str:
    """Where the journal is: PostgreSQL where one is named, else a file of its own."""
    if settings.journal is not None:
        return settings.journal.get_secret_value()
    return f"sqlite:///{settings.data.absolute()}/journal.db"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Nobody else works in this data folder. Raises `InUseError`."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUseError(f"{data} is in use by another ringfence; stop it, or choose another data folder") from None
        yield


async def ended(tasks: Sequence[asyncio.Task[None]], *, cancel: bool = False) -> None:
    """Wait until they have ended, at most `PATIENCE` seconds; what they raised was said before."""
    if cancel:
        for task in tasks:
            task.cancel()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
