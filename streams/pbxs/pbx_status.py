"""How a PBX is doing, as its gateway writes it into the journal for every other process."""

import json
from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streams.runtime.ingest import Micros, SourceStatus

LONGEST_TEXT = 300


class PbxStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is when it was written, `heard_at` until when the PBX's records were fetched: the next owner begins there.

    `locked`: we log in no more, as the PBX would shut us out. Model and firmware are known once it was asked, and so is
    why there are `no_records`, where its call records cannot be read. `differences` say where the settings are
    not as the PBX is, and which names of carriers nobody can look up. The formats are those of the times the PBX
    displays, None while nobody knows them.
    """

    at: Micros
    sources: tuple[SourceStatus, ...] = ()
    locked: bool = False
    model: str | None = None
    firmware: str | None = None
    no_records: str | None = None
    date_format: str | None = None
    time_format: str | None = None
    heard_at: Micros | None = None
    differences: tuple[str, ...] = ()


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


def copied(statuses: Iterable[SourceStatus]) -> tuple[SourceStatus, ...]:
    """As they are now, for others to read; no endless text."""
    return tuple(
        replace(
            one, problem=(one.problem or "")[:LONGEST_TEXT] or None, unread_reason=one.unread_reason[:LONGEST_TEXT],
            unread_sample=one.unread_sample[:LONGEST_TEXT], gap=one.gap[:LONGEST_TEXT],
        )
        for one in statuses
    )  # fmt: skip
