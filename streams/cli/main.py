"""The command line."""

import asyncio
import gc
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from detector.contract.codec import Codec
from detector.engine.engine import Engine
from models.places import Places
from models.unusual import Unusual
from streams.cli.archive_command import archive_commands
from streams.cli.backtest_command import BACKTEST, backtest
from streams.cli.replay_command import replay as replay_events
from streams.cli.support.choices import loaded, observed_at, options_of, reading, verify, with_member
from streams.cli.support.common_options import (
    ConfigFile,
    DeadLetters,
    Files,
    FormatName,
    MetricsPort,
    NeededConfig,
    Out,
    PbxName,
    Timezone,
    Year,
)
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, explained, fail
from streams.config.installation import core_settings
from streams.config.loading import check_report
from streams.observe import logs
from streams.runtime.tables import tables

# The service and all it stands on is imported where it is needed: replay starts in a third of the time.

commands = typer.Typer(
    name="ringfence", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches telephone systems (PBXs) and stops toll fraud while it happens. New here? Try: ringfence demo",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. RINGFENCE_LOG=debug, info (the default), "
    "warning or error says how much is logged.",
)  # fmt: skip


def app() -> None:
    """Run the command; whatever goes wrong ends in one line and an exit code."""
    try:
        logs.configure(logs.level_of())
        commands()
    except Exception as error:
        text, code = explained(error)
        err.print(f"ringfence: {text}")
        discard_output()
        sys.exit(code)
    finally:
        gc.freeze()  # all of it goes with the process: to search it for garbage first takes more than a second


def discard_output() -> None:
    """What is still buffered for a standard output that cannot be written would be tried, and told, once more."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"ringfence {version('ringfence')}")
        raise typer.Exit


@commands.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands have in common."""


REPLAY = """\b
Examples:
  ringfence replay events.jsonl -c ringfence.yaml -o findings.jsonl
  ringfence replay -f asterisk-log --pbx hq --timezone Europe/Berlin messages.1.gz messages
  zcat cdr.csv.gz | ringfence replay -f yeastar-cdr --pbx hq -
  journalctl -o json -u asterisk | ringfence replay -f asterisk-log --pbx hq -
What each format reads, and what it lacks: docs/formats.md
"""


@commands.command(epilog=REPLAY, short_help="Detect in recorded events; nothing is touched.")
def replay(
    files: Files,
    config_file: ConfigFile = None,
    format_name: FormatName = "events",
    out: Out = None,
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
    engine = Engine(core_settings(settings), tables(settings), Places(), Unusual())
    with reading(files, options, out, dead_letters) as (inputs, lines):
        stats = replay_events(engine, inputs.events(files), inputs, lines)
    for rule, count in sorted(engine.errors.items()):
        err.print(f"rule {rule} broke {count} times: please report this")
    if out is not None:
        err.print(
            f"{stats.read} events, {stats.rejected} unreadable, {stats.events_per_second:.0f} events/s: see {out}"
        )
    if engine.errors:
        raise typer.Exit(FAILED)
    verify(inputs, stats.read - stats.rejected, options)


CONVERT = """\b
Examples:
  ringfence convert -f asterisk-log --pbx hq messages > events.jsonl
  ringfence convert -f yeastar-cdr --pbx hq --timezone America/New_York cdr.csv -o events.jsonl
"""


@commands.command(epilog=CONVERT, short_help="Turn any format we read into events.")
def convert(
    files: Files,
    format_name: FormatName,
    config_file: ConfigFile = None,
    out: Out = None,
    pbx: PbxName = None,
    timezone: Timezone = None,
    year: Year = None,
    dead_letters: DeadLetters = None,
) -> None:
    """Turn any format we read into contract events, one JSON object a line."""
    options = options_of(loaded(config_file), format_name, pbx, timezone, year)
    codec = Codec()
    written = 0
    with reading(files, options, out, dead_letters) as (inputs, lines):
        for event in inputs.events(files):
            lines.write(codec.encode(event) + b"\n")
            written += 1
    verify(inputs, written, options)


@commands.command(
    epilog="Example: ringfence check -c ringfence.yaml", short_help="Say what is wrong in a configuration."
)
def check(config_file: NeededConfig) -> None:
    """Validate a configuration: every problem with file, line, field and what is allowed."""
    from streams.containment.enforcers.enforcer import enforcer_settings

    problems = check_report(config_file, enforcer_settings())
    for problem in problems:
        err.print(problem)
    if problems:
        raise typer.Exit(WRONG_USAGE)
    settings = loaded(config_file)
    tables(settings)
    err.print(f"{config_file}: good, {len(settings.pbxs)} PBX{'' if len(settings.pbxs) == 1 else 's'}")


AUDIT = """\b
Examples:
  ringfence audit --template > portal.yaml
  ringfence audit -c ringfence.yaml --settings portal.yaml --html audit.html

Exit codes: 0 all good, 1 a PBX could not be audited, 2 wrong usage, 3 a warning, 4 something critical, 5 nothing weak
but something unknown. What is marked info does not count.
"""


@commands.command(epilog=AUDIT, short_help="Judge the settings of the PBXs.")
def audit(
    config_file: ConfigFile = None,
    pbx: Annotated[str | None, typer.Option("--pbx", metavar="NAME", help="Only this PBX.")] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="What the portal shows and the API does not: YAML."),
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print an empty settings file, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report to read or print.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events", metavar="FILE", help="Write what changed since the last audit as events; - is stdout."
        ),
    ] = None,
) -> None:
    """Judge the settings of the PBXs by the posture controls of the guide; nothing is changed there.

    They are read through the API. What it does not show, or what its permissions refuse, is unknown unless the settings
    file says it.
    """
    from streams.audit.settings_file import read_settings
    from streams.audit.settings_file import template as empty
    from streams.cli.audit_work import AuditWanted, run_audit

    if template:
        typer.echo(empty(), nl=False)
        return
    if config_file is None:
        fail("--config is needed: which PBXs?", WRONG_USAGE)
    settings = loaded(config_file, secrets=("client_id", "client_secret"))
    chosen = [one for one in settings.pbxs if (one.id == pbx if pbx is not None else one.connection is not None)]
    if not chosen:
        known = ", ".join(one.id for one in settings.pbxs) or "none"
        fail(f"{config_file}: no such PBX with a connection; there are {known}", WRONG_USAGE)
    declared = read_settings(settings_file, [one.id for one in settings.pbxs])
    raise typer.Exit(run_audit(settings, chosen, declared, AuditWanted(json=as_json, html=html, events=events)))


