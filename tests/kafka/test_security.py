"""Against a broker that demands TLS, a login and rights: what is configured gets in, nothing else does."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import TopicAuthorizationFailedError

from streams.config.kafka_settings import Kafka as Settings
from streams.kafka.connecting import AwayError, LoginError, arguments, properties
from streams.kafka.topics import check
from streams.kafka.write.producer import KafkaIngest
from streams.store.vault import Vault
from tests.certificates import authority
from tests.kafka.putting_child import call
from tests.kafka.reading import logged
from tests.kafka.running import Kafka, kafka, script
from tests.ports import free_ports

PROGRAM = "from streams.cli.main import app; app()"

USERS = ("admin", "gateway", "worker", "nobody")
PREFIX = "secure"
BROKER = """
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
listener.name.sasl_ssl.plain.sasl.jaas.config={plain}
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
"""
# User:ANONYMOUS is the node itself on its controller's port, where no client is let in.
CLIENT = """
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="secret of admin";
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
"""  # noqa: E501 - one line in a file of properties
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


@dataclass
class Guarded:
    """A broker that lets in whom it knows, and the folder with its authority and `ringfence.yaml`."""

    kafka: Kafka
    folder: Path

    def settings(self, user: str, **security: object) -> Settings:
        section = {"protocol": "SASL_SSL", "ca": self.folder / "ca.pem", "username": "env:U", "password": "env:P"}
        return Settings.model_validate(
            {
                "brokers": self.kafka.brokers, "prefix": PREFIX, "partitions": 2, "replication": 1,
                "security": section | security,
            },
            context={"secret": lambda field, _: user if field == "username" else f"secret of {user}"},
        )  # fmt: skip

    def allow(self, user: str, *rights: str) -> None:
        """Give rights as docs/topics.md writes them, with Kafka's own tool."""
        jars = script("install")
        tool = ["java", "-cp", f"{jars}/*", "org.apache.kafka.tools.AclCommand"]
        access = ["--bootstrap-server", self.kafka.bootstrap, "--command-config", self.folder / "admin.properties"]
        added = ["--add", "--allow-principal", f"User:{user}", *rights]
        subprocess.run([*tool, *access, *added], check=True, capture_output=True)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    authority(folder, "broker")
    port = free_ports(2)
    users = " ".join(f'user_{name}="secret of {name}"' for name in USERS)
    (folder / "broker.properties").write_text(
        BROKER.format(
            port=port, controller=port + 1, folder=folder, plain=f"{PLAIN} {users};",
            scram=f'{SCRAM} username="admin" password="secret of admin";',
        )
    )  # fmt: skip
    (folder / "admin.properties").write_text(CLIENT.format(folder=folder))
    logins = [
        option for name in USERS for option in ("--scram", f"SCRAM-SHA-512=[name={name},password=secret of {name}]")
    ]
    with kafka(1, "--properties", folder / "broker.properties", *logins, port=port) as broker:
        made = Guarded(broker, folder)
        assert topics(made, "admin", "--create").returncode == 0
        yield made


def topics(guarded: Guarded, user: str, *options: str, password: str | None = None) -> subprocess.CompletedProcess[str]:
    """`ringfence topics` from a configuration with this login."""
    (guarded.folder / "ringfence.yaml").write_text(f"""
kafka:
  brokers: ["{guarded.kafka.bootstrap}"]
  prefix: {PREFIX}
  partitions: 2
  replication: 1
  security: {{protocol: SASL_SSL, ca: ca.pem, username: "env:KAFKA_USER", password: "env:KAFKA_PASSWORD"}}
""")
    login = {"KAFKA_USER": user, "KAFKA_PASSWORD": password or f"secret of {user}"}
    command = [
        sys.executable,
        "-c",
        "from streams.cli.main import app; app()",
        "topics",
        "-c",
        "ringfence.yaml",
        *options,
    ]
    return subprocess.run(command, cwd=guarded.folder, capture_output=True, text=True, env={**os.environ, **login})


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
async def test_who_is_known_and_has_the_right_gets_in(guarded: Guarded, mechanism: str) -> None:
    assert all(not one.differences for one in await check(guarded.settings("admin", mechanism=mechanism)))


