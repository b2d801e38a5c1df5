"""The programs of a system test as processes of their own, and what their files and far ends show."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml
from sqlalchemy import NullPool, create_engine, text

from streams.cli.demo_command import AUTO
from tests.ports import free_ports

T = TypeVar("T")
PATIENCE = 60.0
PROGRAM = "from streams.cli.main import app; app()"
SECRET = "sim-secret-of-the-test"
FEED_TOKEN = "feed-token-of-the-test"
WEBHOOK_SECRET = "webhook-secret-of-the-test"
THIEF = "203.0.113.77"
STOLEN = "1007"
BUSY_STATES = ("approved", "applying", "applied")
Rows = Callable[[str], list[tuple[Any, ...]]]


def eventually(what: str, condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `condition` returns once it is true; the limit is generous, so that it never decides."""
    until = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {patience:.0f} s: {what}"
        time.sleep(0.02)
    return found


def free_port() -> int:
    return free_ports(1)


class Program:
    """`ringfence ARGUMENTS` with what it says in a file."""

    def __init__(self, said: Path, arguments: Sequence[str | Path], **options: Any) -> None:
        self._said = said
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RINGFENCE")}
        environment |= {
            "SIM_SECRET": SECRET,
            "FEED_TOKEN": FEED_TOKEN,
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "RINGFENCE_SIM_SECRET": SECRET,
            "RINGFENCE_SIM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "COLUMNS": "200",
            "RINGFENCE_METRICS_PORT": "0",
            **options.pop("env", {}),
        }
        with said.open("ab") as out:
            self._before = out.tell()
            self.process = subprocess.Popen(
                [*options.pop("wrapped", ()), sys.executable, "-c", options.pop("first", "") + PROGRAM, *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, **options,
            )  # fmt: skip

    def said(self) -> str:
        """What it has said since it was started."""
        return self._said.read_bytes()[self._before :].decode(errors="replace")

    def hear(self, words: str) -> str:
        """The first line with these words, waited for."""

        def heard() -> str | None:
            lines = [line for line in self.said().splitlines(keepends=True) if line.endswith("\n") and words in line]
            if not lines:
                assert self.process.poll() is None, f"it has ended:\n{self.said()[-4_000:]}"
            return lines[0].strip() if lines else None

        return eventually(f"{words!r} in:\n{self.said()[-4_000:]}", heard)

    def kill(self) -> None:
        """As by kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def end(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def started(said: Path, *arguments: str | Path, **options: Any) -> Iterator[Program]:
    """A program that does not outlive the test."""
    program = Program(said, arguments, **options)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.kill()


class Sim:
    """A simulated PBX in a process of its own, by what it shows and what its API does."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(headers={"User-Agent": "test"}, timeout=10, trust_env=False)
        self._token = ""

    def state(self) -> dict[str, Any]:
        shown: dict[str, Any] = self._http.get(f"{self.url}/sim/state").json()
        return shown

    def attack(self, name: str = "stolen_extension") -> None:
        assert self._http.post(f"{self.url}/sim/attack/{name}").json() == {"started": name}

    def api(self, verb: str, path: str, **values: Any) -> dict[str, Any]:
        """What an administrator's own program would get."""
        if not self._token:
            body = {"username": "ringfence", "password": SECRET}
            self._token = self._http.post(f"{self.url}/openapi/v1.0/get_token", json=body).json()["access_token"]
        rest: dict[str, Any] = {"params": values} if verb == "GET" else {"json": values}
        rest.setdefault("params", {})["access_token"] = self._token
        answer: dict[str, Any] = self._http.request(verb, f"{self.url}/openapi/v1.0/{path}", **rest).json()
        return answer

    def dial(self, caller: str, callee: str) -> str:
        """Have the PBX place a call; its id."""
        answer = self.api("POST", "call/dial", caller=caller, callee=callee)
        assert answer["errcode"] == 0, answer
        return str(answer["call_id"])

    def extension(self, number: str) -> dict[str, Any]:
        (found,) = self.api("GET", "extension/search", search_value=number)["data"]
        data: dict[str, Any] = self.api("GET", "extension/get", id=found["id"])["data"]
        return data

    def close(self) -> None:
        self._http.close()


@contextlib.contextmanager
def simulated(folder: Path, *options: str, speed: float = 20.0) -> Iterator[Sim]:
    """A simulated PBX, until the end of the test."""
    port = free_port()
    command = ("sim", "--control", "--port", str(port), "--speed", str(speed), *options)
    with started(folder / "sim.log", *command) as program:
        program.hear("simulated PBX")
        sim = Sim(port)
        try:
            yield sim
        finally:
            sim.close()


class Installation:
    """A configuration with its data folder, and what the files there hold."""

    def __init__(self, folder: Path, pbx_url: str = "http://127.0.0.1:1", **changes: Any) -> None:
        self.folder = folder
        self.seen_at: Callable[[Path], Path] = lambda path: path
        self.data = folder / "data"
        self.config = folder / "ringfence.yaml"
        self.console_port, self.outside_port = changes.pop("console_port", None) or free_port(), free_port()
        self.journal_url = changes.pop("journal_url", None)
        connection = {
            "url": pbx_url, "client_id": "env:SIM_ID", "client_secret": "env:SIM_SECRET", "poll_cdr": 1,
            **changes.pop("connection", {}),
        }  # fmt: skip
        self.settings: dict[str, Any] = {
            "data": str(self.data),
            "console": {"port": self.console_port},
            "webhook": {"port": self.outside_port},
            "feed": {"enabled": True, "token": "env:FEED_TOKEN"},
            "enforcers": {"feed": {}},
            "defaults": {
                "access_digit": "9", "rules": {rule: {"mode": "auto"} for rule in AUTO},
                "business_hours": {"mon-sun": "00:00-24:00"},  # the office calls at whatever hour tests are run
            },
            "pbxs": [{
                "id": "hq", "connection": connection,
                "trunks": {"carrier-a": {"max_calls": 30}, "carrier-b": {"max_calls": 30}},
            }],
            **changes,
        }  # fmt: skip
        if self.journal_url:
            self.settings["journal"] = "env:JOURNAL"
        self._write()
        self.environment = {"SIM_ID": "ringfence"} | ({"JOURNAL": self.journal_url} if self.journal_url else {})

    def reach(self, url: str) -> None:
        """The PBX is at this address."""
        self.settings["pbxs"][0]["connection"]["url"] = url
        self._write()

    def change_pbx(self, **changes: Any) -> None:
        """Its settings, but for how it is reached."""
        self.settings["pbxs"][0] |= changes
        self._write()

    def _write(self) -> None:
        self.config.write_text(yaml.safe_dump(self.settings))

    @property
    def feed_url(self) -> str:
        return f"http://127.0.0.1:{self.outside_port}/feed/{FEED_TOKEN}.txt"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    def running(self, **options: Any) -> contextlib.AbstractContextManager[Program]:
        """`ringfence run` with this configuration."""
        environment = self.environment | options.pop("env", {})
        return started(self.folder / "run.log", "run", "--config", self.config, env=environment, **options)

    def rows(self, query: str, *, file: str = "journal.db") -> list[tuple[Any, ...]]:
        """Rows of the journal or of a database in the data folder; none while it is not made."""
        if file == "journal.db" and self.journal_url:
            engine = create_engine(self.journal_url, poolclass=NullPool)
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        path = self.seen_at(self.data / file)
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
            try:
                return database.execute(query).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def write(self, statement: str) -> None:
        """Change the journal in the data folder, as time or an accident would have."""
        with contextlib.closing(sqlite3.connect(self.data / "journal.db", timeout=30)) as database:
            database.execute(statement)
            database.commit()

    def last_offset(self) -> int:
        """How many events were ever taken in."""
        found = self.rows("SELECT value FROM counter WHERE name = 'log'", file="stream.db")
        return int(found[0][0]) if found else 0

    def incidents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for (body,) in self.rows("SELECT body FROM incident ORDER BY opened_at, id")]

    def actions(self) -> list[tuple[str, str, str]]:
        """`(id, kind, state)` of every action."""
        return self.rows("SELECT id, kind, state FROM action ORDER BY created_at, id")

    def detections(self) -> int:
        return len(self.rows("SELECT id FROM detection"))


