"""What of a PBX's findings concerns the whole fleet, and what never does."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent
from detector.decide.sightings import Sighting, decode, encode, sightings_of
from detector.settings import Settings
from tests.detector.engine.builders import (
    DAY,
    HOME,
    NIGHT,
    OFFICE,
    PREMIUM,
    SOMALIA_BLOCK,
    THIEF,
    call,
    guesses,
    known_phones,
    listed,
    login,
    moment,
    notice,
    registration,
    run,
    settings,
    watched,
)

HASH = "ab" * 32
STOLEN = [*guesses(0), registration(10, "accepted")]
FAST = [call(n / 10, call=f"fast {n}") for n in range(6)]


def seen(events: list[AnyEvent], configured: Settings | None = None) -> list[tuple[str, str, str]]:
    """What is told of the findings of events."""
    told = sightings_of(run(events, configured), lambda _: HASH)
    return [(one.kind, one.id, one.rule) for one in told]


GUESSED = ("source_ip", THIEF, "registration.bruteforce")
PUMPED = [("destination", SOMALIA_BLOCK, rule) for rule in ("call.concurrent_extension", "call.frequency")]
CALLED = ("destination", SOMALIA_BLOCK, "call.suspect")


@pytest.mark.parametrize(
    ("events", "told"),
    [
        pytest.param(guesses(0), [GUESSED], id="guessed"),
        pytest.param(guesses(0, 4), [], id="too few guesses"),
        pytest.param([login(n) for n in range(5)], [("source_ip", THIEF, "login.bruteforce")], id="guessed logins"),
        pytest.param(guesses(0, 15), [GUESSED], id="once while it is blocked"),
        pytest.param([notice(0, "auto_defense_ip_blocked")], [GUESSED], id="blocked by the PBX"),
        pytest.param(guesses(0, source="2001:db8::7"), [("source_ip", "2001:db8::/64", GUESSED[2])], id="IPv6"),
        pytest.param([*STOLEN, call(60)], [GUESSED, CALLED], id="a probe call of a thief"),
        pytest.param(FAST, PUMPED, id="pumping"),
        pytest.param([*watched(), call(NIGHT, PREMIUM)], [("destination", "+1900555", "call.premium")], id="premium"),
        pytest.param([call(n / 10, HOME, call=str(n)) for n in range(6)], [], id="often, but at home"),
        pytest.param([call(0, "900" + "7" * 30)], [], id="a number that cannot be read"),
        pytest.param([call(0)], [], id="a call that means nothing"),
        pytest.param(guesses(0, source="10.0.0.9"), [], id="private"),
        pytest.param(guesses(0, source="127.0.0.1"), [], id="loopback"),
        pytest.param(guesses(0, source="fd00::1"), [], id="private IPv6"),
        pytest.param(guesses(0, source="192.0.2.250"), [], id="a trunk's"),
        pytest.param(guesses(0, drill=True), [], id="a drill"),
        pytest.param(guesses(0, trust="text"), [GUESSED], id="read out of text"),
        pytest.param([call(0, PREMIUM, trust="text")], [], id="a call read out of text"),
        pytest.param([listed(-60, THIEF), registration(0)], [], id="hearsay is not told on"),
        pytest.param([*known_phones(["1001"], OFFICE), *guesses(0, source=OFFICE)], [], id="known as good"),
        pytest.param([replace(one, received_at=moment(DAY)) for one in guesses(0)], [], id="history"),
        pytest.param([replace(call(0, PREMIUM), received_at=moment(DAY))], [], id="a call that is history"),
    ],
)
def test_what_is_told(events: list[AnyEvent], told: list[tuple[str, str, str]]) -> None:
    assert seen(events) == told


def test_what_is_protected_is_not_told() -> None:
    assert seen(guesses(0), settings(protected=["203.0.113.0/24"])) == []


def test_a_mode_that_does_nothing_tells_as_well() -> None:
    assert seen(guesses(0), settings(mode="shadow")) == [GUESSED]


def test_a_sighting_names_no_pbx_and_nothing_of_whom_was_hit() -> None:
    (told,) = sightings_of(run(guesses(0)), {"hq": HASH}.__getitem__)
    (detection,) = [one for one in run(guesses(0)) if one.id == told.detection]
    assert told == Sighting(kind="source_ip", id=THIEF, rule="registration.bruteforce", at=moment(4),
                            detection=detection.id, pbx=HASH)  # fmt: skip
    assert {b"hq", b"acme", b"1007"} & set(encode(told).split(b'"')) == set()


GOOD = Sighting(kind="source_ip", id=THIEF, rule="r", at=datetime(2026, 3, 1, tzinfo=UTC), detection="d", pbx=HASH)


def test_what_is_encoded_is_decoded() -> None:
    for one in (GOOD, replace(GOOD, kind="destination", id="+2526123"), replace(GOOD, id="2001:db8::/64")):
        assert decode(encode(one)) == one


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "extension"}, {"kind": None}, {"id": ""}, {"id": "1" * 65}, {"id": "somewhere"}, {"id": "10.0.0.1"},
        {"id": "127.0.0.1"}, {"id": "0.0.0.0/0"}, {"id": "203.0.0.0/16"}, {"id": "\ud800"}, {"pbx": "hq"},
        {"pbx": HASH + "\n"}, {"pbx": HASH.upper()}, {"at": "2026-03-01T00:00:00"}, {"at": 5}, {"detection": None},
        {"kind": "destination"}, {"kind": "destination", "id": "+25"}, {"kind": "destination", "id": "911"},
        {"rule": "r" * 65},
    ],
    ids=str,
)  # fmt: skip
def test_what_must_not_be_listed_is_rejected_with_a_reason(change: dict[str, Any]) -> None:
    raw = msgspec.json.encode(msgspec.to_builtins(GOOD)).decode()
    record = msgspec.json.decode(raw) | change
    read = decode(str(record).replace("'", '"').replace("None", "null").encode("utf-8", "surrogatepass"))
    assert isinstance(read, Rejected)
    assert read.reason


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 1_000, b'{"id":"' + b"x" * 2_000, b"7"])
def test_bytes_that_are_no_sighting_are_rejected(raw: bytes) -> None:
    assert isinstance(decode(raw), Rejected)
