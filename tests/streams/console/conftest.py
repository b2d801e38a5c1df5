"""A console on loopback over a real journal, with an incident as it happens."""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import uvicorn
from msgspec import Struct, field
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from detector.contract.codec import from_micros
from detector.contract.findings import Decision, Detection, Incident, Loss, Subject
from detector.contract.vocabulary import Act, MessageState, Mode, Severity, Stage, State, Status, SubjectKind
from streams.console import ProcessStatus, create_app, first_user
from streams.console.logins import Logins, Opened
from streams.console.wording import utc_micros
from streams.pbxs.sight import PbxSight
from streams.runtime.ingest import SourceStatus
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.migrate import migrate
from streams.store.rows import NotificationRow

SECOND = 1_000_000
THIEF = Subject(SubjectKind.SOURCE_IP, "203.0.113.77")
STOLEN = Subject(SubjectKind.EXTENSION, "1007")
SOMALIA = Subject(SubjectKind.DESTINATION, "+25261234567")
ROUTE = Subject(SubjectKind.ROUTE, "International")


class Clock:
    """The console's clock: the real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return utc_micros() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += int(seconds * SECOND)


class Orders:
    """Does in the journal what the console orders, and remembers it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal = journal
        self.clock = clock
        self.given: list[tuple[str, ...]] = []

    async def approve(self, action_id: str, by: str) -> bool:
        self.given.append(("approve", action_id, by))
        return self.journal.actions.approve(action_id, by, now=self.clock())

    async def refuse(self, action_id: str, by: str, why: str) -> bool:
        self.given.append(("refuse", action_id, by, why))
        return self.journal.actions.refuse(action_id, by, why, now=self.clock())

    async def undo(self, action_id: str, by: str, note: str) -> bool:
        self.given.append(("undo", action_id, by, note))
        return self.journal.actions.request_undo(action_id, by, now=self.clock())

    async def acknowledge(self, incident_id: str, by: str) -> bool:
        self.given.append(("acknowledge", incident_id, by))
        self.journal.remarks.add(incident_id, by=by, about="acknowledged", text="", now=self.clock())
        return True

    async def close_incident(self, incident_id: str, by: str, note: str) -> bool:
        self.given.append(("close", incident_id, by, note))
        return True