def settled(installation: Installation) -> bool:
    """Nothing is under way: no action half done, no message, nothing on its way to the journal."""
    states = ",".join(f"'{state}'" for state in BUSY_STATES)
    return not (
        installation.rows(f"SELECT id FROM action WHERE state IN ({states}) AND undo_by IS NULL")  # noqa: S608
        or installation.rows("SELECT id FROM notification WHERE state IN ('pending', 'sending')")
        or installation.rows("SELECT seq FROM outbox", file="stream.db")
    )


class Receiver:
    """A real web server that takes JSON messages as Apprise sends them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # its sender was killed
                receiver.messages.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.port = self._server.server_address[1]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def judge_history(rows: Rows) -> None:
    """One action a decision, each through its states once, and nothing half done."""
    decisions = [decision for (decision,) in rows("SELECT decision_id FROM action")]
    assert len(decisions) == len(set(decisions))
    assert not {state for (state,) in rows("SELECT state FROM action")} & set(BUSY_STATES)
    history: dict[str, list[tuple[int, str]]] = {}
    for action, n, state in rows("SELECT action_id, n, state FROM action_history ORDER BY seq"):
        history.setdefault(action, []).append((n, state))
    for action, changes in history.items():
        assert [n for n, _ in changes] == list(range(1, len(changes) + 1)), action
        states = [state for _, state in changes]
        assert len(states) == len(set(states)), (action, states)
        assert states[-1] in {"confirmed", "requested"}, (action, states)


def judge_messages(rows: Rows, receiver: Receiver) -> None:
    """What was sent came once, what was interrupted at most once and is to be seen as such; nothing else came."""
    found = rows("SELECT title, text, state FROM notification")
    sent = Counter((title, text) for title, text, state in found if state == "sent")
    perhaps = Counter((title, text) for title, text, state in found if state == "interrupted")
    came = Counter((message["title"], message["message"]) for message in receiver.messages)
    assert sent
    assert sent <= came <= sent + perhaps
    assert {state for _, _, state in found} <= {"sent", "interrupted", "superseded"}
