"""The server of `/metrics` and `/healthz`, over real HTTP."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from streams.config.metrics_settings import Metrics
from streams.observe import observer
from streams.observe.families import counters, gauge
from streams.observe.observer import Observer
from streams.processes.http_listener import free_port


class Told:
    """What a process would say."""

    def __init__(self, *ailments: str) -> None:
        self.told = ailments

    async def metrics(self) -> list[Metric]:
        return [gauge("lag_records", "How far behind.", 3), counters("findings", "Found.", "type", {"incident": 2})]

    def ailments(self) -> Iterator[str]:
        yield from self.told


@pytest.fixture
def settings() -> Metrics:
    return Metrics(run=free_port())


async def get(settings: Metrics, path: str, method: str = "GET", **more: object) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.request(method, f"http://127.0.0.1:{settings.run}{path}", **more)  # type: ignore[arg-type]


async def test_figures_are_what_prometheus_reads(settings: Metrics) -> None:
    with Observer(settings, "run", Told()):
        answer = await get(settings, "/metrics?x=1")
    found = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert [sample.value for sample in found["ringfence_lag_records"].samples] == [3]
    assert found["ringfence_findings"].samples[0].labels == {"type": "incident"}
    assert found["ringfence_info"].samples[0].labels["process"] == "run"
    assert {"process_resident_memory_bytes", "ringfence_delay_seconds"} <= found.keys()
    assert all(one.documentation for one in found.values())
    assert not [name for name in found if name.endswith("_created")]


@pytest.mark.parametrize(
    ("ailments", "status", "body"),
    [
        ((), 200, {"status": "ok"}),
        (("the log is away",), 503, {"status": "failing", "reasons": ["the log is away"]}),
    ],
)
async def test_health_is_what_the_process_says(
    settings: Metrics, ailments: tuple[str, ...], status: int, body: object
) -> None:
    with Observer(settings, "run", Told(*ailments)):
        answer = await get(settings, "/healthz")
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404), ("GET", "/metrics/", 404), ("GET", "/healthz/x", 404), ("GET", "/METRICS", 404),
        ("POST", "/metrics", 501), ("DELETE", "/healthz", 501),
    ],
)  # fmt: skip
async def test_there_is_nothing_else(settings: Metrics, method: str, path: str, status: int) -> None:
    with Observer(settings, "run", Told()):
        answer = await get(settings, path, method)
    assert answer.status_code == status
    assert "ython" not in answer.headers["server"]


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
async def test_an_event_loop_that_hangs_is_not_healthy(
    settings: Metrics, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "ANSWER_WITHIN", 0.2)
    with Observer(settings, "run", Told()), ThreadPoolExecutor(1) as thread:
        answer = thread.submit(httpx.get, f"http://127.0.0.1:{settings.run}{path}", trust_env=False).result()
    assert answer.status_code == 503
    assert "event loop has not answered" in answer.text


async def test_only_a_few_connections_are_held_and_none_for_long(
    settings: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Observer(settings, "run", Told()):
        idle = [socket.create_connection(("127.0.0.1", settings.run)) for _ in range(observer.AT_ONCE)]
        with pytest.raises(httpx.TransportError):
            await get(settings, "/healthz")
        monkeypatch.setattr(observer, "CONNECTION", 0.1)
        for one in idle:
            one.settimeout(10)
            assert await asyncio.to_thread(one.recv, 1) == b""
            one.close()
        assert (await get(settings, "/healthz")).status_code == 200


async def test_an_address_in_use_is_named(settings: Metrics) -> None:
    with Observer(settings, "run", Told()), pytest.raises(OSError, match="in use") as caught:
        Observer(settings, "run", Told()).__enter__()
    assert caught.value.filename == f"127.0.0.1:{settings.run} (metrics)"


async def test_nothing_listens_on_port_0_nor_after_the_end(settings: Metrics) -> None:
    with Observer(Metrics(run=0), "run", Told()) as observer:
        assert observer._server is None
    with Observer(settings, "run", Told()):
        pass
    with pytest.raises(httpx.ConnectError):
        await get(settings, "/healthz")