commands.command(name="backtest", epilog=BACKTEST, short_help="Try rules on attacks woven into one's own history.")(
    backtest
)


IMPORT = """\b
Example, before the service is started for the first time:
  ringfence import -c ringfence.yaml -f yeastar-cdr --pbx hq last-year.csv
"""


@commands.command(name="import", epilog=IMPORT, short_help="Teach the service what was usual before it came.")
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
    from streams.cli.import_command import import_history
    from streams.processes.run import Service
    from streams.processes.serving import guarded

    settings = loaded(config_file, secrets=None)
    options = options_of(settings, format_name, pbx, timezone, year)
    with guarded(settings.data), reading(files, options, None, dead_letters) as (inputs, _):
        imported = asyncio.run(import_history(Service(settings), inputs.events(files)))
    err.print(f"{imported.events} events imported, {imported.recent} of the last hour left out")
    verify(inputs, imported.events + imported.recent, options)


@commands.command(epilog="Example: ringfence run -c ringfence.yaml", short_help="Watch and protect the PBXs.")
def run(config_file: NeededConfig, metrics_port: MetricsPort = None) -> None:
    """Watch and protect the configured PBXs: the service on one machine, no broker needed.

    The console's address, and at the first start its password, are printed once. Ends in good order on SIGTERM.
    """
    settings = loaded(config_file, secrets=None)
    connected = [pbx.id for pbx in settings.pbxs if pbx.connection is not None]
    if not connected:
        fail(f"{config_file}: no PBX has a connection; there is nothing to watch", WRONG_USAGE)
    from streams.processes import serving

    serving.run(observed_at(settings, "run", metrics_port), f"watching {', '.join(connected)}")


@commands.command(epilog="Example: ringfence worker -c ringfence.yaml", short_help="Detect, on Kafka.")
def worker(
    config_file: NeededConfig,
    metrics_port: MetricsPort = None,
    member: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            envvar="RINGFENCE_MEMBER",
            help="Fixed name in the group: its partitions wait for it over a restart; default: `static_member`.",
        ),
    ] = None,
) -> None:
    """Read events from Kafka and write findings to it, together with other workers of the same group.

    Memory is saved in the PostgreSQL of `journal`. Ends in good order on SIGTERM; exit code 75 says that another
    worker has taken over, start it again.
    """
    settings = loaded(config_file, secrets=("journal", "username", "password"))
    from streams.processes.worker import run_worker

    run_worker(observed_at(with_member(settings, member), "worker", metrics_port))


@commands.command(epilog="Example: ringfence gateway -c ringfence.yaml", short_help="Speak to PBXs and act, on Kafka.")
def gateway(
    config_file: NeededConfig,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="Tells gateways of one data folder apart: each has its own spool."),
    ] = "gateway",
    metrics_port: MetricsPort = None,
) -> None:
    """Speak to this gateway's share of the PBXs, carry out what workers decide, and tell people.

    Several gateways share the PBXs of a fleet, and take over from one that dies within half a minute. Ends in good
    order on SIGTERM.
    """
    settings = loaded(config_file, secrets=None)
    from streams.processes.gateway import run_gateway

    run_gateway(observed_at(settings, "gateway", metrics_port), name)


SERVE = """\b
Example:
  ringfence serve -c ringfence.yaml
"""


