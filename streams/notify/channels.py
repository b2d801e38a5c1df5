"""Everybody who is told, as configured: by a message, or by a call through a PBX."""

from collections.abc import Callable

from detector.settings import Settings
from streams.notify.notifier import Channel
from streams.notify.phone import Phone
from streams.notify.senders import AppriseSender
from streams.pbxs.pbx import PbxConnection


def channels_of(settings: Settings, pbx: Callable[[], PbxConnection | None]) -> list[Channel]:
    """All channels; calls go through whatever PBX there is at the time."""
    found = [
        Channel(target.name, AppriseSender(target.url.get_secret_value()), target.severity, target.incidents)
        for target in settings.notify
        if target.url is not None
    ]
    for number, call in enumerate(settings.calls, 1):
        to = call.extension or call.number or ""
        phone = Phone(pbx, to, call.extension or to, (call.prompt,) if call.prompt else ())
        found.append(Channel(f"call-{number}", phone, call.severity))
    return found
