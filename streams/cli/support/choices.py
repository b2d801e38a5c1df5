"""What was chosen on the command line, checked before any work begins."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from detector.contract.codec import excerpt_of
from detector.detect.catalogue import catalogue
from detector.formats import formats
from detector.formats.own_network import Network
from detector.formats.parties import Parties
from detector.formats.unread import UnreadLines
from detector.settings import profile
from streams.cli.support.failures import FAILED, WRONG_USAGE, err, fail
from streams.cli.support.inputs import STDIN, Cemetery, Inputs, Options
from streams.cli.support.outputs import STDOUT, Lines, output, size_of
from streams.config.installation import Installation, core_settings
from streams.config.kafka_settings import NAME, Kafka, Name
from streams.config.loading import load
from streams.config.metrics_settings import Process
from streams.config.yaml_model import ConfigError
from streams.sources.hep_receivers import network_of
from streams.sources.known_parties import known_parties
from streams.store.keys import pin_hash

UNNAMED = "pbx"
NO_NAME_NEEDED = "events"


def loaded(path: Path | None, *, secrets: tuple[str, ...] | None = ()) -> Installation:
    """The settings, or an end with every problem named.

    `secrets` None fetches all of them: only who acts needs that, and therefore knows the enforcers, too.
    """
    enforcers = None
    if secrets is None:
        from streams.containment.enforcers.enforcer import enforcer_settings

        enforcers = enforcer_settings()
    try:
        return load(path, secrets=secrets, enforcers=enforcers)
    except ConfigError as error:
        fail(str(error), WRONG_USAGE)


def cluster_of(settings: Installation, who: str) -> tuple[Kafka, str]:
    """The Kafka and the database that the processes of a fleet share, or an end that says what is missing."""
    if settings.kafka is None:
        fail(f"{who} needs Kafka: name it under `kafka`", WRONG_USAGE)
    if settings.journal is None:
        fail(f"{who} shares its memory with others: name a PostgreSQL under `journal`", WRONG_USAGE)
    return settings.kafka, settings.journal.get_secret_value()


def named(name: str) -> str:
    """What a process is called beside others of its data folder, or an end."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name) is None:
        fail(f"--name: {name!r} is no name; allowed are letters, digits, '.', '_' and '-', up to 64", WRONG_USAGE)
    return name


def observed_at(settings: Installation, process: Process, port: int | None) -> Installation:
    """With another port for metrics where one is given."""
    if port is None:
        return settings
    return settings.model_copy(update={"metrics": settings.metrics.model_copy(update={process: port})})


def with_member(settings: Installation, member: str | None) -> Installation:
    """With another static member of the group where one is given."""
    if member is None or settings.kafka is None:
        return settings
    try:
        name = TypeAdapter(Name).validate_python(member)
    except ValidationError:
        fail(f"--member: {member!r} is no name; allowed are {NAME}", WRONG_USAGE)
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"static_member": name})})


def options_of(settings: Installation, name: str, pbx: str | None, timezone: str | None, year: int | None) -> Options:
    """What the records lack, from the command line and the configuration."""
    if name not in formats():
        fail(f"--format: no format {name!r}; there are {', '.join(formats())}", WRONG_USAGE)
    chosen = pbx_of(settings, name, pbx)
    own = profile(core_settings(settings), chosen, catalogue())
    zone = own.timezone if timezone is None else timezone
    try:
        found = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        fail(f"--timezone: no time zone {zone!r}; write it as America/New_York", WRONG_USAGE)
    return Options(
        format=name, pbx=chosen, zone=found, year=year, keyed_hash=pin_hash(settings.data),
        parties=parties_of(settings, chosen), region=own.region,
        network=next((network_of(one) for one in settings.pbxs if one.id == chosen), Network()),
    )  # fmt: skip


def parties_of(settings: Installation, pbx: str) -> Parties:
    """Which names of its channels the configuration says are trunks, and which extensions."""
    for one in settings.pbxs:
        if one.id == pbx:
            return known_parties(one)
    return Parties()


def pbx_of(settings: Installation, format_name: str, pbx: str | None) -> str:
    """The PBX the records come from: the one that is named, or the only one there is."""
    known = [one.id for one in settings.pbxs]
    if pbx is None:
        if len(known) > 1 and format_name != NO_NAME_NEEDED:
            fail(f"--pbx is needed: which of {', '.join(known)} do the records come from?", WRONG_USAGE)
        return known[0] if len(known) == 1 else UNNAMED
    if not pbx or len(pbx) > 64 or not pbx.isprintable():
        fail("--pbx: a name of 1 to 64 characters", WRONG_USAGE)
    if known and pbx not in known:
        fail(f"--pbx: no PBX {pbx!r} in the configuration; there are {', '.join(known)}", WRONG_USAGE)
    return pbx


def refuse_unfit(files: Sequence[str], written: Sequence[Path]) -> None:
    """End if a file cannot be read, or would be overwritten while it is."""
    for name in files:
        path = Path(name)
        if name == STDIN:
            continue
        if not path.exists():
            fail(f"{name}: there is no such file", WRONG_USAGE)
        if path.is_dir():
            fail(f"{name}: a folder; name the files in it", WRONG_USAGE)
        if not os.access(path, os.R_OK):
            fail(f"{name}: may not be read by this user", WRONG_USAGE)
        if path.is_file() and any(other.exists() and other.samefile(path) for other in written):
            fail(f"{name}: would be overwritten; choose another file to write to", WRONG_USAGE)


@contextmanager
def reading(
    files: Sequence[str], options: Options, out: Path | None, dead_letters: Path | None
) -> Iterator[tuple[Inputs, Lines]]:
    """The inputs, and where to write what comes of them; what could not be read is told at the end."""
    first = "standard-input" if files[0] == STDIN else Path(files[0]).name
    buried = dead_letters or Path(f"{first}.dead-letters.jsonl")
    refuse_unfit(files, [buried, *([out] if out is not None and str(out) != STDOUT else [])])
    if out is not None and out.absolute() == buried.absolute() and not out.is_char_device():
        fail("--out and --dead-letters name the same file", WRONG_USAGE)
    cemetery = Cemetery(buried)
    with output(out, size_of(files), err) as to:
        inputs = Inputs(options, cemetery.bury, to.advanced)
        try:
            yield inputs, to.lines
        finally:
            cemetery.close()
    if cemetery.first is not None:
        letter = cemetery.first
        err.print(f"{inputs.rejected} unreadable, the first in line {letter.line} of {letter.file}: {letter.reason}")
        err.print(f"all of them with line and reason: {cemetery.path}")


def tell_unread(unread: UnreadLines, events: int) -> None:
    """What should have been read and was not, with a sample of each kind: never in silence."""
    if not unread.total:
        return
    share = 100 * unread.total / (unread.total + events)
    err.print(f"{unread.total} lines not understood ({share:.0f} % of what should have been read):")
    for reason, count in unread.counts.most_common():
        err.print(f"  {count} x {reason}, such as: {excerpt_of(unread.samples[reason])}")


def verify(inputs: Inputs, events: int, options: Options) -> None:
    """Say what was not understood; not one event: most likely the wrong format was named."""
    tell_unread(inputs.unread, events)
    for guess in inputs.assumed:
        err.print(f"guessed: {guess}")
    if events:
        return
    if inputs.rejected:
        fail(f"nothing could be read: is --format {options.format} right?", FAILED)
    if inputs.ignored:
        err.print(f"no event in {inputs.ignored} lines: is --format {options.format} right?")
