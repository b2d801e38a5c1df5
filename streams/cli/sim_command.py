"""Run the simulated PBX alone."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
import yaml
from pydantic import ValidationError

from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.sim import SimOptions, SimulatedPbx, serve
from streams.sim.attacks import attacks

EPILOG = """\b
Example, a break-in at ten times the speed:
  ringfence sim --speed 10 --attack stolen_extension
Example, something to audit:
  ringfence sim --weak C20,C23 --portal portal.yaml
"""


def command(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="Port on 127.0.0.1; 0 is any that is free.")
    ] = 8088,
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", min=0.1, max=1_000, help="How much faster people and attackers act.")
    ] = 1.0,
    attack: Annotated[str | None, typer.Option(metavar="NAME", help=f"Attack to run: {', '.join(attacks())}.")] = None,
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
    deny: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="What the API application has no right to, such as extension,block_numbers."),
    ] = None,
    portal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what its portal shows, for ringfence audit --settings.")
    ] = None,
) -> None:
    """Run a simulated Yeastar P-Series PBX, with honest traffic and, if wanted, an attack."""
    simulate(
        {
            "port": port, "speed": speed, "attack": attack, "attack_after": attack_after, "honest_traffic": traffic,
            "control": control, "client_secret": client_secret, "firewall_feed_url": feed, "seed": seed,
            "webhooks": [{"url": webhook, "secret": webhook_secret}] if webhook else [],
        } | ({} if deny is None else {"denied_permissions": deny.split(",")})
        | ({} if weak is None else {"weak": [] if weak == "none" else weak.split(",")}),
        portal,
    )  # fmt: skip


def simulate(chosen: Mapping[str, object], portal: Path | None = None) -> None:
    """Run until interrupted; a client secret that was made up is shown. `portal` gets what the portal shows."""
    options = options_of(chosen)

    def ready(pbx: SimulatedPbx) -> None:
        if portal is not None:
            portal.write_text(yaml.safe_dump({"defaults": pbx.portal()}))
        err.print(f"simulated PBX {pbx.serial} at {pbx.url}, client id {pbx.client_id}")
        if options.client_secret is None:
            err.print(f"client secret {pbx.client_secret}")

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(options, ready))
    except OSError as error:
        fail(f"{options.host}:{options.port}: {error.strerror}; choose another with --port")


def options_of(chosen: Mapping[str, object]) -> SimOptions:
    """The options of the simulator, or an end that says which is wrong."""
    if chosen["attack"] not in {None, *attacks()}:
        fail(f"--attack: no attack {chosen['attack']!r}; there are {', '.join(attacks())}", WRONG_USAGE)
    try:
        return SimOptions.model_validate(chosen)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        fail("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong), WRONG_USAGE)
