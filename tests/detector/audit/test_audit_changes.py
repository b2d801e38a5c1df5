"""What changed between two audits, as events: the same for the same two, and without secrets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from detector.audit.changes import Snapshot, changes, snapshot
from detector.contract.codec import Codec
from detector.contract.events import Config
from tests.detector.posture.postures import STAFF, UNSEEN, posture, with_extension, with_route

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)


def changed(old: Any, new: Any) -> list[Config]:
    return list(changes("hq", snapshot(old, AT), snapshot(new, LATER)))


CASES = [
    ("nothing", posture(), posture(), []),
    (
        "a role", posture(), posture(extensions=with_extension(role="Administrator")),
        [("role", "1005", {"role": ("Employee", "Administrator")})],
    ),
    (
        "a switch", posture(), posture(extensions=with_extension(remote=True)),
        [("extension", "1005", {"remote": (False, True)})],
    ),
    (
        "a PIN taken off a route", posture(), posture(routes=with_route(pin="disable")),
        [("outbound_route", "International", {"pin": ("pin_list", "disable")})],
    ),
    (
        "who has a route", posture(), posture(routes=with_route(members=("1000", "1004"))),
        [("outbound_route", "International", {"members": (["1000"], ["1000", "1004"])})],
    ),
    (
        "what the portal says", posture(), posture({"ssh": True}),
        [("security", "ssh", {"ssh": (False, True)})],
    ),
    ("firmware", posture(), posture(firmware="38"), [("system", "firmware", {"version": ("37.23.0.123", "38")})]),
    ("what was not read is no change", posture(), posture(extensions=UNSEEN, routes=UNSEEN), []),
    ("nor what could not be read before", posture(extensions=UNSEEN), posture(), []),
    ("a password judged otherwise", posture(), posture(extensions=with_extension(password_flaws=("x",))), []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_is_told(old: Any, new: Any, wanted: list[Any]) -> None:
    assert [(event.object_, event.object_id, event.changes) for event in changed(old, new)] == wanted


def test_a_new_extension_and_one_that_is_gone() -> None:
    found = changed(posture(extensions=STAFF[:3]), posture(extensions=STAFF[1:]))
    told = {(event.object_, event.object_id): event.changes for event in found}
    assert told["role", "1005"] == {"role": (None, "Employee")}
    assert told["role", "1000"] == {"role": ("Super Administrator", None)}


def test_the_same_two_audits_give_the_same_ids_and_the_next_ones_others() -> None:
    on, off = posture({"ssh": True}), posture()
    first, again = changed(off, on), changed(off, on)
    assert [event.id for event in first] == [event.id for event in again]
    next_day = list(changes("hq", snapshot(off, LATER), snapshot(on, LATER + timedelta(days=1))))
    assert first[0].id != next_day[0].id
    assert changed(on, off)[0].id != first[0].id


def test_a_snapshot_survives_being_written_and_events_are_events() -> None:
    old = snapshot(posture(), AT)
    back = msgspec.json.decode(msgspec.json.encode(old), type=Snapshot)
    assert back == old
    many = tuple(str(number) * 20 for number in range(5_000))
    [event] = changed(posture(), posture(routes=with_route(members=many)))
    codec = Codec()
    assert len(codec.encode(event)) < 64 * 1024
    assert codec.decode(codec.encode(event)) == [event]
