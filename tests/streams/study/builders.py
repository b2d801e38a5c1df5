"""Four working days of three people; in the last night one of them is robbed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from detector.contract.events import AnyEvent, Call, Registration
from streams.config.installation import Installation

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
THIEF = "203.0.113.77"
SETTINGS = Installation.model_validate({
    "defaults": {"region": "US", "international_prefix": "011", "access_digit": "9", "timezone": "America/New_York"},
    "pbxs": [{"id": "hq"}, {"id": "lab", "timezone": "Asia/Kolkata"}],
})  # fmt: skip


def dialled(name: str, at: datetime, extension: str, to: str, talk: float, **more: Any) -> list[AnyEvent]:
    shared: dict[str, Any] = {
        "pbx": "hq", "call_id": name, "direction": "outbound", "extension": extension, "from_": extension, "to": to,
        "trunk": "carrier", **more,
    }  # fmt: skip
    end = at + timedelta(seconds=talk + 5)
    return [
        Call(id=f"{name}:s", at=at, phase="started", **shared),
        Call(id=f"{name}:a", at=at + timedelta(seconds=5), phase="answered", **shared),
        Call(id=f"{name}:e", at=end, phase="ended", started_at=at, talk=talk, disposition="answered", **shared),
    ]


def tried(name: str, at: datetime, account: str, source: str, outcome: str) -> Registration:
    return Registration(pbx="hq", id=name, at=at, account=account, extension=account, source_ip=source, outcome=outcome)


def robbed() -> list[AnyEvent]:
    events: list[AnyEvent] = []
    for day in range(4):
        for person in ("1001", "1002", "1003"):
            at = MONDAY + timedelta(days=day, hours=14, minutes=int(person) - 1000)
            events.append(tried(f"r{day}{person}", at, person, "10.0.0.9", "accepted"))
            for n in range(4):
                begun = at + timedelta(minutes=20 * n + 1)
                events += dialled(f"c{day}{person}{n}", begun, person, f"9121255501{n:02}", 90.0 + n)
    night = MONDAY + timedelta(days=4, hours=3)
    events += [tried(f"g{n}", night + timedelta(seconds=n), "1002", THIEF, "rejected") for n in range(12)]
    events.append(tried("in", night + timedelta(seconds=30), "1002", THIEF, "accepted"))
    for n in range(12):
        at = night + timedelta(seconds=120 + 20 * n)
        events += dialled(f"p{n}", at, "1002", f"90112526123{4500 + n}", 600.0, source_ip=THIEF)
    return sorted(events, key=lambda event: event.at)
