"""A theft on a simulated PBX in the hands of the test, with the service as a process of its own beside it."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from detector.contract.findings import Incident, Loss, Subject
from detector.contract.vocabulary import Severity, Stage, Status, SubjectKind
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from tests.system.programs import PATIENCE, SECRET, STOLEN, THIEF, Installation, Program, Receiver

T = TypeVar("T")
SOMALIA = "901125261"
TEN_MINUTES = CallPlan(ring=0.2, talk=600)
RULES = ("registration.bruteforce", "call.frequency", "call.concurrent_extension")


async def come_true(what: str, condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `condition` returns once it is true, while the simulated PBX goes on."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while not (found := await asyncio.to_thread(condition)):
        assert loop.time() < until, f"not within {patience:.0f} s: {what}"
        await asyncio.sleep(0.05)
    return found


class Scene:
    """The PBX, what is installed beside it, and who is told. Closing `power` switches the PBX off."""

    def __init__(self, sim: SimulatedPbx, installation: Installation, receiver: Receiver) -> None:
        self.sim = sim
        self.installation = installation
        self.receiver = receiver
        self.power = contextlib.AsyncExitStack()
        self.numbers = itertools.count(10_000)
        sim.register("1001")

    def configure(self, mode: str = "auto", **changes: Any) -> None:
        """The rules of the theft in this mode, and any other setting."""
        rules = {rule: {"mode": mode} for rule in RULES}
        self.installation.settings["defaults"]["rules"] = rules | changes.pop("rules", {})
        self.installation.settings |= changes
        self.installation.reach(self.sim.url)

    @contextlib.asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[Program]:
        """`ringfence run`, connected to the PBX."""
        options["env"] = {"HOOK": f"json://127.0.0.1:{self.receiver.port}/", **options.get("env", {})}
        with self.installation.running(**options) as program:
            await asyncio.to_thread(program.hear, "console")
            await come_true("it is connected", lambda: '"connected"' in program.said())
            yield program

    async def theft(self, number: str = STOLEN, calls: int = 6) -> None:
        """The extension is registered from far away and makes calls to Somalia that would last ten minutes."""
        self.sim.register(number, source_ip=THIEF)
        for _ in range(calls):
            self.call(number)
            await asyncio.sleep(0.05)

    def call(self, number: str = STOLEN) -> None:
        """One more of its calls; the PBX may refuse it."""
        self.sim.dial(number, f"{SOMALIA}{next(self.numbers)}", source_ip=THIEF, plan=TEN_MINUTES)

    def abroad(self) -> list[str]:
        """The calls of the theft that are up."""
        return [call.dialled for call in self.sim.calls if call.dialled.startswith(SOMALIA)]

    def held(self) -> bool:
        """The calls are gone, the extension makes no more, and it is known."""
        statuses = [one["status"] for one in self.installation.incidents() if one["stage"] == "pumping"]
        return statuses == ["contained"] and not self.abroad() and self.sim.extension(STOLEN).disable_outb_call == 1

    def told(self, words: str) -> list[dict[str, Any]]:
        """The messages with these words in title or text."""
        return [one for one in list(self.receiver.messages) if words in one["title"] or words in one["message"]]

    @contextlib.contextmanager
    def journal(self) -> Iterator[Journal]:
        """Its journal, beside the service."""
        engine = open_engine(f"sqlite:///{self.installation.data}/journal.db")
        try:
            yield Journal(engine)
        finally:
            engine.dispose()

    def guess(self, count: int, *, stage: Stage = Stage.CREDENTIAL, minutes: int = 0) -> None:
        """So many incidents of guessing, opened `minutes` from now, are found all at once."""
        with self.journal() as journal:
            journal.findings.record([guessing(n, stage, minutes) for n in range(count)])


@contextlib.asynccontextmanager
async def theatre(folder: Path, **options: Any) -> AsyncIterator[Scene]:
    """A scene with nothing going on yet."""
    receiver = Receiver()
    made = SimOptions(client_secret=SecretStr(SECRET), **options)
    try:
        async with contextlib.AsyncExitStack() as power:
            sim = await power.enter_async_context(SimulatedPbx(made))
            notify = [{"name": "ops", "url": "env:HOOK", "repeat": "1h"}]
            scene = Scene(sim, Installation(folder, notify=notify), receiver)
            scene.power = power
            scene.configure()
            yield scene
    finally:
        await asyncio.to_thread(receiver.close)


def guessing(n: int, stage: Stage, minutes: int) -> Incident:
    """An incident like many others."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return Incident(
        id=f"inc-guess-{n}", pbx="hq", at=at, opened_at=at, status=Status.OPEN, stage=stage,
        kind="password_guessing", severity=Severity.CRITICAL, title=f"Password guessing, number {n}",
        subjects=(Subject(SubjectKind.SOURCE_IP, f"198.18.{n // 250}.{n % 250}"),), detections=(),
        loss=Loss(0, 0, 0, "USD", "tariff"),
    )  # fmt: skip


class Visitor(httpx.Client):
    """Somebody at the console, at an address of this machine."""

    def __init__(self, url: str, address: str = "127.0.0.1", **headers: str) -> None:
        transport = httpx.HTTPTransport(local_address=address)
        super().__init__(base_url=url, transport=transport, timeout=30, headers=headers)

    def csrf(self, page: str) -> str:
        """The token of a page's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str, name: str = "admin") -> int:
        """The status a login is answered with."""
        return self.post("/login", data={"csrf": self.csrf("/login"), "name": name, "password": password}).status_code


def password_of(program: Program) -> str:
    """The first password, said once."""
    found = re.search(r"admin / (\S+)", program.said())
    assert found is not None
    return found[1]
