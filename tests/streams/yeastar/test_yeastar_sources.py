"""WebSocket, webhook and CDR poll against a simulated PBX: nothing lost, nothing taken that is not its own."""

import asyncio
import base64
import hmac
import json
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from detector.contract.events import Call, Login, Registration
from detector.formats.yeastar.yeastar_frames import YeastarFrames
from streams.pbxs.webhook_receiver import Receiver, webhook_router
from streams.pbxs.webhook_seen import SqliteSeen
from streams.sim import CallPlan, SimOptions, SimulatedPbx, SimWebhook
from streams.yeastar.catchup import Catchup
from streams.yeastar.cdr_poll import CdrPoll
from streams.yeastar.client import YeastarClient
from streams.yeastar.webhook import PSeriesWebhook
from streams.yeastar.websocket import WebSocketSource

ZONE = ZoneInfo("America/New_York")
OUTSIDE = "912125550100"
TALKING = CallPlan(ring=0, talk=None)
SECRET = "s" * 32


class MemoryLog:
    """The beginning of the log: keeps everything, fails as often as told."""

    def __init__(self):
        self.events, self.rejected, self.failures, self.batches = [], [], 0, 0
        self.grown = asyncio.Event()

    async def put(self, events):
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.batches += 1
        self.events += events
        self.grown.set()

    async def reject(self, rejected, source, pbx):
        self.rejected.append((rejected, source, pbx))
        self.grown.set()

    async def until(self, wanted):
        async with asyncio.timeout(5):
            while not (found := wanted()):
                self.grown.clear()
                await self.grown.wait()
        return found

    def calls(self, phase):
        return [event for event in self.events if isinstance(event, Call) and event.phase == phase]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def frames_of(name="hq"):
    return YeastarFrames(name, ZONE, keyed_hash=lambda pin: "hash")


def client_of(pbx, secret=None):
    secret = SecretStr(secret or pbx.client_secret)
    return YeastarClient(pbx.url, pbx.client_id, secret, zone=ZONE, pause=0.01)


@asynccontextmanager
async def running(work):
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def listening(pbx, log, *, secret=None, **changes):
    client = client_of(pbx, secret)
    frames = frames_of()
    catchup = Catchup(client, frames)
    source = WebSocketSource(client, frames, log, catchup, **({"pause": 0.02, "rest": 0.02} | changes))
    async with running(source.run()):
        try:
            yield source
        finally:
            pass
    await client.close()


async def up(source, connects=1):
    """Until it is connected for the nth time and has filled the gap since."""
    filled = source._catchup.filled_at
    async with asyncio.timeout(5):
        while not (  # noqa: ASYNC110 - the state of another task
            source.status.connected
            and source.status.connects >= connects
            and source._catchup.filled_at not in {None, filled}
        ):
            await asyncio.sleep(0.005)


async def eventually(condition):
    """Until it holds; the limit is generous, so that it never decides."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the state of another task
            await asyncio.sleep(0.005)


def call_out(pbx, number="1001", plan=TALKING):
    pbx.register(number)
    return pbx.dial(number, OUTSIDE, plan=plan).call


def began_hours_ago(pbx, call):
    """Move a call's beginning, which its id tells, three hours back."""
    del pbx.core.calls.up[call.call_id]
    began = int(pbx.core.clock.now()) - 3 * 3600
    call.call_id = f"{began}.1"
    pbx.core.calls.up[call.call_id] = call
    for part in call.parts:
        part.call_id, part.started_at = call.call_id, float(began)


