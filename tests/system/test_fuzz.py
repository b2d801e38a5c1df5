"""Ten thousand broken lines and frames: each is refused with a reason or bounded, and the service goes on detecting."""

import asyncio
import base64
import hmac
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from starlette.types import Receive, Scope, Send

from detector.contract.codec import Codec, Rejected
from detector.contract.events import MAX_EVENT_BYTES
from detector.formats.yeastar.yeastar_frames import YeastarFrames, serial_of
from streams.sim.local_server import LocalServer
from tests.system.garbage import SERIAL, ZERO, Garbage
from tests.system.programs import WEBHOOK_SECRET, Installation, Program, eventually, started

REQUESTS, FRAMES = 1_500, 1_500
LINES = {"events": 4_000, "asterisk-log": 1_500, "yeastar-cdr": 1_500}
DATA = Path(__file__).parents[1] / "data"
AT_ONCE = 12


class HostilePbx:
    """Just enough of a PBX to log in and subscribe; then it pushes whatever it is given."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.subscribed = asyncio.Event()
        self.subscriptions = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope["path"].removeprefix("/openapi/v1.0/"), send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            await send({"type": "websocket.send", "text": '{"errcode": 0, "errmsg": "SUCCESS"}'})
            self.subscriptions += 1
            self.subscribed.set()
            pushing = asyncio.create_task(self._push(send))
            while (await receive())["type"] != "websocket.disconnect":
                pass
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)

    async def _push(self, send: Send) -> None:
        while True:
            await send({"type": "websocket.send", "bytes": await self.frames.get()})

    async def _answer(self, path: str, send: Send) -> None:
        answers: dict[str, dict[str, Any]] = {
            "get_token": {"access_token": "a" * 32, "refresh_token": "r" * 32, "access_token_expire_time": 1800,
                          "refresh_token_expire_time": 86400},
            "system/information": {"data": {"sn": SERIAL}},
            "call/query": {"errcode": 60001, "errmsg": "DATA NOT FOUND"},
        }  # fmt: skip
        body = {"errcode": 0, "errmsg": "SUCCESS", "total_number": 0, "data": []} | answers.get(path, {})
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


@asynccontextmanager
async def attacked(folder: Path) -> AsyncIterator[tuple[Installation, Program, HostilePbx]]:
    """A service that listens to a hostile PBX in both ways."""
    pbx = HostilePbx()
    server = LocalServer(pbx, "127.0.0.1", 0, lambda _: False)
    await server.start()
    connection = {
        "events": "both", "webhook_secret": "env:WEBHOOK_SECRET", "serial": SERIAL, "poll_cdr": 60, "timezone": "UTC",
    }  # fmt: skip
    defaults = {"access_digit": "9"}
    installation = Installation(folder, f"http://127.0.0.1:{server.port}", connection=connection, defaults=defaults)
    try:
        with installation.running() as program:
            await asyncio.to_thread(program.hear, '"connected"')
            yield installation, program, pbx
            assert program.process.poll() is None
            assert await asyncio.to_thread(program.end) == 0
            assert "Traceback" not in program.said()
    finally:
        await server.stop()


def reader() -> YeastarFrames:
    return YeastarFrames("hq", ZoneInfo("UTC"), keyed_hash=lambda _: "hash")


def refused(frames: YeastarFrames, body: bytes) -> int:
    """How many of the records in a frame nobody can use."""
    return sum(isinstance(found, Rejected) for found in frames.read(body, datetime.now(UTC)))


def dead_letters(installation: Installation) -> int:
    ((count,),) = installation.rows("SELECT value FROM counter WHERE name = 'dead_letter'", file="stream.db")
    return int(count)


def pumping(extension: str) -> list[bytes]:
    """Frames of ten calls to Somalia that are up at once."""
    return [call_up(extension, number) for number in range(10)]


def call_up(extension: str, number: int) -> bytes:
    ours = {"number": extension, "channel_id": f"PJSIP/{extension}-{number:08x}", "member_status": "ANSWERED"}
    far = {
        "from": extension, "to": f"901125261234{number:03}", "trunk_name": "carrier-a",
        "channel_id": f"PJSIP/trunk-{extension}-{number:08x}", "member_status": "ANSWER",
    }  # fmt: skip
    call_id = f"{int(datetime.now(UTC).timestamp())}.9{number}"
    message = {"call_id": call_id, "members": [{"extension": ours}, {"outbound": far}]}
    return json.dumps({"type": 30011, "sn": SERIAL, "msg": message}).encode()


async def detected(installation: Installation, extension: str) -> None:
    def found() -> bool:
        bodies = installation.rows("SELECT body FROM detection WHERE rule = 'call.concurrent_extension'")
        return extension in [json.loads(body)["subject"]["id"] for (body,) in bodies]

    await asyncio.to_thread(eventually, f"pumping by {extension} is detected", found)


async def healthy(installation: Installation) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{installation.console_url}/healthz")
    assert answer.status_code == 200
    reasons = installation.rows("SELECT reason FROM dead_letter WHERE reason = ''", file="stream.db")
    assert reasons == []


def signature(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()


class Pusher:
    """Pushes to the webhook receiver as a PBX does: what is busy is tried again."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self.answers: dict[int, int] = {}

    async def push(self, body: bytes, header: str | None) -> int:
        headers = {"X-Signature": header} if header is not None else {}
        while True:
            try:
                status = (await self._client.post(self._url, content=body, headers=headers)).status_code
            except httpx.TransportError:
                assert len(body) > MAX_EVENT_BYTES  # answered and closed before all of it was sent
                status = 413
            if status != 503:
                self.answers[status] = self.answers.get(status, 0) + 1
                return status


