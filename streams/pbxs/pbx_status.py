"""How a PBX is doing, as its gateway writes it into the journal for every other process."""

import json
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from detector.contract.codec import to_micros
from streams.runtime.ingest import SourceStatus

LONGEST_PROBLEM = 300
Micros = Annotated[int, Meta(ge=0, lt=253_402_300_800_000_000)]
"""Microseconds since 1970, until the year 9999."""


class PbxSource(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source; `problem` is what is wrong now, for people."""

    name: str
    connected: bool = False
    last_event_at: Micros | None = None
    problem: str | None = None
    events: int = 0
    rejected: int = 0


class PbxStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is when it was written, `heard_at` until when the PBX's records were fetched: the next owner begins there.

    `locked`: we log in no more, as the PBX would shut us out. The formats are those of the times the PBX displays,
    None while nobody knows them.
    """

    at: Micros
    sources: tuple[PbxSource, ...] = ()
    locked: bool = False
    date_format: str | None = None
    time_format: str | None = None
    heard_at: Micros | None = None


DECODER = msgspec.json.Decoder(PbxStatus)


def encode_status(status: PbxStatus) -> bytes:
    """JSON; what UTF-8 has no bytes for becomes a question mark."""
    return json.dumps(msgspec.to_builtins(status), ensure_ascii=False).encode("utf-8", "replace")


def decode_status(value: bytes | None) -> PbxStatus | None:
    """What `encode_status` wrote, here or in another release, whose new fields are passed over; None for all else."""
    try:
        return DECODER.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def sources_of(statuses: Iterable[SourceStatus]) -> tuple[PbxSource, ...]:
    """The same for others to read."""
    return tuple(
        PbxSource(
            name=one.source, connected=one.connected,
            last_event_at=to_micros(one.last_event_at) if one.last_event_at else None,
            problem=one.problem[:LONGEST_PROBLEM] if one.problem else None, events=one.events, rejected=one.rejected,
        )
        for one in statuses
    )  # fmt: skip