class TestWebSocket:
    async def test_a_call_from_its_start_to_its_end(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log) as source:
            await up(source)
            call = call_out(pbx)
            (registration,) = await log.until(lambda: log.of(Registration))
            (answered,) = await log.until(lambda: log.calls("answered"))
            assert (answered.extension, answered.to, answered.source) == ("1001", OUTSIDE, "yeastar-websocket")
            assert registration.extension == "1001"
            pbx.core.calls.hang_up(answered.channel)
            (ended,) = await log.until(lambda: log.calls("ended"))
            assert ended.call_id == call.call_id
            assert source.status.last_event_at is not None
            assert not log.rejected

    async def test_what_happened_while_the_connection_was_down_is_made_up_for(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log, pause=0.2) as source:
            await up(source)
            before = call_out(pbx)
            await log.until(lambda: log.calls("answered"))
            pbx.core.access.revoke_all()
            await disconnect(pbx)
            pbx.core.calls.hang_up(before.channel)
            short = call_out(pbx, "1004", CallPlan(ring=0))
            pbx.core.calls.hang_up(short.channel)
            during = call_out(pbx, "1000")
            await up(source, connects=2)
            await log.until(lambda: {before.call_id, short.call_id} <= {e.call_id for e in log.calls("ended")})
            await log.until(lambda: during.call_id in {e.call_id for e in log.calls("answered")})
            ids = [(event.id, event.revision) for event in log.events]
            assert len(ids) == len(set(ids))
            assert sorted(row["call_id"] for row in pbx.cdrs) == sorted(event.call_id for event in log.calls("ended"))

    async def test_a_long_call_that_ended_in_the_gap_is_found_by_its_beginning(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx:
            client = client_of(pbx)
            long_call = call_out(pbx)
            began_hours_ago(pbx, long_call)
            poll = CdrPoll("hq", log, Catchup(client, frames_of()), interval=0.01)
            async with running(poll.run()):
                await log.until(lambda: log.calls("answered"))
                await asyncio.sleep(0.05)
                assert not log.calls("ended")
                pbx.core.calls.hang_up(long_call.channel)
                (ended,) = await log.until(lambda: log.calls("ended"))
            await client.close()
            assert ended.call_id == long_call.call_id

    async def test_the_end_of_a_token_is_survived(self):
        log = MemoryLog()
        options = SimOptions(access_token_seconds=0.3)
        async with SimulatedPbx(options) as pbx, listening(pbx, log, heartbeat=0.05) as source:
            await up(source, connects=2)
            call_out(pbx)
            await log.until(lambda: log.calls("started"))

    async def test_heartbeats_keep_the_stream_open(self):
        log = MemoryLog()
        options = SimOptions(websocket_idle_seconds=0.2)
        async with SimulatedPbx(options) as pbx, listening(pbx, log, heartbeat=0.05) as source:
            await up(source)
            await asyncio.sleep(0.5)
            assert (source.status.connected, source.status.connects) == (True, 1)

    async def test_a_stream_that_falls_silent_is_opened_anew(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log, silence=0.05) as source:
            await eventually(lambda: source.status.connects >= 2)

    async def test_a_log_that_is_down_for_a_while_loses_nothing(self):
        log = MemoryLog()
        log.failures = 2
        async with SimulatedPbx() as pbx, listening(pbx, log) as source:
            source._delivery._pause = 0.01
            await up(source)
            call_out(pbx)
            await log.until(lambda: log.calls("answered"))
            await log.until(lambda: log.of(Registration))
            assert log.failures == 0

    async def test_a_wrong_password_is_said_once_and_not_hammered(self):
        log = MemoryLog()
        with structlog.testing.capture_logs() as told:
            async with SimulatedPbx() as pbx, listening(pbx, log, secret="wrong") as source:
                poll = CdrPoll("hq", log, source._catchup, interval=0.01)
                async with running(poll.run()):
                    for one in (source, poll):
                        await eventually(lambda status=one.status: (status.problem or "").startswith("LockedOut"))
                assert pbx.core.access._failures == {"127.0.0.1": 2}
                assert not pbx.blocked_api_ips
        loud = [entry["problem"].partition(":")[0] for entry in told if entry["event"] == "trouble with the PBX"]
        assert sorted(loud) == ["BadCredentials", "BadCredentials", "LockedOut", "LockedOut"]

    async def test_frames_of_another_pbx_are_dead_letters(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log, sn="another") as source:
            await up(source)
            pbx.register("1001")
            ((rejected, name, pbx_name),) = await log.until(lambda: log.rejected)
            assert (rejected.field, rejected.excerpt, name, pbx_name) == (
                "sn", pbx.serial, "yeastar-websocket", "hq",
            )  # fmt: skip
            assert not log.of(Registration)

    async def test_what_is_not_understood_is_counted_with_the_last_of_it_and_why(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log) as source:
            await up(source)
            for kind in ("robot\x1b[2J", "drone"):
                strange = {"call_id": "1772676302.7", "members": [{kind: {"number": "1001"}}]}
                pbx.core.hub.emit(30011, strange)
            await eventually(lambda: source.status.unread == 2)
            assert source.status.unread_reason == "a frame of type 30011 with members of a call that are not known"
            assert "drone" in source.status.unread_sample
            assert source.status.rejected == 0

    async def test_an_answered_heartbeat_is_a_sign_of_life(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log, heartbeat=0.02) as source:
            await up(source)
            before = source.status.heard_at or 0
            await eventually(lambda: (source.status.heard_at or 0) > before)
            assert source.status.events == 0

    async def test_a_pbx_that_is_away_is_waited_for(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx:
            port = int(pbx.url.rpartition(":")[2])
            options = pbx.options.model_copy(update={"port": port, "client_secret": SecretStr(pbx.client_secret)})
        async with listening(pbx, log) as source:
            await eventually(lambda: (source.status.problem or "").startswith("Unreachable"))
            async with SimulatedPbx(options):
                await up(source)


async def disconnect(pbx):
    """Cut every connection of the PBX's web server."""
    for connection in list(pbx._server._server.server_state.connections):
        connection.transport.abort()
    await asyncio.sleep(0.02)


class TestCdrPoll:
    async def test_it_adds_the_callers_address_to_what_the_stream_told(self):
        log = MemoryLog()
        async with SimulatedPbx() as pbx, listening(pbx, log) as source:
            await up(source)
            call = call_out(pbx)
            await log.until(lambda: log.calls("answered"))
            pbx.core.calls.hang_up(call.channel)
            await log.until(lambda: log.calls("ended"))
            poll = CdrPoll("hq", log, source._catchup, interval=0.01)
            async with running(poll.run()):
                live, record = await log.until(lambda: len(log.calls("ended")) > 1 and log.calls("ended"))
                await asyncio.sleep(0.1)
            assert len(log.calls("ended")) == 2
            assert poll.status.connected
            assert poll.status.heard_at is not None
            assert (live.id, live.revision, live.source_ip) == (record.id, 0, None)
            assert (record.revision, record.source, record.at) == (2, "yeastar-cdr", live.at)
            assert record.source_ip == pbx.cdrs[0]["src_addr"] != ""

    async def test_a_missing_permission_is_shown_and_ends_nothing(self):
        log = MemoryLog()
        async with SimulatedPbx(SimOptions(denied_permissions={"cdr"})) as pbx:
            client = client_of(pbx)
            poll = CdrPoll("hq", log, Catchup(client, frames_of()), interval=0.01)
            async with running(poll.run()) as task:
                await eventually(lambda: (poll.status.problem or "").startswith("AccessDenied"))
                assert not task.done()
                assert poll.status.heard_at is None
            await client.close()


def body_of(kind=30007, sn="3631A2124001", **message):
    message = message or {"extension": "1001", "kind": "Sip", "status": "Registered", "registered_ip": "10.0.0.1"}
    return json.dumps({"type": kind, "sn": sn, "msg": json.dumps(message)}).encode()


def signature_of(body, secret=SECRET):
    return {"X-Signature": base64.b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()}


@asynccontextmanager
async def served(log, *, seen=None, sn=None, patience=4.0, secrets=(SECRET,)):
    """The receiver on a port of its own: its address and an HTTP client."""
    pbx = PSeriesWebhook(frames_of(), tuple(SecretStr(secret) for secret in secrets), sn)
    seen = seen or seen_of(time.time)
    app = FastAPI()
    app.include_router(webhook_router(Receiver({"hq": pbx}, log, seen, patience=patience)))
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110 - another task's state
            await asyncio.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/webhook/hq"
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            yield url, http
    finally:
        server.should_exit = True
        await task
        seen.close()


def seen_of(now, path=":memory:"):
    return SqliteSeen(Path(path), now)


class TestWebhook:
    def test_what_is_not_understood_is_counted_with_the_last_of_it_escaped(self):
        pbx = PSeriesWebhook(frames_of(), (SecretStr(SECRET),))
        for kind in (40_001, 40_002):
            assert pbx.read(body_of(kind, text="\x1b[2J\u202e"), datetime.now(UTC)) == []
        assert (pbx.status.unread, pbx.status.unread_reason) == (2, "a frame of type 40002 that is not known")
        assert pbx.status.unread_sample.isprintable()
        assert "40002" in pbx.status.unread_sample

    async def test_what_the_pbx_pushes_is_taken(self):
        log = MemoryLog()
        async with served(log, sn="3631A2124001") as (url, _):
            options = SimOptions(webhooks=(SimWebhook(url=url, secret=SECRET),))
            async with SimulatedPbx(options) as pbx:
                call = call_out(pbx)
                pbx.login("admin", "not the password", "203.0.113.77")
                pbx.core.calls.hang_up(call.channel)
                await pbx.webhooks_settled()
                assert all(delivery.accepted and delivery.attempts == 1 for delivery in pbx.sent_webhooks)
        assert [event.phase for event in log.of(Call)][-1] == "ended"
        (login,) = log.of(Login)
        assert (login.source_ip, login.trust, login.source) == ("203.0.113.77", "text", "yeastar-webhook")
        assert not log.rejected

    @pytest.mark.parametrize(
        "headers",
        [{}, {"X-Signature": ""}, {"X-Signature": "not base64"}, {"X-Signature": "ÿ".encode("latin-1")},
         signature_of(b"another body"), signature_of(body_of(), "another secret"), signature_of(body_of(), "x")],
    )  # fmt: skip
    async def test_without_the_right_signature_nothing_is_taken(self, headers):
        log = MemoryLog()
        async with served(log) as (url, http):
            assert (await http.post(url, content=body_of(), headers=headers)).status_code == 401
        assert not log.events
        assert not log.rejected

    async def test_an_unknown_pbx_is_answered_like_a_wrong_signature(self):
        log = MemoryLog()
        async with served(log) as (url, http):
            known = await http.post(url, content=body_of(), headers=signature_of(body_of(), "no"))
            for secret in (SECRET, "no"):
                other = await http.post(f"{url}x", content=body_of(), headers=signature_of(body_of(), secret))
                assert (other.status_code, other.content) == (known.status_code, known.content) == (401, other.content)

    async def test_an_empty_secret_signs_nothing(self):
        async with served(MemoryLog(), secrets=("",)) as (url, http):
            assert (await http.post(url, content=body_of(), headers=signature_of(body_of(), ""))).status_code == 401

    async def test_old_and_new_secret_are_good_while_one_replaces_the_other(self):
        log = MemoryLog()
        async with served(log, secrets=("new", "old")) as (url, http):
            for secret, number in (("new", "1001"), ("old", "1002")):
                body = body_of(extension=number, status="Registered")
                assert (await http.post(url, content=body, headers=signature_of(body, secret))).json() == {
                    "status": "ok"
                }
        assert len(log.events) == 2

    async def test_only_post(self):
        async with served(MemoryLog()) as (url, http):
            for method in ("GET", "PUT", "HEAD", "DELETE"):
                answer = await http.request(method, url, headers=signature_of(b""))
                assert answer.status_code == 405

    async def test_a_huge_body_is_not_read(self):
        log, body = MemoryLog(), b"x" * (64 * 1024 + 1)

        async def chunks():
            for _ in range(65):
                yield b"x" * 1024

        async with served(log) as (url, http):
            assert (await http.post(url, content=body, headers=signature_of(body))).status_code == 413
            answer = await http.post(url, content=chunks(), headers=signature_of(b"x" * 65 * 1024))
            assert answer.status_code == 413
        assert not log.rejected

    async def test_another_pbxs_events_are_refused(self):
        log, body = MemoryLog(), body_of(sn="365X")
        async with served(log, sn="3631A2124001") as (url, http):
            assert (await http.post(url, content=body, headers=signature_of(body))).status_code == 403
        assert not log.events

    async def test_what_cannot_be_read_is_a_dead_letter_and_not_sent_again(self):
        log, body = MemoryLog(), b"a test message"
        async with served(log) as (url, http):
            for _ in range(2):
                assert (await http.post(url, content=body, headers=signature_of(body))).status_code == 200
        ((rejected, source, pbx),) = log.rejected
        assert (rejected.excerpt, source, pbx) == ("a test message", "yeastar-webhook", "hq")

    async def test_a_replay_within_a_day_changes_nothing(self, tmp_path):
        time = [1_000.0]
        body = body_of(30012, uid="a", call_id="1", time_start="2026-01-01 00:00:00")
        log = MemoryLog()
        SqliteSeen(tmp_path / "seen.db").close()
        async with served(log, seen=seen_of(lambda: time[0], tmp_path / "seen.db")) as (url, http):
            for later in (0, 1, 86_398):
                time[0] += later
                assert (await http.post(url, content=body, headers=signature_of(body))).status_code == 200
                assert len(log.events) == 1
            time[0] += 2
            assert (await http.post(url, content=body, headers=signature_of(body))).status_code == 200
            assert len(log.events) == 2

    async def test_a_phone_that_comes_back_after_a_minute_is_no_replay(self):
        time = [1_000.0]
        log = MemoryLog()
        async with served(log, seen=seen_of(lambda: time[0])) as (url, http):
            for later, events in ((0, 1), (59, 1), (2, 2)):
                time[0] += later
                assert (await http.post(url, content=body_of(), headers=signature_of(body_of()))).status_code == 200
                assert len(log.events) == events

    async def test_a_log_that_fails_or_is_slow_makes_the_pbx_try_again(self):
        log = MemoryLog()
        log.failures = 2
        async with served(log) as (url, _):
            options = SimOptions(webhooks=(SimWebhook(url=url, secret=SECRET, event_ids=(30007,)),),
                                 webhook_retry_wait_seconds=0.02)  # fmt: skip
            async with SimulatedPbx(options) as pbx:
                pbx.register("1001")
                await pbx.webhooks_settled()
                (delivery,) = pbx.sent_webhooks
                assert (delivery.accepted, delivery.attempts) == (True, 3)
        assert len(log.events) == 1

    async def test_a_log_that_never_returns_is_not_waited_for(self):
        class Stuck(MemoryLog):
            async def put(self, events):
                await asyncio.Event().wait()

        async with served(Stuck(), patience=0.05) as (url, http):
            answer = await http.post(url, content=body_of(), headers=signature_of(body_of()))
            assert answer.status_code == 503


async def test_seen_survives_a_restart(tmp_path):
    first = SqliteSeen(tmp_path / "seen.db")
    await first.add(b"digest", 60)
    first.close()
    second = SqliteSeen(tmp_path / "seen.db")
    assert await second.known(b"digest")
    assert not await second.known(b"other")
    second.close()
