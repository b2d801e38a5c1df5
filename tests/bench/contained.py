"""How long a theft goes on from the call that gives it away until its containment is confirmed on the simulated PBX."""

import asyncio
import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple, TypeVar

import phonenumbers
from phonenumbers import PhoneNumberType
from pydantic import SecretStr

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State
from streams.config.installation import Installation
from streams.processes.run import Service
from streams.runtime.clock import utc_now
from streams.sim import CallPlan, SimOptions, SimulatedPbx
from streams.sim.weaknesses import USUAL
from tests.ports import free_ports

REQUEST_SECONDS = 0.02
"""So long the PBX takes for each request."""
CALLS = 4
"""So many calls at once give a theft away."""
REGIONS = ("SO", "LV", "CU", "GN", "SL", "MV", "GM", "ML", "ZW", "TN", "SN", "TD", "BF", "TG", "BJ", "NE", "BI", "RW",
           "DJ", "ER", "MG", "KM", "LR", "CM", "GA", "CG", "AO", "NA")  # fmt: skip
"""Each theft calls another country, so that none goes on where another was stopped."""
EXTENSIONS = [str(1_002 + turn) for turn in range(len(REGIONS))]
ACTS = frozenset({Act.HANG_UP, Act.RESTRICT_EXTENSION})
PATIENCE = 30.0
T = TypeVar("T")


class Containment(NamedTuple):
    """Milliseconds from the PBX's event to the last confirmation, of half of the thefts and of 95 in 100."""

    thefts: int
    p50_ms: float
    p95_ms: float


def contained(folder: Path) -> Containment:
    """One theft after the other, on a PBX that takes its time for each request."""
    taken = asyncio.run(_contained(folder))
    cut = quantiles(taken, n=20, method="inclusive")
    return Containment(len(taken), cut[9] * 1_000, cut[18] * 1_000)


async def _contained(folder: Path) -> list[float]:
    async with SimulatedPbx(SimOptions(request_seconds=REQUEST_SECONDS, weak=USUAL | {"C22"})) as pbx:
        service, ready = Service(_settings(pbx, folder)), asyncio.Event()
        running = asyncio.create_task(service.run(lambda _: ready.set()))
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
            await _until(lambda: any(one.connected for one in service.status().sources))
        taken = [await _theft(pbx, service, extension, region)
                 for extension, region in zip(EXTENSIONS, REGIONS, strict=True)]  # fmt: skip
        service.stop()
        await running
    gc.unfreeze()
    return taken


async def _theft(pbx: SimulatedPbx, service: Service, extension: str, region: str) -> float:
    """Seconds from the call that is one too many until calls are cut and no new ones are possible."""
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    assert example is not None
    dialled = f"9011{example.country_code}{example.national_number}"
    pbx.register(extension)
    for _ in range(CALLS - 1):
        assert pbx.dial(extension, dialled, plan=CallPlan(ring=0.1, talk=None)).placed
    await asyncio.sleep(0.5)  # what these lead to is over
    began = utc_now()
    assert pbx.dial(extension, dialled, plan=CallPlan(ring=0.1, talk=None)).placed
    async with asyncio.timeout(PATIENCE):
        confirmed = await _until(partial(_confirmed, service, extension))
    assert pbx.extension(extension).disable_outb_call
    return (confirmed - to_micros(began)) / 1_000_000


async def _until(seen: Callable[[], T | None]) -> T:
    while not (found := await asyncio.to_thread(seen)):  # noqa: ASYNC110 - what is waited for is in a database
        await asyncio.sleep(0.05)
    return found


def _confirmed(service: Service, extension: str) -> int | None:
    """When the last act on this extension was confirmed; None before."""
    rows = [row for row in service.journal.actions.in_states(frozenset({State.CONFIRMED}), 1_000, "hq")
            if row.target.id == extension and row.kind in ACTS]  # fmt: skip
    if {row.kind for row in rows} != ACTS:
        return None
    view = service.journal.incidents.find(rows[0].incident)
    assert view is not None
    names = {row.id for row in rows}
    return max(change.at for change in view.history if change.action in names and change.state is State.CONFIRMED)


def _settings(pbx: SimulatedPbx, folder: Path) -> Installation:
    return Installation.model_validate({
        "data": folder, "console": {"port": free_ports(1)}, "metrics": {"run": 0},
        "ceilings": {"actions": dict.fromkeys(ACTS, 1_000)},
        "defaults": {
            "access_digit": "9", "timezone": "America/New_York", "business_hours": {"mon-sun": "00:00-24:00"},
            "rules": {"call.concurrent_extension": {"mode": "auto", "calls": CALLS}},
        },
        "pbxs": [{
            "id": "hq",
            "connection": {
                "url": pbx.url, "client_id": SecretStr(pbx.client_id), "client_secret": SecretStr(pbx.client_secret),
                "serial": pbx.serial,
            },
        }],
    })  # fmt: skip
