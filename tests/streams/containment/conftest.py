"""A simulated PBX over real HTTP, a client of it, a journal, and decisions with everything filled in."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from detector.contract.findings import Decision, Incident, Loss, Subject
from detector.contract.vocabulary import Act, Mode, Severity, Stage, Status, SubjectKind
from detector.enrich.dialling.emergency import Emergency
from streams.containment.acting import everywhere_by
from streams.containment.enforcers.enforcer import Enforcer
from streams.pbxs.dialling import Dialling
from streams.pbxs.pbx import AnyAction, Order
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.sim.settings import DialPattern, RouteMember, SimRoute
from streams.store.database import open_engine
from streams.store.journal.journal import Journal
from streams.store.vault import Vault
from streams.yeastar.client import YeastarClient
from streams.yeastar.p_series_action import ACTIONS, Means

LONG = CallPlan(talk=3_600)


class Make:
    AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def incident(self, id_: str = "inc-1", **changes: Any) -> Incident:
        base = Incident(
            id=id_, pbx="hq", at=self.AT, opened_at=self.AT, status=Status.OPEN, stage=Stage.PUMPING,
            kind="irsf", severity=Severity.CRITICAL, title="Extension 1007 pumps", subjects=(), detections=(),
            loss=Loss(0, 0, 0, "USD", "tariff"),
        )  # fmt: skip
        return replace(base, **changes)

    def decision(self, id_: str, act: Act, kind: SubjectKind, target: str, **changes: Any) -> Decision:
        base = Decision(
            id=id_, pbx="hq", at=self.AT, incident="inc-1", because=("det-1",), action=act, rung=1,
            target=Subject(kind, target), until=self.AT + timedelta(hours=1), mode=Mode.AUTO, status="active",
        )  # fmt: skip
        return replace(base, **changes)

    def order(self, kind: SubjectKind, target: str) -> Order:
        return Order(key="0123456789ab", target=Subject(kind, target), until=self.AT + timedelta(hours=1))


class Office:
    """The simulated PBX with hands for what people do in its portal."""

    def __init__(self, sim: SimulatedPbx, means: Means) -> None:
        self.sim = sim
        self.means = means

    def hands(self, *enforcers: Enforcer, client: Any = None) -> dict[Act, AnyAction]:
        """All that can be done to it, through this client if one is given."""
        means = replace(self.means, client=client or self.means.client)
        return {Act(name): kind(means) for name, kind in ACTIONS.all().items()} | everywhere_by(enforcers)

    def call(self, number: str, dialled: str) -> None:
        self.sim.register(number)
        assert self.sim.dial(number, dialled, plan=LONG).placed

    def can_call(self, number: str, dialled: str, pin: str | None = None) -> bool:
        self.sim.register(number)
        attempt = self.sim.dial(number, dialled, plan=LONG, pin=pin)
        if attempt.placed:
            self.sim.core.calls.hang_up(self.channel(attempt.call_id))
        return attempt.placed

    def channel(self, call_id: str) -> str:
        members: Any = self.sim.core.calls.up[call_id].state()["members"]
        return str(next(iter(members[0].values()))["channel_id"])

    def change_route(self, name: str, **fields: object) -> None:
        old = self.sim.route(name)
        self.sim.core.settings.routes.put(SimRoute.model_validate(old.model_dump() | fields))

    def add_route(self, name: str, pattern: str, *numbers: str, kind: str = "extension") -> None:
        members = tuple(
            RouteMember.model_validate({"id": self.sim.extension(n).id, "ext_number": n, "type": kind}) for n in numbers
        )
        trunks = self.sim.route("National").trunk_list
        self.sim.core.settings.routes.add(
            lambda new: SimRoute(
                id=new, name=name, dial_pattern_list=(DialPattern(pattern=pattern),), ext_list=members,
                trunk_list=trunks,
            )
        )  # fmt: skip

    def rules(self) -> list[str]:
        return [rule.name for rule in self.sim.core.settings.blocked_numbers]

    def settings(self) -> object:
        """All that an action may change, to compare before and after."""
        core = self.sim.core.settings
        return (
            [extension.model_dump() for extension in core.extensions],
            [route.model_dump() for route in core.routes],
            [trunk.model_dump() for trunk in core.trunks],
            [(rule.name, rule.number_list) for rule in core.blocked_numbers],
        )


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def options() -> SimOptions:
    return SimOptions()


@pytest.fixture
async def office(options: SimOptions) -> AsyncIterator[Office]:
    async with SimulatedPbx(options) as sim:
        client = YeastarClient(
            sim.url, sim.client_id, SecretStr(sim.client_secret), zone=ZoneInfo(options.timezone), pause=0.01
        )
        dialling = Dialling(
            calling_code="1", international_prefix="011", access_digit="9",
            emergency=Emergency("US", access_digit="9", exit_code="011"),
        )  # fmt: skip
        yield Office(sim, Means(client=client, dialling=dialling))
        await client.close()


@pytest.fixture
def journal(sqlite_template: Path, tmp_path: Path) -> Iterator[Journal]:
    path = tmp_path / "journal.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Journal(engine)
    engine.dispose()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "key")
