"""Says what goes on again, as long as nobody has said that they look after it."""

from datetime import datetime, timedelta

from detector.contract.codec import from_micros, to_micros
from detector.contract.vocabulary import MessageState, Severity, Stage, Status
from streams.notify.due import AGAIN, REMINDER, earned
from streams.store.gravity import floor_of
from streams.store.rows import IncidentView

GRAVE = floor_of(Severity.CRITICAL, Stage.ACCESS)
"""From here on somebody is in, or money goes: guessing alone is told once."""
ON_ITS_WAY = frozenset({MessageState.PENDING, MessageState.SENDING})
OURS = frozenset({AGAIN, REMINDER})
"""Reasons that are no news: nobody has to acknowledge them again."""


def find_reminder(view: IncidentView, channel: str, now: datetime, repeat: timedelta) -> str | None:
    """Why `channel` is told again now, None if it is not: contained, acknowledged, on its way or told lately."""
    told = [row for row in view.notifications if row.channel == channel]
    if not told or view.incident.status is not Status.OPEN or earned(view) is not Severity.CRITICAL:
        return None
    states = {row.state for row in told}
    lost = MessageState.INTERRUPTED in states and MessageState.SENT not in states  # repeated as what it is
    if lost or states & ON_ITS_WAY or is_acknowledged(view, channel):
        return None
    if now - from_micros(max(row.sent_at or row.created_at for row in told)) < repeat:
        return None
    return f"{AGAIN}:{sum(row.reason.partition(':')[0] == AGAIN for row in told) + 1}"


def is_acknowledged(view: IncidentView, channel: str) -> bool:
    """Whether a person did or said something since the last news of it for this channel."""
    news = [row.created_at for row in view.notifications
            if row.channel == channel and row.reason.partition(":")[0] not in OURS]  # fmt: skip
    since = max(news, default=to_micros(view.incident.opened_at))
    return any(said.at >= since for said in view.remarks)
