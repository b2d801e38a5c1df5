"""The journal of a configuration, for commands by which people see and do things, and whether a service is at work."""

import getpass
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from detector.contract.codec import from_micros, to_micros
from detector.settings.params import seconds
from streams.cli.support.choices import loaded
from streams.cli.support.common_options import NeededConfig
from streams.cli.support.failures import WRONG_USAGE, err, fail
from streams.config.installation import Installation
from streams.processes.data_folder import in_use, journal_file, journal_url
from streams.runtime.clock import utc_now
from streams.store.journal.journal import Journal
from streams.store.migrate import opened

__all__ = ["AsJson", "By", "Desk", "For", "Most", "NeededConfig", "Why", "desk"]

LONGEST = timedelta(days=400)
LONGEST_NAME = 64
AWAY = "no running service can be reached with this configuration"

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Why = Annotated[str, typer.Option("--why", "-w", metavar="TEXT", help="The reason, which everybody reads.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it; default: the user of this machine.")]
For = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="How long, such as 30m, 4h or 2d; default: until somebody ends it."),
]
Most = Annotated[int, typer.Option("--most", "-n", metavar="COUNT", min=1, max=10_000, help="How many at most.")]


class Desk(Struct, frozen=True):
    """The journal, and whether anybody is at work who acts by it."""

    settings: Installation
    journal: Journal
    at_work: bool

    def warn(self, means: str) -> None:
        """Say that nobody is at work, and what that means for what was just done."""
        if not self.at_work:
            err.print(f"{AWAY}: {means}")


@contextmanager
def desk(config_file: NeededConfig) -> Iterator[Desk]:
    """The desk of a configuration; ends with a reason where no service was ever started with it."""
    settings = loaded(config_file, secrets=("journal",))
    if settings.journal is None and not journal_file(settings).exists():
        fail(f"ringfence: there is no {journal_file(settings)}: no service was ever started with this configuration")
    engine = opened(journal_url(settings), "journal")
    try:
        journal = Journal(engine)
        at_work = journal.leases.at_work() > 0 if settings.kafka is not None else in_use(settings.data)
        yield Desk(settings, journal, at_work)
    finally:
        engine.dispose()


def known_pbx(settings: Installation, pbx: str | None) -> str:
    """A PBX of the configuration, `""` for all of them; else the command ends."""
    names = [one.id for one in settings.pbxs]
    if pbx is not None and pbx not in names:
        fail(f"--pbx: no PBX {pbx!r} in the configuration; there are {', '.join(names)}", WRONG_USAGE)
    return pbx or ""


def known_rule(rule: str | None) -> str:
    """A rule that there is, `""` for all of them; else the command ends."""
    from detector.detect.catalogue import detectors  # late: it imports every rule

    if rule is not None and rule not in detectors():
        fail(f"--rule: there is no rule {rule!r}; docs/detectors.md lists them", WRONG_USAGE)
    return rule or ""


def needed_reason(why: str) -> str:
    """The reason without blanks around it; without one the command ends."""
    if not why.strip():
        fail("--why: say why; others have to understand it", WRONG_USAGE)
    return why.strip()


def end_of(duration: str | None) -> int | None:
    """When a duration from now is over, in microseconds; None without one."""
    if duration is None:
        return None
    try:
        length = timedelta(seconds=float(str(seconds(duration))))
    except (ValueError, OverflowError):
        fail(f"--for: {duration!r} is no duration such as 30m, 4h or 2d", WRONG_USAGE)
    if not timedelta(0) < length <= LONGEST:
        fail(f"--for: more than nothing, and at most {LONGEST.days} days", WRONG_USAGE)
    return to_micros(utc_now() + length)


def person(by: str | None) -> str:
    """Who gives the order."""
    name = by if by is not None else getpass.getuser()
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        fail(f"--by: a name of 1 to {LONGEST_NAME} characters", WRONG_USAGE)
    return name.strip()


def moment(at: int | datetime) -> str:
    """A time for people, in UTC."""
    return f"{from_micros(at) if isinstance(at, int) else at:%Y-%m-%d %H:%M:%S} UTC"


def printable(text: str) -> str:
    """The same with what moves or hides other text written out: attackers choose names."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def print_lines(lines: Iterable[str]) -> None:
    """For people."""
    for line in lines:
        typer.echo(printable(line))


def print_objects(objects: Iterable[object]) -> None:
    """For programs."""
    encoder = msgspec.json.Encoder(enc_hook=str)
    for each in objects:
        typer.echo(encoder.encode(each).decode())
    sys.stdout.flush()
