"""The command line."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from detector.contract.codec import Codec
from detector.engine.engine import Engine
from detector.engine.registry import catalogue
from detector.formats import formats
from detector.settings import Settings, profile
from models.places import Places
from streams import config
from streams.config.tariffs import TariffError
from streams.demo import DemoOptions, run_demo
from streams.history import import_history
from streams.inputs import STDIN, Cemetery, Inputs, Options
from streams.keys import pin_hash
from streams.replay import replay as replay_events
from streams.service import InUseError, Ready, Service, locked
from streams.sim import SimOptions, SimulatedPbx, Webhook
from streams.sim import serve as serve_sim
from streams.sim.attacks import ATTACKS
from streams.store.errors import StoreError, VaultError
from streams.tables import tables

WRONG_USAGE = 2
MAX_SHOWN = 5

app = typer.Typer(
    name="ringfence", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    help="Watches telephone systems (PBXs) and stops toll fraud while it happens.",
)  # fmt: skip
err = Console(stderr=True, highlight=False)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration: a YAML file or a folder of them.")
]
NeededConfig = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="Configuration: a YAML file or a folder of them.")
]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files to read; - is standard input.")]
FormatName = Annotated[str, typer.Option("--format", "-f", help="What the files hold (see the list below).")]
PbxName = Annotated[
    str | None, typer.Option("--pbx", help="The PBX the records come from, where the format does not say.")
]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="Zone of local times in the files; default: that of the PBX.")
]
Year = Annotated[
    int | None, typer.Option("--year", min=1970, max=9998, help="Year of the first line, where lines have none.")
]
DeadLetters = Annotated[
    Path | None,
    typer.Option("--dead-letters", metavar="FILE", help="Where unreadable lines go, each with number and reason."),
]
FORMATS = "Formats: " + ", ".join(sorted(formats())) + "."


@app.command(epilog=FORMATS)
def replay(
    files: Files,
    config_file: ConfigFile = None,
    format_name: FormatName = "events",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write findings here, not to stdout.")] = None,
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Run recorded events through the whole pipeline; nothing outside is touched.

    Findings come out as JSON lines: detections, incidents, decisions; the last line holds statistics. The same files
    under the same configuration give the same findings, byte for byte.
    """
    settings = loaded(config_file)
    options = options_of(settings, format_name, pbx, timezone, year)
    engine = Engine(settings, tables(settings), Places())
    with reading(files, options, dead_letters) as inputs, output(out) as stream:
        stats = replay_events(engine, inputs.events(files), inputs, stream)
    for rule, count in sorted(engine.errors.items()):
        err.print(f"rule {rule} broke {count} times: please report this")
    if out is not None:
        err.print(f"{stats.read} events, {stats.rejected} unreadable, {stats.events_per_second:.0f} events/s")
    if engine.errors:
        raise typer.Exit(1)


@app.command(epilog=FORMATS)
def convert(
    files: Files,
    format_name: FormatName,
    config_file: ConfigFile = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write events here, not to stdout.")] = None,
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Turn any format we read into contract events, one JSON object a line."""
    options = options_of(loaded(config_file), format_name, pbx, timezone, year)
    codec = Codec()
    with reading(files, options, dead_letters) as inputs, output(out) as stream:
        for event in inputs.events(files):
            stream.write(codec.encode(event) + b"\n")


@app.command()
def check(
    config_file: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="YAML file or folder.")],
) -> None:
    """Validate a configuration: every problem with file, line, field and what is allowed."""
    problems = config.check_report(config_file)
    for problem in problems:
        err.print(problem, markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(WRONG_USAGE)
    settings = config.load(config_file, secrets=())
    err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")


@app.command(name="import", epilog=FORMATS)
def import_(
    files: Files,
    config_file: NeededConfig,
    format_name: FormatName = "events",
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Teach a stopped service what was usual before it came: old calls and registrations warm its baselines.

    Nothing of it is told, decided or done. Records of the last hour are left out.
    """
    settings = loaded(config_file, secrets=None)
    options = options_of(settings, format_name, pbx, timezone, year)
    with guarded(settings), reading(files, options, dead_letters) as inputs:
        imported = asyncio.run(import_history(Service(settings), inputs.events(files)))
    err.print(f"{imported.events} events imported, {imported.recent} of the last hour left out")


@app.command()
def run(config_file: NeededConfig) -> None:
    """Watch and protect the configured PBXs: the service on one machine, no broker needed.

    The console's address, and at the first start its password, are printed once. Ends in good order on SIGTERM.
    """
    settings = loaded(config_file, secrets=None)
    connected = [pbx.id for pbx in settings.pbxs if pbx.connection is not None]
    if not connected:
        fail(f"{config_file}: no PBX has a connection; there is nothing to watch", WRONG_USAGE)
    serve(settings, lambda ready: greet(ready, f"watching {', '.join(connected)}"))


@app.command()
def sim(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 is any that is free.")] = 8088,
    speed: Annotated[float, typer.Option(min=0.1, max=1_000, help="How much faster people and attackers act.")] = 1.0,
    attack: Annotated[str | None, typer.Option(help=f"Attack to run: {', '.join(sorted(ATTACKS))}.")] = None,
    attack_after: Annotated[float, typer.Option(min=0, help="Seconds of script time until then.")] = 30.0,
    traffic: Annotated[bool, typer.Option(help="Honest calls and registrations.")] = True,
    client_secret: Annotated[
        str | None, typer.Option(envvar="RINGFENCE_SIM_SECRET", help="The API's client secret; else it is made up.")
    ] = None,
    control: Annotated[bool, typer.Option(help="Offer /sim/state and /sim/attack/NAME to this machine.")] = False,
    feed: Annotated[str | None, typer.Option(metavar="URL", help="Address feed that its firewall polls.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Where it posts its events, too.")] = None,
    webhook_secret: Annotated[
        str, typer.Option(envvar="RINGFENCE_SIM_WEBHOOK_SECRET", help="What it signs them with.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Same seed, same traffic.")] = 7,
) -> None:
    """Run a simulated Yeastar P-Series PBX, with honest traffic and, if wanted, an attack."""
    options = SimOptions(
        port=port, speed=speed, attack=attack, attack_after=attack_after, honest_traffic=traffic, control=control,
        client_secret=SecretStr(client_secret) if client_secret else None, firewall_feed_url=feed, seed=seed,
        webhooks=(Webhook(url=webhook, secret=webhook_secret),) if webhook else (),
    )  # fmt: skip

    def ready(pbx: SimulatedPbx) -> None:
        err.print(f"simulated PBX {pbx.serial} at {pbx.url}, client id {pbx.client_id}", markup=False)
        if client_secret is None:
            err.print(f"client secret {pbx.client_secret}", markup=False)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve_sim(options, ready))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the console; another one is taken where it is in use.")] = 8686,
    speed: Annotated[float, typer.Option(min=1, max=100, help="How much faster people and attackers act.")] = 6.0,
    data: Annotated[Path | None, typer.Option(help="Keep the data in this folder; else it goes at the end.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the console in a browser.")] = True,
) -> None:
    """See it work: a simulated PBX with honest traffic comes under attack, and the attack is contained."""
    with suppress(KeyboardInterrupt):
        run_demo(DemoOptions(port=port, speed=speed, data=data, browser=browser), err)