def expected(body: bytes, header: str | None) -> int:
    """The status a request deserves."""
    if header is None:
        return 401
    if len(body) > MAX_EVENT_BYTES:
        return 413
    if header != signature(body):
        return 401
    return 200 if serial_of(body) in {None, SERIAL} else 403


async def test_webhooks(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    garbage = Garbage(seed)
    bodies = list(dict.fromkeys(garbage.frame() for _ in range(REQUESTS)))
    bodies += [b"one more %d" % number for number in range(REQUESTS - len(bodies))]
    headers = [
        garbage.rng.choice((None, "", "no base64!", signature(body)[:-4], signature(body, "x")))
        if garbage.rng.random() < 0.15 else signature(body)
        for body in bodies
    ]  # fmt: skip
    async with attacked(tmp_path) as (installation, _, _), httpx.AsyncClient(trust_env=False, timeout=60) as client:
        pusher = Pusher(client, f"http://127.0.0.1:{installation.outside_port}/webhook/hq")
        waiting = list(zip(bodies, headers, strict=True))

        async def work() -> None:
            while waiting:
                body, header = waiting.pop()
                assert await pusher.push(body, header) == expected(body, header or None), body[:200]

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        assert set(pusher.answers) == {200, 401, 413, 403}
        frames = reader()
        taken = [b for b, h in zip(bodies, headers, strict=True) if expected(b, h or None) == 200]
        assert dead_letters(installation) == sum(refused(frames, body) for body in taken) > REQUESTS / 10
        await healthy(installation)
        for body in pumping("1012"):
            assert await pusher.push(body, signature(body)) == 200
        await detected(installation, "1012")


async def test_websocket_frames(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    garbage = Garbage(seed)
    made = [garbage.frame() for _ in range(FRAMES)]
    bodies = [body for body in made if len(body) <= 2 * MAX_EVENT_BYTES]
    frames = reader()
    wanted = sum(refused(frames, body) if serial_of(body) == SERIAL else 1 for body in bodies)
    async with attacked(tmp_path) as (installation, _, pbx):
        await pbx.subscribed.wait()
        for body in bodies:
            pbx.frames.put_nowait(body)
        await asyncio.to_thread(
            eventually, f"{wanted} dead letters", lambda: dead_letters(installation) >= wanted > FRAMES / 10
        )
        pbx.subscribed.clear()
        pbx.frames.put_nowait(max(made, key=len) + b" " * 2 * MAX_EVENT_BYTES)
        async with asyncio.timeout(60):
            await pbx.subscribed.wait()
        await healthy(installation)
        for body in pumping("1007"):
            pbx.frames.put_nowait(body)
        await detected(installation, "1007")
        assert dead_letters(installation) == wanted
        assert pbx.subscriptions == 2


def replayed(folder: Path, name: str, lines: list[bytes]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`(findings, dead letters)` of a file."""
    file, out, dead = folder / "input", folder / "findings.jsonl", folder / "dead.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    command = ("replay", file, "--format", name, "--pbx", "hq", "--timezone", "UTC", "--year", "2026")
    with started(folder / "replay.log", *command, "--out", out, "--dead-letters", dead) as program:
        assert program.process.wait(120) == 0, program.said()
        assert "Traceback" not in program.said()
    findings = [json.loads(line) for line in out.read_bytes().splitlines()]
    letters = [json.loads(line) for line in dead.read_bytes().splitlines()]
    assert findings[-1]["type"] == "stats"
    assert findings[-1]["rejected"] == len(letters)
    assert all(letter["reason"] and 0 < letter["line"] <= len(lines) for letter in letters)
    assert max(len(letter["excerpt"]) for letter in letters) < 10_000
    return findings, letters


def test_events(tmp_path: Path) -> None:
    garbage = Garbage(random.SystemRandom().randrange(1_000_000))
    lines = [garbage.line() for _ in range(LINES["events"])]
    codec = Codec()
    records = [record for line in lines for record in codec.decode(line.strip())]
    end = ZERO + timedelta(seconds=LINES["events"])
    attack = [
        json.dumps({"kind": "registration", "pbx": "hq", "id": f"attack{n}", "outcome": "rejected", "account": "1007",
                    "at": (end + timedelta(seconds=n)).isoformat(), "source_ip": "203.0.113.77"}).encode()
        for n in range(10)
    ]  # fmt: skip
    findings, letters = replayed(tmp_path, "events", lines + attack)
    rejected = sum(isinstance(record, Rejected) for record in records)
    assert len(letters) == rejected > len(lines) / 10
    assert findings[-1]["read"] == len(records) + len(attack)
    assert "control events are written by Ringfence only" in {letter["reason"] for letter in letters}
    rules = {(finding["rule"], finding["subject"]["id"]) for finding in findings if finding["type"] == "detection"}
    assert ("registration.bruteforce", "203.0.113.77") in rules


def test_asterisk_lines(tmp_path: Path) -> None:
    garbage = Garbage(random.SystemRandom().randrange(1_000_000))
    good = (DATA / "asterisk-both.log").read_bytes().splitlines()
    lines = [garbage.text_line(good) for _ in range(LINES["asterisk-log"])]
    findings, _ = replayed(tmp_path, "asterisk-log", [*lines, *good])
    assert any(finding["type"] == "detection" for finding in findings)


def test_call_records(tmp_path: Path) -> None:
    garbage = Garbage(random.SystemRandom().randrange(1_000_000))
    head, *good = (DATA / "yeastar-cdr.csv").read_bytes().splitlines()
    lines = [garbage.text_line(good) for _ in range(LINES["yeastar-cdr"])]
    findings, _ = replayed(tmp_path, "yeastar-cdr", [head, *lines, *good])
    assert findings[-1]["read"] > len(good)
