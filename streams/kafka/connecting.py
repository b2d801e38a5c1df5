"""What every Kafka client of ours is told: where the brokers are, who we are, and where a PBX belongs."""

import logging
import ssl
from typing import Any

from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]  # it ships no types
from pydantic import SecretStr

from streams.config.kafka_settings import Kafka, Security

CLIENT = "ringfence"
LARGEST = 17 * 1024 * 1024
"""Bytes of a record: our settings may have 16 MiB, and there is a key and a seal beside them."""


RECONNECT_MS = 1_000
"""The longest rest before a broker is tried again."""
SILENT = logging.Logger("librdkafka", logging.CRITICAL + 1)
"""Where librdkafka's own messages go instead of standard error: we say ourselves what is wrong."""


class LoginError(ValueError):
    """The login for Kafka was not read from the configuration."""


class AskError(RuntimeError):
    """Kafka did not answer a question."""


class AwayError(AskError):
    """No broker answers, or none lets us in."""


def arguments(kafka: Kafka) -> dict[str, Any]:
    """Keyword arguments that each of aiokafka's clients takes.

    Raises OSError (`ssl.SSLError` is one) when a certificate cannot be used, `LoginError` without a login.
    """
    security = kafka.security
    told: dict[str, Any] = {
        "bootstrap_servers": list(kafka.brokers),
        "client_id": CLIENT,
        "security_protocol": str(security.protocol),
    }
    if security.tls:
        told["ssl_context"] = context(security)
    if security.sasl:
        told["sasl_mechanism"] = str(security.mechanism)
        told["sasl_plain_username"] = revealed(security.username)
        told["sasl_plain_password"] = revealed(security.password)
    return told


def properties(kafka: Kafka) -> dict[str, Any]:
    """The same for clients of librdkafka. Raises what `arguments` raises."""
    security = kafka.security
    told: dict[str, Any] = {
        "bootstrap.servers": ",".join(kafka.brokers),
        "client.id": CLIENT,
        "security.protocol": str(security.protocol),
        "reconnect.backoff.max.ms": RECONNECT_MS,
        "log_level": 0,
        "logger": SILENT,
    }
    if security.tls:
        context(security)  # its errors name the file
        files = {"ca": security.ca, "certificate": security.certificate, "key": security.key}
        told |= {f"ssl.{name}.location": str(file) for name, file in files.items() if file is not None}
    if security.sasl:
        told["sasl.mechanism"] = str(security.mechanism)
        told["sasl.username"] = revealed(security.username)
        told["sasl.password"] = revealed(security.password)
    return told


def context(security: Security) -> ssl.SSLContext:
    """TLS that knows the broker by name; its issuer is `ca`, or one the system trusts."""
    made = ssl.create_default_context(cafile=security.ca)
    if security.certificate is not None:
        made.load_cert_chain(security.certificate, security.key)
    return made


def revealed(secret: SecretStr | None) -> str:
    """A part of the login."""
    if secret is None:
        raise LoginError("kafka.security: this process did not read username and password")
    return secret.get_secret_value()


def key_of(name: str) -> bytes:
    """The bytes of a record's key."""
    return name.encode("utf-8", "backslashreplace")


def partition_of(name: str, partitions: int) -> int:
    """Where a key belongs, as Java's clients reckon it: murmur2 without its sign, modulo the number of partitions."""
    return (int(murmur2(key_of(name))) & 0x7FFF_FFFF) % partitions
