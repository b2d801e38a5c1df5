"""Call detail records: one row per part of a call, kept, and pushed as 30012 without the source address."""

import secrets
from dataclasses import dataclass

from streams.sim.options import SimOptions
from streams.sim.sim_clock import SimClock


@dataclass
class CdrPart:
    """One row-to-be of a call: who to whom, over what, from when to when (epoch seconds)."""

    call_id: str
    kind: str
    """Internal, Inbound or Outbound."""
    from_number: str
    from_name: str
    to_number: str
    to_name: str
    started_at: float
    src_addr: str = ""
    src_trunk: str = ""
    dst_trunk: str = ""
    did: str = ""
    pin: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    disposition: str = ""
    reason: str = ""


Row = dict[str, object]


class CdrStore:
    """Every finished part of a call as the PBX's API shows it, oldest first."""

    def __init__(self, options: SimOptions, clock: SimClock) -> None:
        self._shared_uid = options.shared_uid
        self._end_with_uid = options.end_with_uid
        self._clock = clock
        self._uids: dict[str, str] = {}
        self.rows: list[Row] = []

    def add(self, part: CdrPart) -> Row:
        """Store one row; the part must have ended."""
        assert part.ended_at is not None
        ring_until = part.answered_at if part.answered_at is not None else part.ended_at
        talk = round(part.ended_at - part.answered_at) if part.answered_at is not None else 0
        ring = round(ring_until - part.started_at)
        row: Row = {
            "id": len(self.rows) + 1,
            "uid": self._uid(part),
            "new_id": f"{secrets.token_hex(4)}-{len(self.rows):08}".upper(),
            "call_id": part.call_id,
            "time": self._clock.display(part.started_at),
            "timestamp": int(part.started_at),
            "call_from": _shown(part.from_name, part.from_number),
            "call_from_number": part.from_number,
            "call_from_name": part.from_name,
            "call_to": _shown(part.to_name, part.to_number),
            "call_to_number": part.to_number,
            "call_to_name": part.to_name,
            "src_addr": part.src_addr,
            "src_trunk": part.src_trunk,
            "dst_trunk": part.dst_trunk,
            "duration": ring + talk,
            "ring_duration": ring,
            "talk_duration": talk,
            "disposition": part.disposition,
            "call_type": part.kind,
            "reason": part.reason,
            "pin_code": part.pin,
            "did_number": part.did,
            "did_name": "",
            "dod_number": "",
            "record_file": self._recording(part),
            "call_note_id": "",
            "enb_call_note": 0,
        }
        self.rows.append(row)
        return row

    def end_details(self, row: Row) -> dict[str, object]:
        """The content of event 30012 for a row: other names, other time format, blanks as one space; no `new_id`."""
        started = self._clock.local(float(str(row["timestamp"])))
        return {
            "call_id": row["call_id"],
            "time_start": started.strftime("%Y-%m-%d %H:%M:%S"),
            "call_from": row["call_from_number"],
            "call_to": row["call_to_number"],
            "call_duration": row["duration"],
            "talk_duration": row["talk_duration"],
            "src_trunk_name": row["src_trunk"] or " ",
            "dst_trunk_name": row["dst_trunk"] or " ",
            "pin_code": row["pin_code"] or " ",
            "status": row["disposition"],
            "type": row["call_type"],
            "recording": row["record_file"] or " ",
            "did_number": row["did_number"] or " ",
            "did_name": "",
            "agent_ring_time": 0,
            "call_note_id": row["call_note_id"],
            "enb_call_note": 0,
            **({"uid": row["uid"]} if self._end_with_uid else {}),
        }

    def _uid(self, part: CdrPart) -> str:
        """That of the call, which begins with its local second, or one of the row's own."""
        uid = self._uids.get(part.call_id)
        if uid is None or not self._shared_uid:
            began = self._clock.local(part.started_at)
            uid = self._uids[part.call_id] = f"{began:%Y%m%d%H%M%S}{len(self.rows) + 1:05X}"
        return uid

    def _recording(self, part: CdrPart) -> str:
        if part.answered_at is None:
            return ""
        at = self._clock.local(part.answered_at).strftime("%Y%m%d%H%M%S")
        return f"{at}-{part.call_id}-{part.from_number}-{part.to_number}-{part.kind}.wav"


def _shown(name: str, number: str) -> str:
    return f"{name}<{number}>" if name else number
