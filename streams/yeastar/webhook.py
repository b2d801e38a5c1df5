"""What the P-Series pushes over its webhook: frames as of its WebSocket, signed with a secret we share."""

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from pydantic import SecretStr

from detector.formats.yeastar.yeastar_clock import PbxClock
from detector.formats.yeastar.yeastar_frames import REGISTRATION, YeastarFrames, serial_of, type_of
from streams.config.connection import Transport
from streams.config.installation import InstalledPbx
from streams.pbxs.pbx import TimeFormats, WebhookSource
from streams.runtime.ingest import Reading, SourceStatus

NAME = "yeastar-webhook"
DAY = 86_400.0
# A phone that registers, leaves and registers again sends the same bytes again: only retries are repeats there.
RETRIES = 60.0
NOTHING_YET = "nothing has come since this process was started"


class PSeriesWebhook(WebhookSource):
    """One PBX that may push to us; several `secrets` while one replaces another, `sn` None for any.

    The PBX waits 5 s and tries three times more.
    """

    signature_header: ClassVar[str] = "x-signature"

    def __init__(self, frames: YeastarFrames, secrets: tuple[SecretStr, ...], sn: str | None = None) -> None:
        self.status = SourceStatus(NAME, frames.pbx, problem=NOTHING_YET, pushed=True)
        self._frames = frames
        self._secrets = secrets
        self._sn = sn

    def signed(self, body: bytes, signature: str) -> bool:
        """Whether `signature` is Base64 of HMAC-SHA256 over the raw body with one of the secrets; each is tried."""
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        right = False
        for secret in self._secrets:
            key = secret.get_secret_value().encode()
            right |= hmac.compare_digest(hmac.new(key, body, sha256).digest(), given) and bool(key)
        return right

    def foreign(self, body: bytes) -> bool:
        """Whether it names another serial number."""
        return self._sn is not None and serial_of(body) not in {None, self._sn}

    def read(self, body: bytes, received_at: datetime) -> list[Reading]:
        """Its events."""
        found: list[Reading] = self._frames.read(body, received_at)
        self.status.note_unread(self._frames.unread)
        return found

    def repeats_within(self, body: bytes) -> float:
        """A day, or as long as the PBX tries again."""
        return RETRIES if type_of(body) == REGISTRATION else DAY

    def show_times(self, formats: TimeFormats) -> None:
        """Read call records by the PBX's own clock."""
        self._frames.clock = PbxClock(self._frames.clock.zone, formats.date, formats.time)


def webhook_of(pbx: InstalledPbx, frames: YeastarFrames) -> PSeriesWebhook | None:
    """What this PBX may push by, None if it does not."""
    connection = pbx.connection
    if connection is None or connection.events is Transport.WEBSOCKET or connection.webhook_secret is None:
        return None
    return PSeriesWebhook(frames, (connection.webhook_secret,), connection.serial)
