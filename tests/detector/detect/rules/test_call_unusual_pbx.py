"""One extension after the other makes an unusual call (C28)."""

import pytest

from detector.contract.findings import Subject
from detector.contract.vocabulary import SubjectKind
from tests.detector.detect.rules.test_call_unusual import BLOCKS, drip
from tests.detector.engine.builders import DAY, HOME, decisions, fired, incidents, run, settings, usual

RULE = "call.unusual_pbx"
CONFIGURED = settings(rules={RULE: {"bits": 30}})
BEFORE = usual()


def hopping(days, blocks=BLOCKS, extensions=5):
    return [event for n, day in enumerate(days) for event in
            drip([day], [blocks[n % len(blocks)]], extension=str(1003 + n % extensions))]  # fmt: skip


def day(number):
    return number * DAY + 1_700


CASES = [
    ("one below the limit", hopping([0, 1, 2]), []),
    ("at the limit", hopping([0, 1, 2, 3]), [day(3)]),
    ("starts over", hopping(range(7)), [day(3)]),
    ("days between", hopping([0, 4, 8, 12]), [day(12)]),
    ("slower than the window", hopping([0, 6, 12, 18]), []),
    ("one extension", drip(range(8)), []),
    ("calls at home", hopping(range(8), [HOME]), []),
    ("twice the same event", [event for event in hopping([0, 1, 2]) for _ in "ab"], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_unusual_pbx(events, seconds) -> None:
    assert fired([*BEFORE, *events], RULE, CONFIGURED) == seconds


def test_it_accuses_nobody_by_name_and_does_nothing() -> None:
    found = run([*BEFORE, *hopping(range(-2, 2))], CONFIGURED)
    (incident,) = incidents(found)
    assert incident.subjects == (Subject(SubjectKind.PBX, "hq"),)
    assert decisions(found) == []
