"""Webhook Event Push: signed events to configured URLs, in order, tried again when not accepted."""

import asyncio
import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ConfigDict, Field

from streams.sim.event_hub import EVENT_IDS
from streams.sim.options import SimOptions, SimWebhook

_QUEUED = 10_000
_KEPT = 10_000


class WebhookSettings(BaseModel):
    """What `webhook/update` takes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    enb_webhook_event_push: int = Field(default=1, ge=0, le=1)
    webhook_event_push_list: tuple[SimWebhook, ...] = Field(default=(), max_length=5)


@dataclass
class SimDelivery:
    """One event on its way to one URL; `status` is the last HTTP status, None without an answer."""

    url: str
    event: int
    body: bytes = field(repr=False)
    attempts: int = 0
    status: int | None = None
    accepted: bool = False


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Signature`: Base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class WebhookSender:
    """One queue and one worker per URL, so that a slow receiver delays only itself."""

    def __init__(self, options: SimOptions, current: Callable[[], WebhookSettings]) -> None:
        self._options = options
        self._current = current
        self._queues: dict[str, asyncio.Queue[tuple[SimWebhook, SimDelivery]]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self.sent: deque[SimDelivery] = deque(maxlen=_KEPT)
        """Deliveries that were accepted or given up, oldest first."""
        self.lost = 0
        """Events thrown away because a queue was full."""

    def push(self, event: int, frame: str) -> None:
        """Queue one event for every URL that wants it."""
        settings = self._current()
        if not settings.enb_webhook_event_push:
            return
        for webhook in settings.webhook_event_push_list:
            if not webhook.event_ids or event in webhook.event_ids:
                self._enqueue(webhook, SimDelivery(webhook.url, event, frame.encode()))

    async def settled(self) -> None:
        """Wait until every queued event was accepted or given up."""
        for queue in list(self._queues.values()):
            await queue.join()

    async def close(self) -> None:
        """Stop the workers; what is queued is lost."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _enqueue(self, webhook: SimWebhook, delivery: SimDelivery) -> None:
        queue = self._queues.get(webhook.url)
        if queue is None:
            queue = self._queues[webhook.url] = asyncio.Queue(_QUEUED)
            self._workers.append(asyncio.create_task(self._work(queue)))
        if queue.full():
            self.lost += 1
            return
        queue.put_nowait((webhook, delivery))

    async def _work(self, queue: asyncio.Queue[tuple[SimWebhook, SimDelivery]]) -> None:
        async with httpx.AsyncClient(timeout=self._options.webhook_timeout_seconds, trust_env=False) as client:
            while True:
                webhook, delivery = await queue.get()
                await self._deliver(client, webhook, delivery)
                self.sent.append(delivery)
                queue.task_done()

    async def _deliver(self, client: httpx.AsyncClient, webhook: SimWebhook, delivery: SimDelivery) -> None:
        for attempt in range(self._options.webhook_retries + 1):
            if attempt:
                await asyncio.sleep(self._options.webhook_retry_wait_seconds)
            delivery.attempts += 1
            delivery.status = await _send(client, webhook, delivery.body)
            if delivery.status is not None and 200 <= delivery.status < 300:
                delivery.accepted = True
                return


async def _send(client: httpx.AsyncClient, webhook: SimWebhook, body: bytes) -> int | None:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Yeastar",
        "X-Signature": signature(webhook.secret, body),
        "Connection": "close",
    }
    try:
        answer = await client.request(webhook.request_method, webhook.url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.status_code


def shown(settings: WebhookSettings, options: SimOptions) -> dict[str, object]:
    """As `webhook/query` answers."""
    return {
        "enb_webhook_event_push": settings.enb_webhook_event_push,
        "webhook_event_push_list": [
            w.model_dump(mode="json") | {"event_ids": list(w.event_ids)} for w in settings.webhook_event_push_list
        ],
        "webhook_event_push_timeout": int(options.webhook_timeout_seconds),
        "webhook_event_push_retry_count": options.webhook_retries,
        "webhook_event_ids": list(EVENT_IDS),
    }
