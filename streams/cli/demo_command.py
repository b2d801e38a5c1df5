"""See it work: a simulated break-in, contained."""

import asyncio
import os
import secrets
import signal
import sys
import tempfile
import webbrowser
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from pydantic import SecretStr

from detector.contract.codec import to_micros
from detector.enrich.calendar import Calendar
from streams.cli.support.failures import err, fail
from streams.cli.support.services import guarded
from streams.config.installation import Installation
from streams.observe import logs
from streams.processes.http_listener import free_port
from streams.processes.run import Service
from streams.processes.supervise import Ready
from streams.runtime.clock import CLOCK, utc_now
from streams.sim import SimOptions, SimulatedPbx

EPILOG = """\b
Examples:
  ringfence demo
  ringfence demo --no-browser --port 9000 --data ./demo-data
"""
ATTACK = "stolen_extension"
ATTACK_AFTER = 8.0
STORY = f"""
A simulated PBX with 30 telephones is at work, and Ringfence watches it. There it is
ten o'clock on a working morning, whatever the time is here.
In {ATTACK_AFTER:.0f} seconds somebody at 203.0.113.77 begins to guess passwords. He takes
extension 1007, tries one call to Somalia, then pumps many. Within a minute the
console shows it all as one incident, contained: what was done, what it cost and
what it would have cost. The office goes on calling meanwhile.
"""
AUTO = ("call.concurrent_extension", "call.frequency", "login.bruteforce", "registration.bruteforce")
TIMEZONE = "America/New_York"
HOURS = {"mon-fri": "08:00-18:00"}
HOLIDAYS = "US"
TRUNKS = ("carrier-a", "carrier-b")
TEN = 10


class DemoOptions(Struct, frozen=True, kw_only=True):
    """How the demonstration runs; `data` None is a folder that goes at the end."""

    port: int
    speed: float
    data: Path | None
    browser: bool


def command(
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65_535, help="Port of the console; another one is taken where it is in use."
        ),
    ] = 8686,
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", min=1, max=100, help="How much faster people and attackers act.")
    ] = 6.0,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep the data in this folder, empty as yet; else it goes at the end."),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the console in a browser.")] = True,
) -> None:
    """See it work: a simulated PBX with honest traffic comes under attack, and the attack is contained."""
    if logs.VARIABLE not in os.environ:
        logs.configure(logs.LEVELS["warning"])
    run_demo(DemoOptions(port=port, speed=speed, data=data, browser=browser))


def run_demo(options: DemoOptions) -> None:
    """Run until interrupted."""
    with ExitStack() as stack:
        data = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringfence-demo-")))
        if data.is_dir() and any(data.iterdir()):
            fail(f"ringfence: {data} is not empty: a demonstration begins with nothing")
        stack.enter_context(guarded(data))
        with suppress(KeyboardInterrupt):
            asyncio.run(demonstrate(options, data))


async def demonstrate(options: DemoOptions, data: Path) -> None:
    """PBX, service and attack, until a signal comes."""
    CLOCK.begin_at(working_morning(utc_now()).timestamp())
    token = secrets.token_urlsafe(24)
    outside = free_port()
    simulated = SimOptions(
        speed=options.speed, control=True, timezone=TIMEZONE, starts_at=utc_now(), emergency_route=True,
        firewall_feed_url=f"http://127.0.0.1:{outside}/feed/{token}.txt",
    )  # fmt: skip
    async with SimulatedPbx(simulated) as pbx:
        service = Service(settings_for(pbx, data, free_port(options.port), outside, token))
        stopped = asyncio.Event()

        def stop() -> None:
            stopped.set()
            service.stop()

        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop)
        attack = asyncio.create_task(stage(pbx, stopped))
        try:
            await service.run(lambda ready: welcome(ready, pbx.url, options))
        finally:
            attack.cancel()
            await asyncio.gather(attack, return_exceptions=True)


def working_morning(now: datetime) -> datetime:
    """Ten o'clock of the last day of work there: PBX and service live from then on, so that only the attack stands out.

    At night or on a day off the office's own calls would be findings, too, and rightly so.
    """
    calendar = Calendar(timezone=TIMEZONE, business_hours=HOURS, holidays=HOLIDAYS)
    at = calendar.local(to_micros(now)).replace(hour=TEN, minute=0, second=0, microsecond=0)
    while not calendar.is_open(to_micros(at)):
        at -= timedelta(days=1)
    return at


async def stage(pbx: SimulatedPbx, stopped: asyncio.Event) -> None:
    """Honest traffic, and after a while the attack."""
    pbx.start_honest_traffic()
    await asyncio.sleep(ATTACK_AFTER)
    if not stopped.is_set():
        pbx.start_attack(ATTACK)


def settings_for(pbx: SimulatedPbx, data: Path, console: int, outside: int, token: str) -> Installation:
    """What a small firm would write, with the rules that have earned it in mode auto."""
    return Installation.model_validate({
        "data": data,
        "console": {"port": console},
        "webhook": {"port": outside},
        "metrics": {"run": 0},
        "feed": {"enabled": True, "token": SecretStr(token)},
        "enforcers": {"feed": {}},
        "defaults": {
            "timezone": TIMEZONE, "business_hours": HOURS, "holidays": HOLIDAYS, "access_digit": "9",
            "protected": ["192.168.20.0/24"], "rules": {rule: {"mode": "auto"} for rule in AUTO},
        },
        "pbxs": [{
            "id": "demo",
            "tenant": None,
            "trunks": {name: {"hosts": [f"sip.{name}.example"], "max_calls": 30} for name in TRUNKS},
            "routes": {"Emergency": {"emergency": True}},
            "connection": {
                "url": pbx.url, "client_id": SecretStr(pbx.client_id), "client_secret": SecretStr(pbx.client_secret),
                "serial": pbx.serial, "poll_cdr": 5,
            },
        }],
    })  # fmt: skip


def welcome(ready: Ready, pbx_url: str, options: DemoOptions) -> None:
    """Say what there is to see."""
    err.print(f"\nOpen    {ready.console}")
    if ready.password is not None:
        err.print(f"Log in  admin / {ready.password}")
    err.print(STORY)
    err.print(
        f"What the simulated PBX itself sees: {pbx_url}/sim/state\nCtrl-C ends it; nothing on this machine changes.\n"
    )
    if options.browser and (sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ):
        webbrowser.open(ready.console)
