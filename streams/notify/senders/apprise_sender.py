"""Hands messages to Apprise, which knows the services that deliver them."""

import asyncio
import logging
import warnings
from functools import cache
from typing import ClassVar

import apprise

from streams.notify.sender import SENDERS, SendError, UrlSender, sender

TIMEOUT_SECONDS = 30
LONGEST_PAUSE_SECONDS = 1.0
"""Between two messages to one service; Apprise's own 5.5 s would make a burst of incidents late."""


@sender
class AppriseSender(UrlSender):
    """Any service Apprise knows, by its URL, e.g. `mailtos://user:password@host?to=me@example.com`."""

    kind: ClassVar[str] = "apprise"

    def __init__(self, url: str) -> None:
        _prepare()
        self._apprise = apprise.Apprise()
        if not self._apprise.add(url):
            raise ValueError(f"not a URL that Apprise can use: {url.partition('://')[0][:20]}://...")
        for service in self._apprise:
            service.request_rate_per_sec = min(service.request_rate_per_sec, LONGEST_PAUSE_SECONDS)
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def serves(cls, scheme: str) -> bool:
        """Whatever no other sender claims."""
        others = (kind for kind in SENDERS.all().values() if issubclass(kind, UrlSender) and kind is not cls)
        return not any(kind.serves(scheme) for kind in others)

    async def send(self, title: str, text: str) -> None:
        """Deliver as plain text; every service makes of it what it needs."""
        try:
            async with self._one_at_a_time, asyncio.timeout(TIMEOUT_SECONDS):
                result = await self._apprise.async_notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
        except TimeoutError as error:
            raise SendError(f"no answer within {TIMEOUT_SECONDS} s") from error
        except Exception as error:
            # The services' errors quote URLs with passwords: only the kind of error is passed on.
            raise SendError(type(error).__name__) from None
        if not result:
            raise SendError("the service did not take the message")


@cache
def _prepare() -> None:
    """Load Apprise's services once; keep its log, which quotes addresses and tokens, out of ours."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")
