"""Messages as the journal keeps them."""

import hashlib

from msgspec import structs

from detector.contract.findings import Incident
from detector.contract.vocabulary import MessageState
from streams.notify.compose import Message
from streams.store.rows import NotificationRow


def make_row(
    incident: Incident, channel: str, reason: str, message: Message, created_at: int, due: int | None = None
) -> NotificationRow:
    """A message to `channel` that waits, until `due` where it may still grow."""
    return NotificationRow(
        id=notification_id(incident.id, reason, channel), incident=incident.id, channel=channel,
        revision=incident.revision, reason=reason, severity=incident.severity, title=message.title, text=message.text,
        created_at=created_at, next_try_at=due,
    )  # fmt: skip


def set_aside(row: NotificationRow) -> NotificationRow:
    """The same, said by another message already."""
    return structs.replace(row, state=MessageState.SUPERSEDED, next_try_at=None)


def notification_id(incident: str, reason: str, channel: str) -> str:
    """The same for the same change and channel, whenever and by whomever it is made."""
    named = "\0".join((incident, reason, channel)).encode("utf-8", "surrogatepass")
    return f"ntf-{hashlib.sha256(named).hexdigest()[:32]}"
