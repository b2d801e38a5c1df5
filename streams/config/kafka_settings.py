"""How Ringfence reaches Kafka: brokers, the names of topics, and how it proves who it is."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from detector.settings.params import Params, Seconds
from detector.settings.values import Located, host_only, matching, refusal
from streams.config.secrets import Secret

PORTS = range(1, 65_536)
NAME = "letters, digits, '.', '_' and '-', up to 100"


class Protocol(StrEnum):
    """Kafka's names for what lies between a client and a broker."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class Mechanism(StrEnum):
    """Kafka's names for how a client proves who it is with a password."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


def broker(value: str) -> str:
    """`host:port`; an IPv6 address in brackets."""
    host, _, port = value.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port[:6]) in PORTS and host):
        raise refusal("not a broker", "host:port such as kafka-1.example:9092")
    bare = host_only(host[1:-1] if host[0] == "[" and host[-1] == "]" else host)
    return f"[{bare}]:{int(port)}" if ":" in bare else f"{bare}:{int(port)}"


Broker = Annotated[str, AfterValidator(broker)]
Name = Annotated[str, AfterValidator(matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", NAME))]


class Security(Params):
    """TLS and login; `certificate` and `key` prove who we are where the broker wants a certificate."""

    protocol: Protocol = Protocol.PLAINTEXT
    ca: Located | None = None
    certificate: Located | None = None
    key: Located | None = None
    mechanism: Mechanism = Mechanism.SCRAM_SHA_512
    username: Secret = None
    password: Secret = None

    @property
    def tls(self) -> bool:
        """Whether what is sent is encrypted."""
        return self.protocol in (Protocol.SSL, Protocol.SASL_SSL)

    @property
    def sasl(self) -> bool:
        """Whether we log in with a password."""
        return self.protocol in (Protocol.SASL_PLAINTEXT, Protocol.SASL_SSL)

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        given = self.model_fields_set
        if self.sasl and not {"username", "password"} <= given:
            raise refusal(f"{self.protocol} needs username and password", "env:NAME or file:PATH")
        if not self.sasl and given & {"mechanism", "username", "password"}:
            raise refusal(f"{self.protocol} takes no login", "protocol: SASL_SSL or SASL_PLAINTEXT")
        if not self.tls and given & {"ca", "certificate", "key"}:
            raise refusal(f"{self.protocol} takes no certificates", "protocol: SSL or SASL_SSL")
        if (self.certificate is None) != (self.key is None):
            raise refusal("certificate and key belong together")
        return self


class Kafka(Params):
    """The Kafka of a fleet.

    `partitions` and the key's partitioner decide which worker has a PBX and are fixed when the topics are created.
    `static_member` is a worker's fixed name in the group; `checkpoint` is how often memory is saved. `spool` is how
    many MiB a process keeps on disk while no broker can be reached. `lease` is how long a gateway may be silent until
    others have its PBXs.
    """

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1, max_length=64)]
    prefix: Name = "ringfence"
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 48
    replication: Annotated[int, Field(ge=1, le=7)] = 3
    security: Security = Security()
    group: Name = "ringfence-workers"
    static_member: Name | None = None
    session_timeout: Annotated[Seconds, Field(ge=6, le=1_800)] = 10.0
    checkpoint: Annotated[Seconds, Field(le=60)] = 1.0
    spool: PositiveInt = 1_024
    lease: Annotated[Seconds, Field(ge=3, le=300)] = 12.0
