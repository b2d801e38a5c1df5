"""Write the dialplan file that makes containment on Asterisk and FreePBX effective."""

from typing import Annotated

import typer

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig, Out
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.cli.support.outputs import output
from streams.config.connection import PbxMake
from streams.config.installation import core_settings
from streams.pbxs.makes import make_of

EPILOG = "Example: ringfence asterisk hook -c ringfence.yaml --pbx hq -o extensions_ringfence.conf"


def command(
    config_file: NeededConfig,
    pbx: Annotated[str, typer.Option(metavar="ID", help="For which PBX: its emergency numbers are never stopped.")],
    out: Out = None,
) -> None:
    """Write the dialplan file that Ringfence's acts need, with the emergency numbers of the settings.

    It says where it goes and which line your dialplan needs before each Dial() to a trunk. Make it anew when emergency
    numbers or the access digit change: where it lacks one, nothing is restricted.
    """
    settings = loaded(config_file, secrets=())
    if pbx not in {one.id for one in settings.pbxs}:
        fail(f"--pbx: there is no PBX {pbx!r} in the configuration", WRONG_USAGE)
    text = make_of(PbxMake.ASTERISK).hook(Policies(core_settings(settings), catalogue()).of(pbx))
    assert text is not None, "an Asterisk needs one"
    with output(out, None, err) as to:
        for line in text.splitlines(keepends=True):
            to.lines.write(line.encode())