def greet(ready: Ready, what: str) -> None:
    """Say where the console is; the password only when it was just made."""
    err.print(f"Ringfence is {what}\nconsole  {ready.console}", markup=False)
    if ready.password is not None:
        err.print(f"log in   admin / {ready.password}   (shown once; change it by deleting the user)", markup=False)


def serve(settings: Settings, ready: Callable[[Ready], None]) -> None:
    """Run the service until it is told to stop, or fail with a reason."""
    with guarded(settings):
        asyncio.run(until_signal(settings, ready))


@contextmanager
def guarded(settings: Settings) -> Iterator[None]:
    """The data folder is ours alone; what goes wrong there is said in one line."""
    try:
        with locked(settings.data):
            yield
    except (InUseError, VaultError, StoreError, TariffError, OSError) as error:
        fail(f"ringfence: {error}")


async def until_signal(settings: Settings, ready: Callable[[Ready], None]) -> None:
    """The service, ended in good order by SIGINT or SIGTERM."""
    service = Service(settings)
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, service.stop)
    await service.run(ready)


def fail(text: str, code: int = 1) -> NoReturn:
    """Say what is wrong, in one place, and end."""
    err.print(text, markup=False, soft_wrap=True)
    raise typer.Exit(code)


def loaded(path: Path | None, *, secrets: tuple[str, ...] | None = ()) -> Settings:
    """The settings, or an end with every problem named. `secrets` None fetches all of them."""
    try:
        return config.load(path, secrets=secrets)
    except config.ConfigError as error:
        fail(str(error), WRONG_USAGE)


def options_of(settings: Settings, name: str, pbx: str | None, timezone: str | None, year: int | None) -> Options:
    """What the records lack, from the command line and the configuration."""
    if name not in formats():
        fail(f"no format {name!r}; there are {', '.join(sorted(formats()))}", WRONG_USAGE)
    chosen = pbx or (settings.pbxs[0].id if len(settings.pbxs) == 1 else "pbx")
    zone = timezone or profile(settings, chosen, catalogue()).timezone
    try:
        return Options(format=name, pbx=chosen, zone=ZoneInfo(zone), year=year, keyed_hash=pin_hash(settings.data))
    except (ValueError, OSError):
        fail(f"no time zone {zone!r}; write it as America/New_York", WRONG_USAGE)


@contextmanager
def reading(files: list[str], options: Options, dead_letters: Path | None) -> Iterator[Inputs]:
    """The inputs with a progress bar on a terminal and a dead-letter file, which is named at the end."""
    for name in files:
        if name != STDIN and not Path(name).is_file():
            fail(f"no file {name}", WRONG_USAGE)
    size = sum(Path(name).stat().st_size for name in files if name != STDIN)
    first = "standard-input" if files[0] == STDIN else Path(files[0]).name
    cemetery = Cemetery(dead_letters or Path(f"{first}.dead-letters.jsonl"))
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("reading", total=size or None)
        inputs = Inputs(options, cemetery.bury, lambda read: progress.advance(task, read))
        try:
            yield inputs
        except OSError as error:
            fail(f"{error.filename or 'file'}: {error.strerror}")
        finally:
            cemetery.close()
    if inputs.rejected:
        err.print(f"{inputs.rejected} unreadable, see {cemetery.path}", markup=False)


@contextmanager
def output(path: Path | None) -> Iterator[BinaryIO]:
    """A file, or standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("wb") as stream:
        yield stream
