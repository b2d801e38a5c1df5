"""How a leg of FreeSWITCH ends."""

from datetime import datetime

from msgspec import structs

from detector.contract.events import Call

DISPOSITIONS = {"NO_ANSWER": "no_answer", "ORIGINATOR_CANCEL": "no_answer", "NO_USER_RESPONSE": "no_answer",
                "USER_BUSY": "busy"}  # fmt: skip
REASONS = {
    "UNALLOCATED_NUMBER": "unallocated", "NO_ROUTE_DESTINATION": "unallocated", "INVALID_NUMBER_FORMAT": "unallocated",
    "CALL_REJECTED": "rejected", "USER_BUSY": "busy", "ORIGINATOR_CANCEL": "cancelled",
    "NORMAL_CIRCUIT_CONGESTION": "congestion", "SWITCH_CONGESTION": "congestion", "NO_ANSWER": "timeout",
    "OUTGOING_CALL_BARRED": "no_permission",
}  # fmt: skip


def ended(leg: Call, at: datetime, answered: datetime | None, cause: str) -> Call:
    """The end of a leg that began with `leg`."""
    talked = None if answered is None else max(answered, leg.at)
    failed = DISPOSITIONS.get(cause, "no_answer" if cause == "NORMAL_CLEARING" else "failed")
    return structs.replace(
        leg, id=phase_of(leg, "ended"), at=at, phase="ended", revision=0, started_at=leg.at, answered_at=talked,
        duration=max(0.0, (at - leg.at).total_seconds()),
        talk=max(0.0, (at - talked).total_seconds()) if talked else 0.0,
        disposition="answered" if answered else failed,
        reason=None if cause == "NORMAL_CLEARING" else REASONS.get(cause, cause.lower()),
    )  # fmt: skip


def phase_of(leg: Call, phase: str) -> str:
    """The id of an event of a leg."""
    return f"{leg.id.rpartition(':')[0]}:{phase}"
