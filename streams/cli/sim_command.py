"""Runs the simulated PBX alone for the command line."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import yaml
from pydantic import ValidationError

from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.sim import SimOptions, SimulatedPbx, serve
from streams.sim.attacks import attacks


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
