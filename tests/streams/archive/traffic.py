"""Events of every kind, honest and hostile, for the archive."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from detector.contract.events import (
    AnyEvent,
    Call,
    Config,
    Control,
    Login,
    Notice,
    Registration,
    Tick,
    Unknown,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXTREME = "\x00\x1b[2J'\"\\\u202e,\n;$(x)\u0085\U0001f4a9"


def call(number: int, at: datetime = NOON, **changes: Any) -> Call:
    given: dict[str, Any] = {
        "pbx": "hq", "id": f"c{number}", "at": at + timedelta(seconds=number), "phase": "ended",
        "call_id": f"c{number}", "direction": "outbound", "extension": "1001", "from": "1001",
        "to": "+4930123456", "talk": 61.5, "duration": 70.0,
    }  # fmt: skip
    given["from_"] = given.pop("from")
    return Call(**given | changes)


def registration(number: int, at: datetime = NOON, **changes: Any) -> Registration:
    given: dict[str, Any] = {
        "pbx": "hq", "id": f"r{number}", "at": at + timedelta(seconds=number), "outcome": "rejected",
        "account": "1002", "extension": "1002", "source_ip": "203.0.113.7", "user_agent": "friendly-scanner",
    }  # fmt: skip
    return Registration(**given | changes)


def every_kind() -> list[AnyEvent | Unknown]:
    return [
        call(1, received_at=NOON + timedelta(seconds=3), started_at=NOON, answered_at=NOON, source="cdr", trust="text"),
        registration(2, count=5, accounts=("1002", "1003"), drill=True),
        Login(pbx="hq", id="l3", at=NOON, outcome="accepted", surface="web", account="admin", second_factor=False),
        Notice(pbx="hq", id="n4", at=NOON, name="ip_blocked", text="x" * 16_384),
        Config(pbx="hq", id="g5", at=NOON, object_="extension", object_id="1001", changes={"cos": (None, [1, {}])}),
        Tick(pbx="hq", id="t6", at=NOON),
        Control(pbx="*", id="s7", at=NOON, name="settings", settings={"defaults": {"region": "US"}}),
        Unknown(kind="fax", pbx="hq", id="u8", at=NOON, revision=3),
    ]  # fmt: skip


def hostile() -> list[AnyEvent | Unknown]:
    names = [
        "../../etc",
        ".",
        "..",
        "/",
        "*",
        "a=b/c",
        "%2e",
        "HQ",
        "hq ",
        EXTREME,
        "\u0440bx",
        "p" * 1_024,
        "\u20ac" * 1_024,
        "007",
    ]
    far = timezone(timedelta(hours=-14))
    return [
        *(call(number, pbx=name) for number, name in enumerate(names)),
        call(90, at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=far) - timedelta(seconds=90)),
        call(91, at=datetime(1, 1, 1, 0, 0, 0, tzinfo=timezone(timedelta(hours=14)))),
        call(92, at=NOON + timedelta(microseconds=1), received_at=datetime.max.replace(tzinfo=UTC)),
        registration(93, user_agent=EXTREME, account=EXTREME, source_ip="::ffff:203.0.113.7"),
        call(94, to="x" * 1_024, duration=1e7, talk=0.0),
        Unknown(kind=EXTREME, pbx="hq", id=EXTREME, at=NOON),
    ]  # fmt: skip
