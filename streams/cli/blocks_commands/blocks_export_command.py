"""Write allow and deny lists and standing blocks as the static defence of a P-Series."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from detector.detect.catalogue import catalogue
from detector.settings import Policies
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig, Out
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.cli.support.outputs import output
from streams.config.installation import Installation, core_settings
from streams.containment.enforcers.feed import blocks_of
from streams.lists.host_names import DENIED
from streams.lists.static_defence import as_csv, choose, merge
from streams.processes.data_folder import journal_file, journal_url
from streams.runtime.block_lists import own_addresses
from streams.runtime.clock import utc_now
from streams.runtime.tables import first_lists
from streams.store.journal.journal import Journal
from streams.store.list_copies import ListCopies
from streams.store.migrate import opened

EPILOG = """\b
Examples:
  ringfence blocks export -c ringfence.yaml --pbx hq -o static-defence.csv
  ringfence blocks export -c ringfence.yaml --pbx hq --lists > static-defence.csv
Import it under Security > Security Rules > Static Defense. The columns are those of Yeastar's administrator guide for
the P-Series (Static Defense Rule Parameters); no PBX has been tried with it: export the PBX's own rules first and
compare the first line.
"""


def command(
    config_file: NeededConfig,
    pbx: Annotated[str, typer.Option(metavar="ID", help="Whose allow and deny lists, and whose blocks.")],
    out: Out = None,
    lists: Annotated[bool, typer.Option("--lists", help="The block lists, too: often more than a PBX takes.")] = False,
    ipv6: Annotated[bool, typer.Option("--ipv6", help="IPv6 as well, which only newer firmware imports.")] = False,
) -> None:
    """Write a CSV that the portal of a P-Series imports as static defence (C07).

    Of the PBX's rule source.denied `allow` becomes accept and `deny` drop. So do blocks in force, which the PBX does
    not end by itself. Private ranges, what is ours and what is protected are never dropped.
    """
    settings = loaded(config_file, secrets=("journal",))
    if pbx not in {one.id for one in settings.pbxs}:
        fail(f"--pbx: there is no PBX {pbx!r} in the configuration", WRONG_USAGE)
    limits = Policies(core_settings(settings), catalogue()).of(pbx).rule(DENIED).limits.model_dump()
    dropped = [
        *((what, "deny list") for what in limits["deny"]),
        *blocked(settings, pbx),
        *(listed(settings) if lists else ()),
    ]  # fmt: skip
    chosen = choose(limits["allow"], dropped, own_addresses(settings), ipv6=ipv6)
    with output(out, None, err) as to:
        for line in as_csv(chosen.rules).splitlines(keepends=True):
            to.lines.write(line)
    left = ", ".join(f"{count} {why}" for why, count in chosen.left_out.items())
    err.print(f"{len(chosen.rules)} rules" + (f"; left out: {left}" if left else ""))


def blocked(settings: Installation, pbx: str) -> Iterator[tuple[str, str]]:
    """The blocks in force, with until when."""
    if settings.journal is None and not journal_file(settings).exists():
        return
    engine = opened(journal_url(settings), "journal")
    try:
        for target, until in sorted(blocks_of(Journal(engine), [pbx])().items()):
            if until > utc_now():
                yield target, f"blocked until {until:%Y-%m-%d %H:%M} UTC"
    finally:
        engine.dispose()


def listed(settings: Installation) -> Iterator[tuple[str, str]]:
    """What block lists hold: files as they are, and what is fetched as it was had last."""
    url = journal_url(settings) if settings.kafka is not None else f"sqlite:///{stream_file(settings).absolute()}"
    engine = opened(url, "stream") if settings.kafka is not None or stream_file(settings).exists() else None
    try:
        copies = first_lists(settings, ListCopies(engine) if engine is not None else None)
    finally:
        if engine is not None:
            engine.dispose()
    for one, copy in zip(settings.block_lists, copies, strict=True):
        if copy is None:
            err.print(f"block list {one.name}: never fetched by a service with this configuration; left out")
        else:
            yield from ((network, f"block list {copy.name}") for network in merge(copy.networks))


def stream_file(settings: Installation) -> Path:
    """Where a service on one machine keeps lists that it fetched."""
    return settings.data / "stream.db"