async def test_each_process_can_do_its_part_and_no_more(guarded: Guarded, tmp_path: Path) -> None:
    guarded.allow("gateway", "--operation", "Write", "--topic", f"{PREFIX}.events", "--topic", f"{PREFIX}.dead-letters")
    guarded.allow("worker", "--operation", "Read", "--topic", f"{PREFIX}.events")
    gateway, worker = guarded.settings("gateway"), guarded.settings("worker")
    async with KafkaIngest(gateway, Vault(tmp_path / "key"), tmp_path / "spool") as ingest:
        await ingest.put([call(1)])
        await until_empty(ingest)
    assert [event["id"] for event in await logged(worker)] == ["hq-1"]
    with pytest.raises(TopicAuthorizationFailedError):
        await read_one(gateway)


async def read_one(settings: Settings) -> None:
    topic = f"{PREFIX}.events"
    async with AIOKafkaConsumer(topic, **arguments(settings), auto_offset_reset="earliest") as consumer:
        await consumer.getone()


async def test_events_wait_on_disk_for_a_right_that_comes_later(guarded: Guarded, tmp_path: Path) -> None:
    nobody = guarded.settings("nobody")
    async with KafkaIngest(nobody, Vault(tmp_path / "key"), tmp_path / "spool") as ingest:
        await ingest.put([call(2, "late")])
        assert ingest.spooled > 0
        guarded.allow("nobody", "--operation", "Write", "--topic", f"{PREFIX}.events")
        await until_empty(ingest)
    assert "late-2" in [event["id"] for event in await logged(guarded.settings("admin"))]


async def until_empty(ingest: KafkaIngest) -> None:
    async with asyncio.timeout(30):
        while True:
            if not ingest.spooled:
                return
            await asyncio.sleep(0.05)


def test_a_wrong_password_is_one_line_without_it(guarded: Guarded) -> None:
    done = topics(guarded, "admin", password="hunter2-is-wrong")
    assert done.returncode == 1
    assert "Kafka at" in done.stderr.splitlines()[-1]
    assert "authentication" in done.stderr.splitlines()[-1].lower()
    assert "hunter2" not in done.stdout + done.stderr


async def test_a_broker_of_another_authority_is_not_spoken_to(guarded: Guarded, tmp_path: Path) -> None:
    authority(tmp_path, "broker")
    with pytest.raises(AwayError, match="certificate verify failed"):
        await check(guarded.settings("admin", ca=tmp_path / "ca.pem"))


async def test_without_tls_and_login_nobody_gets_in(guarded: Guarded) -> None:
    with pytest.raises(AwayError):
        await check(Settings(brokers=guarded.kafka.brokers, prefix=PREFIX))


@pytest.mark.parametrize("asked", [arguments, properties])
def test_a_process_that_has_not_read_the_login_says_so(
    guarded: Guarded, asked: Callable[[Settings], dict[str, object]]
) -> None:
    section = {"protocol": "SASL_SSL", "username": "env:U", "password": "env:P"}
    with pytest.raises(LoginError, match="username and password"):
        asked(Settings.model_validate({"brokers": guarded.kafka.brokers, "security": section}))


def test_tls_checks_names_and_a_certificate_of_our_own_is_shown(guarded: Guarded) -> None:
    own = {"certificate": guarded.folder / "broker.pem", "key": guarded.folder / "broker.pem"}
    told = arguments(guarded.settings("admin", **own))["ssl_context"]
    assert told.check_hostname
    assert told.verify_mode is ssl.CERT_REQUIRED
    for asked in (arguments, properties):
        with pytest.raises(OSError, match="No such file"):
            asked(guarded.settings("admin", ca=guarded.folder / "none.pem"))
