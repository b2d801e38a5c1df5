"""A PIN that many extensions use all at once (C23)."""

import pytest

from tests.detector.engine.builders import DAY, EMERGENCY, HOME, call, cdr, detections, fired, run, settings

RULE = "call.pin_shared"
OWNER = [cdr(day * DAY, 60, HOME, "1001", pin="p") for day in (-4, -3, -2)]


def users(count, apart=60, first=1010, **more):
    return [call(apart * n, HOME, str(first + n), **{"pin": "p"} | more) for n in range(count)]


CASES = [
    ("one below the limit", [*OWNER, *users(4)], []),
    ("at the limit", [*OWNER, *users(5)], [240]),
    ("one past the limit", [*OWNER, *users(6)], [240]),
    ("starts over", [*OWNER, *users(10)], [240, 540]),
    ("within the window", [*OWNER, *users(5, 899)], [3_596]),
    ("slow drip", [*OWNER, *users(20, 901)], []),
    ("out of order", [*OWNER, *(users(5)[n] for n in (4, 0, 3, 1, 2))], [120]),
    ("twice the same event", [*OWNER, *(event for event in users(4) for _ in "ab")], []),
    ("one extension again and again", [*OWNER, *(call(n, HOME, "1010", pin="p") for n in range(20))], []),
    ("everybody who used it before", [*OWNER, *(cdr(-DAY + 9_000 * n, 9, HOME, str(1010 + n), pin="p")
                                                for n in range(9)), *users(9)], []),
    ("the single PIN of a route, on the first day", users(30), []),
    ("used on two days only", [*OWNER[1:], *users(9)], []),
    ("each its own PIN", [*OWNER, *(call(n, HOME, str(1010 + n), pin=str(n)) for n in range(9))], []),
    ("no PIN", [*OWNER, *users(9, pin=None)], []),
    ("emergencies", [*OWNER, *(call(n, EMERGENCY, str(1010 + n), pin="p") for n in range(9))], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_pin_shared(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_from_the_first_day_on_where_every_pin_is_one_person_s() -> None:
    strict = settings(rules={RULE: {"days": 0, "extensions": 2}})
    (found,) = detections(run(users(2), strict), RULE)
    assert (found.subject.id, found.severity, found.values["extensions"]) == ("1011", "warning", 2)