class Scene:
    """Puts an attack into the journal as the engine and the executor would."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal = journal
        self.start = clock() - 190 * SECOND

    def at(self, seconds: float) -> int:
        return self.start + int(seconds * SECOND)

    def detection(self, n: int, after: float, rule: str, subject: Subject, summary: str, **rest: object) -> Detection:
        base = Detection(
            id=f"det-{n}", pbx="hq", tenant="acme", at=from_micros(self.at(after)), rule=rule, subject=subject,
            severity=Severity.CRITICAL, summary=summary, values={}, evidence=(f"r{n}", f"r{n}b"), control="C09",
            mode=Mode.AUTO,
        )  # fmt: skip
        return replace(base, **rest)

    def decision(self, name: str, after: float, act: Act, target: Subject, **rest: object) -> Decision:
        at = from_micros(self.at(after))
        base = Decision(
            id=name, pbx="hq", tenant="acme", at=at, incident="inc-1007", because=("det-4",), action=act, rung=1,
            target=target, until=at + timedelta(hours=12), mode=Mode.AUTO, status="active", cuts_running=True,
        )  # fmt: skip
        return replace(base, **rest)

    def incident(self, **rest: object) -> Incident:
        base = Incident(
            id="inc-1007", pbx="hq", tenant="acme", opened_at=from_micros(self.at(0)), at=from_micros(self.at(66)),
            status=Status.CONTAINED, stage=Stage.PUMPING, kind="irsf", severity=Severity.CRITICAL,
            title="Extension 1007 stolen: calls to Somalia", subjects=(STOLEN, THIEF, SOMALIA),
            detections=("det-1", "det-2", "det-3", "det-4"),
            loss=Loss(570, 570, 410_400, "USD", "tariff of carrier-a, avoided until the office opens at 08:00"),
        )  # fmt: skip
        return replace(base, **rest)

    def stolen_extension(self) -> None:
        """Guessed, registered, tried, pumped; stopped within two seconds."""
        scanner = {"user_agent": "friendly-scanner"}
        call: dict[str, object] = {"destination": "+25261234567", "country": "SO", "class": "mobile", "block": "25261"}
        self.journal.findings.record([
            self.detection(1, 0, "registration.bruteforce", THIEF, "13 failed registrations in 60 s",
                           values={"failed": 13, "limit": 5, **scanner}, attack=("T1110.001",)),
            self.detection(2, 4, "registration.new_place", STOLEN, "Registered from a network never seen for 1007",
                           values={"country": "NL", "days_known": 212, **scanner}, control="C11", attack=("T1078",)),
            self.detection(3, 38, "call.country", STOLEN, "First call of this PBX to Somalia, at night",
                           values=call, severity=Severity.WARNING, control="C25"),
            self.detection(4, 64, "call.concurrent_extension", STOLEN, "6 calls at once to one block of numbers",
                           values={"concurrent": 6, "limit": 3, "per_minute": 5.7, **call}, control="C14",
                           evidence=tuple(f"1772867460.{n}" for n in range(11, 17))),
            self.incident(),
            self.decision("dec-1", 64, Act.RESTRICT_EXTENSION, STOLEN),
            self.decision("dec-2", 64.001, Act.HANG_UP, STOLEN),
            self.decision("dec-3", 64.002, Act.BLOCK_IP, THIEF, until=from_micros(self.at(3_664))),
            self.decision("dec-4", 64.003, Act.BLOCK_NUMBER, Subject(SubjectKind.DESTINATION, "+25261")),
        ])  # fmt: skip
        for n, took in enumerate((1.1, 1.2, 1.4, 1.7), start=1):
            self.applied(f"act-dec-{n}", 64 + took)
        self.told("Telegram on-call", 66, "sent")

    def applied(self, action_id: str, after: float) -> None:
        steps = [State.APPROVED, State.APPLYING, State.APPLIED, State.CONFIRMED]
        for n, (was, will) in enumerate(pairwise(steps)):
            moment = self.at(after - 0.4 * (2 - n))
            assert self.journal.actions.move(action_id, {was}, will, by="executor", now=moment)

    def asked(self) -> None:
        """A lock of the route waits for a person."""
        self.journal.findings.record([self.decision("dec-5", 70, Act.LOCK_ROUTE, ROUTE, mode=Mode.ASK, rung=2)])

    def told(self, channel: str, after: float, state: str, error: str | None = None) -> None:
        message = NotificationRow(
            id=f"note-{channel}", incident="inc-1007", channel=channel, revision=1, reason="contained",
            severity="critical", title="Extension 1007 stolen: calls to Somalia", text="...", created_at=self.at(after),
        )  # fmt: skip
        self.journal.notifications.enqueue([message])
        assert self.journal.notifications.finish(
            [message.id], MessageState(state), now=self.at(after + 0.6), error=error
        )


class Console(Struct):
    """A running console, and what is behind it."""

    url: str
    password: str
    journal: Journal
    clock: Clock
    orders: Orders
    scene: Scene
    status: list[ProcessStatus] = field(default_factory=list)
    sights: dict[str, PbxSight] = field(default_factory=dict)

    def browser(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client at `address` that keeps cookies and follows nothing."""
        return httpx.Client(base_url=self.url, transport=httpx.HTTPTransport(verify=False, local_address=address))

    def login(self, client: httpx.Client, password: str | None = None, name: str = "admin") -> httpx.Response:
        form = {"csrf": self.token(client.get("/login")), "name": name, "password": password or self.password}
        return client.post("/login", data=form)

    def token(self, response: httpx.Response) -> str:
        """The token of a page's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', response.text)
        assert found, response.text
        return found[1]

    def order(self, client: httpx.Client, path: str, **fields: str) -> httpx.Response:
        """Send one of the first page's forms."""
        return client.post(path, data={"csrf": self.token(client.get("/")), **fields})


class Prepared(Struct, frozen=True):
    """A journal made once: its user, and a session that is open."""

    file: Path
    password: str
    token: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    file = tmp_path_factory.mktemp("console") / "journal.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, "journal")
    journal = Journal(engine)
    password = first_user(journal)
    assert password
    opened = Logins(journal, utc_micros).open("admin", password, "127.0.0.1")
    assert isinstance(opened, Opened)
    engine.dispose()
    return Prepared(file, password, opened.token)


class Door:
    """An address that stays while the console behind it changes from test to test."""

    url: str
    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    door = Door()
    config = uvicorn.Config(door, log_level="error", proxy_headers=False, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    # without its protocol asyncio does not turn off Nagle's algorithm: 40 ms more for each answer
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        door.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield door
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def console(prepared: Prepared, door: Door, tmp_path: Path) -> Iterator[Console]:
    file = shutil.copy(prepared.file, tmp_path / "journal.db")
    engine = open_engine(f"sqlite:///{file}")
    journal, clock = Journal(engine), Clock()
    orders = Orders(journal, clock)
    watched = ProcessStatus(
        sources=(
            SourceStatus(name="webhook", pbx="hq", connected=True, last_event_at=clock() - 2 * SECOND),
            SourceStatus(name="call records", pbx="hq", connected=True, last_event_at=clock() - 41 * SECOND),
        ),
        events=48_213, findings=11, checkpoint_age=1.4, calls_up=7,
    )  # fmt: skip
    status = [watched]
    sights: dict[str, PbxSight] = {}
    door.app = create_app(journal, commands=orders, status=lambda: status[0], sights=sights.get, now=clock)
    yield Console(door.url, prepared.password, journal, clock, orders, Scene(journal, clock), status, sights)
    engine.dispose()


@pytest.fixture
def visitor(console: Console, prepared: Prepared) -> Iterator[httpx.Client]:
    """Somebody logged in."""
    with console.browser() as client:
        client.cookies.set("ringfence", prepared.token)
        yield client
