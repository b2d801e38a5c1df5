from pathlib import Path

import pytest
from pydantic import ValidationError

from streams.config.installation import Installation
from streams.config.kafka_settings import Kafka, Security

LOGIN = {"username": "env:NAME", "password": "env:PASSWORD"}


def test_without_a_section_there_is_no_kafka_and_with_one_it_needs_brokers_only() -> None:
    assert Installation().kafka is None
    kafka = Kafka.model_validate({"brokers": ["kafka-1.example:9092"]})
    assert (kafka.prefix, kafka.partitions, kafka.replication) == ("ringfence", 48, 3)
    assert (kafka.session_timeout, kafka.checkpoint, kafka.static_member) == (10.0, 1.0, None)
    assert not kafka.security.tls
    assert not kafka.security.sasl


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Kafka.Example:9092", "kafka.example:9092"), ("127.0.0.1:09092", "127.0.0.1:9092"),
        ("[::1]:9092", "[::1]:9092"), ("[2001:DB8::1]:1", "[2001:db8::1]:1"), ("k:65535", "k:65535"),
    ],
)  # fmt: skip
def test_a_broker_is_host_and_port(written: str, kept: str) -> None:
    assert Kafka(brokers=(written,)).brokers == (kept,)


@pytest.mark.parametrize(
    "written", ["kafka", "kafka:", ":9092", "kafka:0", "kafka:65536", "kafka:٣", "k/24:1", "[]:1", ""]
)
def test_what_is_no_broker_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="not a"):
        Kafka(brokers=(written,))


@pytest.mark.parametrize(
    "setting",
    [
        {"brokers": []}, {"prefix": "a/b"}, {"prefix": ""}, {"partitions": 0}, {"replication": 0}, {"spool": 0},
        {"session_timeout": "5s"}, {"checkpoint": "2m"}, {"group": "a b"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_unsound_values_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="1 validation error"):
        Kafka.model_validate({"brokers": ["kafka:9092"]} | setting)


@pytest.mark.parametrize(
    ("security", "problem"),
    [
        ({"protocol": "SASL_SSL"}, "needs username and password"),
        ({"protocol": "SASL_PLAINTEXT", "username": "env:NAME"}, "needs username and password"),
        ({"protocol": "SSL", **LOGIN}, "takes no login"),
        ({"mechanism": "PLAIN"}, "takes no login"),
        ({"ca": "ca.pem"}, "takes no certificates"),
        ({"protocol": "SASL_PLAINTEXT", "ca": "ca.pem", **LOGIN}, "takes no certificates"),
        ({"protocol": "SSL", "certificate": "a.pem"}, "belong together"),
        ({"protocol": "SSL", "key": "a.pem"}, "belong together"),
        ({"protocol": "SASL_SSL", "username": "me", "password": "env:PASSWORD"}, "must not be written here"),
        ({"protocol": "TLS"}, "PLAINTEXT"),
    ],
)
def test_what_does_not_belong_together_is_refused(security: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Security.model_validate(security)


def test_a_login_is_fetched_and_shown_nowhere(tmp_path: Path) -> None:
    section = {"brokers": ["k:1"], "security": {"protocol": "SASL_SSL", "ca": "/etc/ca.pem", **LOGIN}}
    settings = Installation.model_validate({"kafka": section}, context={"secret": lambda field, _: f"{field}-itself"})
    assert settings.kafka is not None
    security = settings.kafka.security
    assert security.username is not None
    assert security.password is not None
    assert security.username.get_secret_value() == "username-itself"
    assert security.password.get_secret_value() == "password-itself"
    assert security.ca == Path("/etc/ca.pem")
    assert "itself" not in f"{settings!r} {settings.model_dump_json()}"


def test_a_process_that_needs_no_login_reads_the_configuration_without_it() -> None:
    security = Security.model_validate({"protocol": "SASL_SSL", **LOGIN}, context={"secret": lambda *_: None})
    assert security.sasl
    assert security.password is None
