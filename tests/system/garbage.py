"""Hostile input, made from good frames and lines by breaking them; the same seed breaks them the same way."""

import json
import random
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

SERIAL = "3631A2124001"
STRINGS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "'; DROP TABLE log; --", "<script>alert(1)</script>",
    "{{7*7}}", "../../../../etc/passwd", "%s%n%x", "\u202e1007\u202c", "\r\nX: 1", "A" * 70_000,
    "\N{PILE OF POO}" * 5_000,
    "=cmd|' /C calc'!A0", "\x1b[31m", "1" * 400, "-1", "NaN", "Infinity", "1e999", "0x10", "\u0661\u0662", "null",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 63, 1 << 200, 1e308, float("nan"), float("-inf"), [], {}, [[]], [None], {"a": {}},
)  # fmt: skip
ZERO = datetime(2026, 3, 7, 7, 10, tzinfo=UTC)


class Garbage:
    """Endless bad input; `number` is how much was made."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - to be repeated, not secret
        self.number = 0

    def frame(self) -> bytes:
        """A frame of a PBX, mostly broken."""
        self.number += 1
        return self._broken({"type": self.rng.choice((30007, 30011, 30012, 30013, 30014, 30015, 30034, 30036, 30099)),
                             "sn": SERIAL, "msg": self._message()})  # fmt: skip

    def line(self) -> bytes:
        """A line with one contract event, mostly broken; never blank, without line ends."""
        self.number += 1
        at = ZERO + timedelta(milliseconds=10 * self.number)
        event: dict[str, Any] = {
            "kind": self.rng.choice(("call", "registration", "login", "notice", "config", "tick", "control", "x")),
            "pbx": "hq", "id": f"g{self.number}", "at": at.isoformat(), "received_at": at.isoformat(),
            "outcome": "rejected", "account": "1003", "source_ip": "198.51.100.9", "phase": "started",
            "call_id": f"g{self.number}", "direction": "outbound", "extension": "1003", "to": "901125261234567",
            "name": "settings", "object": "role", "count": 1,
        }  # fmt: skip
        if self.rng.random() < 0.1:
            event["at"] = (at + timedelta(hours=1)).isoformat()
        broken = self._broken(event).replace(b"\n", b" ").replace(b"\r", b" ")
        return broken if broken.strip() else b"\x00"

    def text_line(self, good: list[bytes]) -> bytes:
        """A line of a text format, broken."""
        self.number += 1
        line = self.rng.choice(good)
        return self.rng.choice((self._cut, self._flipped, self._doubled, self._stuffed))(line).replace(b"\n", b" ")

    def _message(self) -> Any:
        rng, n = self.rng, self.number
        message: dict[str, Any] = {
            "extension": "1003", "kind": "Sip", "status": rng.choice(("Registered", "ANSWERED")),
            "registered_ip": "198.51.100.9", "call_id": f"1772867460.{n}", "uid": f"uid{n}",
            "time_start": "2026-03-07 02:10:00", "call_from": "1003", "call_to": "901125261234567",
            "call_duration": 24, "talk_duration": 21, "src_trunk_name": " ", "dst_trunk_name": "carrier-a",
            "type": "Outbound", "reason": "Congestion", "event_name": "web_login_fail", "event_level": "error",
            "event_content": "Someone has failed to log in via the Username: admin at 2026/03/07 02:10:00.\n"
            "The login attempt is derived from the IP address: 198.51.100.9.",
            "create_time": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y/%m/%d %H:%M:%S"),
            "members": [
                {"extension": {"number": "1003", "channel_id": f"PJSIP/1003-{n:08x}", "member_status": "ALERT"}},
                {"outbound": {"from": "1003", "to": "901125261234567", "trunk_name": "carrier-a",
                              "channel_id": f"PJSIP/trunk-{n:08x}", "member_status": "RING"}},
            ],
        }  # fmt: skip
        return message if rng.random() < 0.5 else json.dumps(message)

    def _broken(self, record: dict[str, Any]) -> bytes:
        """The record as JSON, broken in one of many ways; one in ten is left whole."""
        rng = self.rng
        for _ in range(rng.choice((0, 1, 1, 2, 5))):
            self._damage(record)
        raw = json.dumps(record, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")
        ways: tuple[Callable[[bytes], bytes], ...] = (
            self._whole, self._whole, self._cut, self._flipped, self._doubled, self._stuffed, self._nested, self._other,
        )  # fmt: skip
        return rng.choice(ways)(raw)

    def _damage(self, record: dict[str, Any]) -> None:
        """Take out, add or replace one field, at any depth."""
        rng = self.rng
        holder: Any = record
        while True:
            inner = [
                v for v in (holder.values() if isinstance(holder, dict) else holder) if v and type(v) in (dict, list)
            ]
            if not inner or rng.random() < 0.5:
                break
            holder = rng.choice(inner)
        value = rng.choice(STRINGS) if rng.random() < 0.6 else deepcopy(rng.choice(VALUES))
        if isinstance(holder, list):
            holder[rng.randrange(len(holder))] = value
            return
        field = rng.choice([*holder, "surplus", "\ud800"] if holder else ["surplus"])
        if rng.random() < 0.2:
            holder.pop(field, None)
        else:
            holder[field] = value

    def _whole(self, raw: bytes) -> bytes:
        return raw

    def _cut(self, raw: bytes) -> bytes:
        return raw[: self.rng.randrange(1, len(raw))]

    def _flipped(self, raw: bytes) -> bytes:
        changed = bytearray(raw)
        for _ in range(self.rng.randrange(1, 8)):
            changed[self.rng.randrange(len(changed))] = self.rng.randrange(256)
        return bytes(changed)

    def _doubled(self, raw: bytes) -> bytes:
        at = self.rng.randrange(len(raw))
        return raw[:at] + raw[: self.rng.randrange(len(raw))] + raw[at:]

    def _stuffed(self, raw: bytes) -> bytes:
        at = self.rng.randrange(len(raw))
        return raw[:at] + self.rng.choice(STRINGS).encode("utf-8", "surrogatepass") + raw[at:]

    def _nested(self, raw: bytes) -> bytes:
        depth = self.rng.choice((100, 5_000, 30_000))
        return b'{"a":' * depth + raw[:64] + b"}" * depth

    def _other(self, raw: bytes) -> bytes:
        return self.rng.choice(
            (
                b"null",
                b"1",
                b'"text"',
                b"true",
                b"{}",
                b"\x00\x01\x02",
                b"\xff\xfe{\x00",
                b"<xml/>",
                b"--1",
                b"{" * 3_000,
            )
        )
