"""Turn any format we read into events."""

from detector.contract.codec import Codec
from streams.cli.support.choices import loaded, options_of, reading, verify
from streams.cli.support.common_options import ConfigFile, DeadLetters, Files, FormatName, Out, PbxName, Timezone, Year

EPILOG = """\b
Examples:
  ringfence convert -f asterisk-log --pbx hq messages > events.jsonl
  ringfence convert -f yeastar-cdr --pbx hq --timezone America/New_York cdr.csv -o events.jsonl
"""


def command(
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
