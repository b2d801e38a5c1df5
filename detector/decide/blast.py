"""Whom an action hits besides the attacker: said before it is done, and bounded where nobody is asked."""

from collections.abc import Iterator

from msgspec import Struct

SHOWN = 8


class Blast(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom an action hits, as far as it is known just before; None is not known, and `unknown` says why.

    `cut_off` are extensions that lose the PBX, `limited` is how many of `extensions` lose a way to call, `calls` are
    those it ends; the incident's own are in none of these. `loses` is what no longer works, `emergency` whether
    emergency calls do.
    """

    cut_off: tuple[str, ...] | None = ()
    limited: int | None = 0
    extensions: int | None = None
    calls: int | None = 0
    loses: str = ""
    emergency: str = ""
    unknown: str = ""


class Bounds(Struct, frozen=True):
    """Up to which an action may hit others without a person; `limited` is a share of all extensions."""

    cut_off: int
    calls: int
    limited: float


def beyond(blast: Blast, bounds: Bounds) -> str | None:
    """Why a person has to look at it first; None if it stays within what is bounded.

    Calls of others are not ended in doubt; that nobody knows who is registered somewhere holds nothing back.
    """
    if blast.cut_off is not None and len(blast.cut_off) > bounds.cut_off:
        return f"it would cut off {_listed(blast.cut_off)}: more than {bounds.cut_off} extensions that nobody accuses"
    if blast.calls is None:
        return f"nobody knows whose calls it would end: {blast.unknown}"
    if blast.calls > bounds.calls:
        return f"it would end {blast.calls} calls that nobody accuses, and {bounds.calls} are the bound"
    if blast.limited and blast.extensions and blast.limited > bounds.limited * blast.extensions:
        return f"it would limit {blast.limited} of {blast.extensions} extensions, the bound is {bounds.limited:.0%}"
    return None


def sentences(blast: Blast) -> Iterator[str]:
    """What people read before they approve: each a sentence."""
    if blast.loses:
        yield f"{blast.loses}."
    if blast.cut_off:
        of = f" of {blast.extensions}" if blast.extensions else ""
        yield f"Cuts off {len(blast.cut_off)}{of} extensions that nobody accuses: {_listed(blast.cut_off)}."
    if blast.limited:
        share = f" ({blast.limited / blast.extensions:.0%})" if blast.extensions else ""
        yield f"Limits {blast.limited}{f' of {blast.extensions}' if blast.extensions else ''} extensions{share}."
    if blast.calls:
        yield f"Ends {blast.calls} {'call' if blast.calls == 1 else 'calls'} of others."
    if blast.emergency:
        yield f"{blast.emergency}."
    if blast.unknown:
        yield f"Not known: {blast.unknown}."


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