@commands.command(epilog=SERVE, short_help="Console, webhooks and feed, on Kafka.")
def serve(
    config_file: NeededConfig,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Tells those of one data folder apart: each has its own spool.")
    ] = "serve",
    metrics_port: MetricsPort = None,
) -> None:
    """Show what gateways and workers do, take people's orders and PBXs' webhooks, offer the feed of blocked addresses.

    It needs no credentials of any PBX. The console's address, and at the first start its password, are printed once.
    While Kafka cannot be reached, webhooks and orders wait on disk, in `spool/NAME` of the data folder. Several may
    run: who is logged in at one is so at all. Ends in good order on SIGTERM.
    """
    settings = loaded(config_file, secrets=("journal", "username", "password", "webhook_secret", "token"))
    from streams.processes import serving

    serving.serve(observed_at(settings, "serve", metrics_port), name)


RESET = """\b
Examples:
  ringfence password -c ringfence.yaml
  ringfence password -c ringfence.yaml admin < new-password
"""


@commands.command(epilog=RESET, short_help="Set a new password for the console.")
def password(
    config_file: NeededConfig,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Whose password it is.")] = "admin",
) -> None:
    """Set a new password for a user of the console, who is logged out everywhere.

    It is asked for without being shown, or read from the first line of standard input where that is no terminal.
    """
    settings = loaded(config_file, secrets=("journal",))
    from streams.cli.password_command import reset

    reset(settings, name)


@commands.command(
    epilog="Example: ringfence topics -c ringfence.yaml --create", short_help="Show, check and create the Kafka topics."
)
def topics(
    config_file: NeededConfig,
    create: Annotated[bool, typer.Option("--create", help="Create the topics that are missing.")] = False,
) -> None:
    """Show the Kafka topics and what about them is not as the configuration wants it.

    Exit code 1 if a topic is missing or differs. What exists is never changed.
    """
    settings = loaded(config_file, secrets=("username", "password"))
    if settings.kafka is None:
        fail(f"{config_file}: there is no section kafka", WRONG_USAGE)
    from streams.cli.topics_command import tend

    tend(settings.kafka, make=create)


commands.add_typer(archive_commands, short_help="Raw events as Parquet: fill, list, check, export, erase.")

ATTACKS = "guessing_only, prefix_hunt, slow_pumping, stolen_extension"
SIM = """\b
Example, a break-in at ten times the speed:
  ringfence sim --speed 10 --attack stolen_extension
Example, something to audit:
  ringfence sim --weak C20,C23 --portal portal.yaml
"""


@commands.command(epilog=SIM, short_help="Run the simulated PBX alone.")
def sim(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="Port on 127.0.0.1; 0 is any that is free.")
    ] = 8088,
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", min=0.1, max=1_000, help="How much faster people and attackers act.")
    ] = 1.0,
    attack: Annotated[str | None, typer.Option(metavar="NAME", help=f"Attack to run: {ATTACKS}.")] = None,
    attack_after: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Script time until then.")] = 30.0,
    traffic: Annotated[bool, typer.Option(help="Honest calls and registrations.")] = True,
    client_secret: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", envvar="RINGFENCE_SIM_SECRET", help="The API's client secret; else it is made up."
        ),
    ] = None,
    control: Annotated[bool, typer.Option(help="Offer /sim/state and /sim/attack/NAME to this machine.")] = False,
    feed: Annotated[str | None, typer.Option(metavar="URL", help="Address feed that its firewall polls.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Where it posts its events, too.")] = None,
    webhook_secret: Annotated[
        str, typer.Option(metavar="TEXT", envvar="RINGFENCE_SIM_WEBHOOK_SECRET", help="What it signs them with.")
    ] = "",
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Same seed, same traffic.")] = 7,
    weak: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help="Controls it fails, such as C20,C23; none is a sound PBX. Default: as attacks need."
        ),
    ] = None,
    portal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what its portal shows, for ringfence audit --settings.")
    ] = None,
) -> None:
    """Run a simulated Yeastar P-Series PBX, with honest traffic and, if wanted, an attack."""
    from streams.cli.sim_command import simulate

    simulate(
        {
            "port": port, "speed": speed, "attack": attack, "attack_after": attack_after, "honest_traffic": traffic,
            "control": control, "client_secret": client_secret, "firewall_feed_url": feed, "seed": seed,
            "webhooks": [{"url": webhook, "secret": webhook_secret}] if webhook else [],
        } | ({} if weak is None else {"weak": [] if weak == "none" else weak.split(",")}),
        portal,
    )  # fmt: skip


DEMO = """\b
Examples:
  ringfence demo
  ringfence demo --no-browser --port 9000 --data ./demo-data
"""


@commands.command(epilog=DEMO, short_help="See it work: a simulated break-in, contained.")
def demo(
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
        Path | None, typer.Option(metavar="FOLDER", help="Keep the data in this folder; else it goes at the end.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the console in a browser.")] = True,
) -> None:
    """See it work: a simulated PBX with honest traffic comes under attack, and the attack is contained."""
    from streams.cli.demo_command import DemoOptions, run_demo

    if logs.VARIABLE not in os.environ:
        logs.configure(logs.LEVELS["warning"])
    run_demo(DemoOptions(port=port, speed=speed, data=data, browser=browser))
