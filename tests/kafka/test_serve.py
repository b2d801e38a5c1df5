"""`ringfence serve` as a process: webhooks, orders and feed, with everything there and with something away."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import create_engine, make_url, text

from streams.config.kafka_settings import Kafka as KafkaSettings
from streams.config.loading import load
from streams.config.yaml_model import ConfigError
from streams.console.wording import utc_micros
from streams.kafka.seal import Seals, name_place
from streams.kafka.topics import create, wanted
from streams.kafka.write.spool import Spool
from streams.pbxs.pbx_status import PbxStatus, encode_status
from streams.runtime.ingest import SourceStatus
from streams.sim.webhooks import signature
from streams.store.journal.journal import Journal
from streams.store.migrate import opened
from streams.store.vault import Vault
from tests.kafka.reading import events_of, logged, records
from tests.kafka.running import Kafka
from tests.streams.console.conftest import Clock, Scene
from tests.system.programs import FEED_TOKEN, WEBHOOK_SECRET, Program, eventually, free_port, started

SPEAKS = SourceStatus(name="poll", connected=True, events=41)


class Served:
    """A configuration of `ringfence serve`, and the cluster around it."""

    def __init__(self, folder: Path, kafka: KafkaSettings, database: str, data: Path | None = None) -> None:
        self.folder, self.kafka, self.database = folder, kafka, database
        self.console, self.outside = free_port(), free_port()
        self.config = folder / "ringfence.yaml"
        self.data = data or folder / "data"
        connection = {
            "url": "http://127.0.0.1:1", "client_id": "env:HQ_ID", "client_secret": "env:HQ_SECRET",
            "events": "webhook", "webhook_secret": "env:WEBHOOK_SECRET", "timezone": "UTC",
        }  # fmt: skip
        self.config.write_text(yaml.safe_dump({
            "data": str(self.data), "journal": "env:JOURNAL",
            "console": {"port": self.console}, "webhook": {"port": self.outside},
            "feed": {"enabled": True, "token": "env:FEED_TOKEN"}, "enforcers": {"feed": {}},
            "notify": [{"name": "on-call", "url": "env:ON_CALL"}],
            "kafka": {"brokers": list(kafka.brokers), "prefix": kafka.prefix, "partitions": 2, "replication": 1},
            "pbxs": [{"id": "hq", "connection": connection}],
        }))  # fmt: skip

    def running(self, name: str = "serve") -> AbstractContextManager[Program]:
        """The command in a process of its own."""
        said = self.folder / f"{name}.log"
        return started(said, "serve", "--config", self.config, "--name", name, env={"JOURNAL": self.database})

    def push(self, body: bytes, secret: str = WEBHOOK_SECRET) -> int:
        """Post a signed frame as the PBX does."""
        headers = {"X-Signature": signature(secret, body)}
        url = f"http://127.0.0.1:{self.outside}/webhook/hq"
        return httpx.post(url, content=body, headers=headers, trust_env=False, timeout=20).status_code

    def feed(self) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.outside}/feed/{FEED_TOKEN}.txt", trust_env=False)

    def events(self) -> list[dict[str, Any]]:
        return asyncio.run(logged(self.kafka))

    def elsewhere(self) -> "Served":
        """The same installation, and its data folder, on other ports."""
        (self.folder / "other").mkdir()
        return Served(self.folder / "other", self.kafka, self.database, self.data)


class Browser(httpx.Client):
    """Somebody at a console."""

    def __init__(self, served: Served) -> None:
        super().__init__(base_url=f"http://127.0.0.1:{served.console}", trust_env=False, timeout=30)

    def csrf(self, page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str) -> int:
        form = {"csrf": self.csrf("/login"), "name": "admin", "password": password}
        return self.post("/login", data=form).status_code

    def order(self, path: str) -> str:
        """Send a form; the address of the page it leads to."""
        return self.post(path, data={"csrf": self.csrf("/"), "note": "our own test"}).headers["location"]


@pytest.fixture
def served(broker: Kafka, prefix: str, postgres_database: str, tmp_path: Path) -> Iterator[Served]:
    settings = KafkaSettings(brokers=broker.brokers, prefix=prefix, partitions=2, replication=1)
    broker.start()
    asyncio.run(create(settings, wanted(settings)))
    yield Served(tmp_path, settings, postgres_database)
    broker.start()


@pytest.fixture
def journal(served: Served) -> Iterator[Journal]:
    engine = opened(served.database, "journal")
    yield Journal(engine)
    engine.dispose()


def registered(number: int) -> bytes:
    """An extension registers, as a PBX tells it."""
    message = {"extension": str(number), "kind": "Sip", "status": "Registered", "registered_ip": "10.0.0.1"}
    return json.dumps({"type": 30007, "sn": "3631A2124001", "msg": json.dumps(message)}).encode()


def ended(uid: str, began: str) -> bytes:
    """A call is over, with the time as this PBX shows it."""
    message = {"uid": uid, "call_id": "1700000000.1", "time_start": began, "call_from": "1001", "call_to": "1002"}
    return json.dumps({"type": 30012, "sn": "3631A2124001", "msg": json.dumps(message)}).encode()


def password(program: Program) -> str:
    """That of the first user, which is told only once."""
    return program.hear("log in").split()[4]


def report(journal: Journal, *, date_format: str, at: int) -> None:
    """What a gateway does for a PBX that it has."""
    journal.leases.attend("gw", ["hq"], 600)
    fence = journal.leases.take("gw", ["hq"], 600, 1)["hq"]
    status = PbxStatus(at=at, sources=(SPEAKS,), date_format=date_format, time_format="HH:mm:ss")
    journal.leases.save_statuses("gw", {"hq": (fence, encode_status(status))})


def test_webhooks_stand_in_the_log_with_times_as_the_gateway_says_they_are_shown(
    served: Served, journal: Journal
) -> None:
    report(journal, date_format="DD/MM/YYYY", at=utc_micros())
    with pytest.raises(ConfigError, match="HQ_SECRET"):
        load(served.config)  # what a gateway would need is not set here
    with served.running() as program:
        program.hear("console")
        assert served.push(registered(1001)) == 200
        assert served.push(registered(1002), "another secret") == 401
        assert served.push(ended("u1", "03/02/2026 10:00:00")) == 200
        registration, call = served.events()
        assert (registration["kind"], registration["extension"], registration["pbx"]) == ("registration", "1001", "hq")
        assert (call["call_id"], call["started_at"]) == ("1700000000.1", "2026-02-03T10:00:00Z")
        began = time.monotonic()
        assert program.end() == 0
        assert time.monotonic() - began < 20
    for secret in (WEBHOOK_SECRET, FEED_TOKEN):
        assert secret not in program.said()


def test_what_came_while_the_broker_was_dead_survives_our_own_death(served: Served, broker: Kafka) -> None:
    with served.running() as program, Browser(served) as browser:
        assert browser.log_in(password(program)) == 303
        eventually("Kafka is reached", lambda: "Kafka takes nothing" not in browser.get("/live/board").text)
        assert served.push(registered(1000)) == 200
        broker.kill()
        for number in range(1001, 1005):
            assert served.push(registered(number)) == 200
        eventually("the console says so", lambda: "Kafka takes nothing" in browser.get("/live/board").text)
        program.kill()
    with closing(Spool(served.data / "spool" / "serve", served.kafka.partitions, 1)) as spool:
        assert spool.size > 0
    with served.running() as program:
        program.hear("console")
        broker.start()
        eventually("all is in the log", lambda: len(served.events()) >= 5)
        assert program.end() == 0
    assert [event["extension"] for event in served.events()] == ["1000", "1001", "1002", "1003", "1004"]


def test_orders_given_at_either_console_are_in_the_journal_and_sealed_in_the_log(
    served: Served, journal: Journal
) -> None:
    scene = Scene(journal, Clock())
    scene.stolen_extension()
    scene.asked()
    with served.running() as program:
        secret = password(program)
        other = served.elsewhere()
        with other.running("other") as second, Browser(served) as browser, Browser(other) as elsewhere:
            second.hear("console")
            assert "log in" not in second.said()
            assert browser.log_in(secret) == 303
            elsewhere.cookies.set("ringfence", browser.cookies["ringfence"])
            assert elsewhere.order("/approve/act-dec-5").endswith("done=approve")
            assert browser.order("/close/inc-1007").endswith("done=close")
            assert served.feed().text == other.feed().text == "203.0.113.77\n"
            assert browser.post("/logout", data={"csrf": browser.csrf("/")}).status_code == 303
            assert elsewhere.get("/").headers["location"] == "/login"
    action = journal.actions.find("act-dec-5")
    assert action is not None
    assert action.state == "approved"
    (record,) = asyncio.run(records(served.kafka, "events"))
    (order,) = events_of([record])
    assert (order["kind"], order["verdict"], order["incident"]) == ("control", "closed", "inc-1007")
    assert order["by"] == "admin"
    assert Seals(Vault(served.data / "key")).sealed(
        record.value, record.headers, name_place(record.topic, record.partition)
    )


def test_without_the_database_the_console_says_so_and_webhooks_go_on(
    served: Served, postgres_url: str, broker: Kafka
) -> None:
    name = make_url(served.database).database
    outside = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with served.running() as program, Browser(served) as browser, outside.connect() as connection:
        assert browser.log_in(password(program)) == 303
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        answer = browser.get("/")
        assert (answer.status_code, answer.text.partition(":")[2].strip()) == (
            503, "The journal cannot be read right now. Try again in a moment.",
        )  # fmt: skip
        assert served.feed().status_code == 503
        assert served.push(registered(1001)) == 200
        program.hear("journal unavailable")
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        eventually("the console is back", lambda: browser.get("/").status_code == 200)
        assert served.feed().status_code == 200
        assert program.end() == 0
    outside.dispose()
    assert len(served.events()) == 1


def test_the_console_says_which_pbx_nobody_watches(served: Served, journal: Journal) -> None:
    with served.running() as program, Browser(served) as browser:
        assert browser.log_in(password(program)) == 303
        page = browser.get("/").text
        assert "Not connected: gateway of PBX hq. Attacks on it are not seen." in page
        assert "no gateway has it" in page
        assert "nothing has come since this process was started" in page
        report(journal, date_format="YYYY/MM/DD", at=utc_micros())
        assert served.push(registered(1001)) == 200
        eventually("the report is read", lambda: "Not connected" not in browser.get("/live/board").text)
        counters = browser.get("/live/counters").text
        assert "<dd>42</dd>" in counters  # the gateway's 41 and the one pushed here
        assert "Findings" not in counters


@pytest.mark.parametrize(
    ("change", "says", "code"),
    [
        ({"kafka": None}, "serve needs Kafka: name it under `kafka`", 2),
        ({"journal": None}, "name a PostgreSQL under `journal`", 2),
        ({"journal": "env:NOWHERE"}, "(the database is where `journal` of the configuration says)", 1),
        ({"console": {"port": 0}}, "console.port", 2),
    ],
)
def test_what_is_missing_is_said(change: dict[str, Any], says: str, code: int, tmp_path: Path) -> None:
    settings = {"data": str(tmp_path), "journal": "env:NOWHERE", "kafka": {"brokers": ["127.0.0.1:1"]}} | change
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(settings))
    env = {"NOWHERE": f"postgresql:///nowhere?host={tmp_path}"}
    with started(tmp_path / "said", "serve", "-c", tmp_path / "c.yaml", env=env) as program:
        assert program.process.wait(60) == code, program.said()
        assert says in program.said()
        assert "Traceback" not in program.said()


def test_a_port_or_a_folder_that_another_has_is_named(served: Served) -> None:
    with socket.create_server(("127.0.0.1", served.console)), served.running() as program:
        assert program.process.wait(60) == 1
        assert f"cannot listen on 127.0.0.1:{served.console} (console)" in program.said()
    with served.running() as first:
        first.hear("console")
        with served.running() as second:
            assert second.process.wait(60) == 1
            assert "is in use by another ringfence: give each a --name" in second.said()
        assert first.end() == 0
