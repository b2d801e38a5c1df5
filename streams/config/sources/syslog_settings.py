"""Where syslog is received, and which senders tell of which PBX."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from detector.settings.params import Params
from detector.settings.values import Host, Located, Networks, Port, Short, TimeZone


class SyslogFormat(StrEnum):
    """What syslog may carry."""

    ASTERISK_LOG = "asterisk-log"
    FREESWITCH_LOG = "freeswitch-log"


class SyslogPlace(Params):
    """An address to listen at."""

    host: Host = "127.0.0.1"
    port: Port = 514


class SyslogTls(SyslogPlace):
    """As `SyslogPlace`, with a certificate and its key as PEM files."""

    port: Port = 6514
    certificate: Located
    key: Located


class SyslogListeners(Params):
    """Where syslog is received, of the whole installation."""

    udp: SyslogPlace | None = None
    tcp: SyslogPlace | None = None
    tls: SyslogTls | None = None

    @property
    def listening(self) -> bool:
        """Whether there is any."""
        return any((self.udp, self.tcp, self.tls))


class SyslogSenders(Params):
    """Who sends what one PBX writes.

    `senders` are the addresses it comes from, ours or those of a relay; `hosts` the names in its lines, without which
    all that comes from there is of this PBX. `timezone` is that of its times.
    """

    senders: Annotated[Networks, Field(min_length=1)]
    hosts: tuple[Short, ...] = ()
    format: SyslogFormat
    timezone: TimeZone | None = None
