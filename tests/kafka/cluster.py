"""A whole fleet: simulated PBXs, a worker, gateways, and what stands in the journal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from streams.cli.demo_command import AUTO
from streams.containment.enforcers.feed import Feed, blocks_of
from streams.processes.http_listener import free_port
from streams.sim import SimOptions, SimulatedPbx
from streams.store.journal.journal import Journal
from streams.store.store_errors import UnavailableError
from tests.kafka.fleet import PARTITIONS, WITHIN, Fleet, Member, fleet_of
from tests.kafka.running import Kafka

SECRET = "sim-secret-of-the-test"
SPEED = 25.0
POLICY = f"""
defaults:
  region: US
  timezone: America/New_York
  international_prefix: "011"
  access_digit: "9"
  rules: {{{", ".join(f"{rule}: {{mode: auto}}" for rule in AUTO)}}}
enforcers: {{feed: {{}}}}
feed: {{enabled: true, token: env:FEED_TOKEN}}
journal: env:RINGFENCE_TEST_DATABASE
"""
ENVIRONMENT = {"FEED_TOKEN": "feed-token-of-the-test", "SIM_ID": "ringfence", "SIM_SECRET": SECRET}


class Cluster:
    """One configuration for all; gateways and workers are started by name."""

    def __init__(self, fleet: Fleet, sims: Sequence[SimulatedPbx], more: str = "", **environment: str) -> None:
        self.fleet = fleet
        self.sims = sims
        self._environment = ENVIRONMENT | environment
        self.file = fleet.folder / "cluster.yaml"
        pbxs = "\n".join(
            f"  - {{id: pbx-{number}, connection: {{url: '{sim.url}', client_id: env:SIM_ID, "
            f"client_secret: env:SIM_SECRET, serial: '{sim.serial}', poll_cdr: 5}}}}"
            for number, sim in enumerate(sims)
        )
        self.file.write_text(
            f"{POLICY}data: {fleet.folder / 'data'}\n"
            f"console: {{port: {free_port()}}}\nwebhook: {{port: {free_port()}}}\n"
            f"kafka: {{brokers: {list(fleet.kafka.brokers)}, prefix: {fleet.prefix}, partitions: {PARTITIONS}, "
            f"replication: 1, group: {fleet.prefix}, session_timeout: 6s, checkpoint: 200ms, lease: 3s}}\n"
            f"{more}\npbxs:\n{pbxs}\n"
        )
        self._engine = create_engine(fleet.database)
        journal = Journal(self._engine)
        self._feed = Feed(blocks_of(journal), journal)

    def worker(self, name: str = "worker") -> Member:
        return self.fleet.member(name, "worker", "--config", str(self.file), **self._environment)

    def gateway(self, name: str = "gateway") -> Member:
        return self.fleet.member(
            name, "gateway", "--config", str(self.file), "--name", name, **self._environment
        )  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the journal."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def owners(self) -> dict[str, str]:
        """PBX to the name of the gateway that has it."""
        held = "SELECT pbx, owner FROM pbx_session WHERE until > extract(epoch FROM clock_timestamp()) * 1000000"
        return {pbx: owner.split("/")[1] for pbx, owner in self.rows(held) if owner}

    def states(self) -> dict[tuple[str, str], list[str]]:
        """(PBX, kind of action) to the states of such actions."""
        found: dict[tuple[str, str], list[str]] = {}
        for pbx, kind, state in self.rows("SELECT pbx, kind, state FROM action ORDER BY created_at, id"):
            found.setdefault((pbx, kind), []).append(state)
        return found

    async def until(self, what: str, condition: Callable[[], object], within: float = WITHIN) -> None:
        """Wait; the limit is generous, so that it never decides."""
        until = time.monotonic() + within
        while not await asyncio.to_thread(condition):
            await self._fetch()
            if time.monotonic() > until or any(member.process.exitcode in {1, 2} for member in self.fleet.members):
                said = "\n".join(f"--- {member.stderr.name}\n{member.said()[-3_000:]}" for member in self.fleet.members)
                raise AssertionError(f"not within {within:.0f} s: {what}; {self.states()}\n{said}")
            await asyncio.sleep(0.1)

    async def _fetch(self) -> None:
        """As a firewall does that fetches the list of blocked addresses, if it can be had."""
        with suppress(UnavailableError, SQLAlchemyError):
            await self._feed.note("firewall of the test", await self._feed.listed())

    async def connected(self, *pbxs: int) -> None:
        """Until these PBXs are listened to."""
        told = "SELECT count(*) FROM pbx_session WHERE convert_from(status, 'UTF8') LIKE '%\"connected\": true%'"
        await self.until("connected", lambda: self.rows(told)[0][0] >= len(pbxs or self.sims))

    async def settled(self) -> None:
        """Nothing is under way any more."""
        busy = "SELECT count(*) FROM action WHERE state IN ('approved', 'applying', 'applied')"
        await self.until("settled", lambda: self.rows(busy)[0][0] == 0)

    def close(self) -> None:
        self._engine.dispose()


@asynccontextmanager
async def cluster_of(
    broker: Kafka, prefix: str, database: str, folder: Path, pbxs: int = 1, more: str = "", **environment: str
) -> AsyncIterator[Cluster]:
    """A cluster without processes yet; those that run at the end are killed."""
    async with AsyncExitStack() as stack:
        sims = [
            await stack.enter_async_context(SimulatedPbx(SimOptions(
                speed=SPEED, client_secret=SecretStr(SECRET), serial=f"3631A212400{number}",
            )))
            for number in range(pbxs)
        ]  # fmt: skip
        fleet = await stack.enter_async_context(fleet_of(broker, prefix, database, folder))
        made = Cluster(fleet, sims, more, **environment)
        stack.callback(made.close)
        yield made
