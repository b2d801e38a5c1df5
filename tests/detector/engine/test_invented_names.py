"""Names of any length that somebody invents are remembered and shown short, and still told apart."""

import pytest

from detector.enrich.account_names import LONGEST, bound_names, shorten
from tests.detector.engine.builders import detections, engine, login, notice, pages, registration, run

LONG = "\U00012000" * 1_000
CASES = [
    ("the account of a registration", registration(0, account=LONG)),
    ("only its extension", registration(0, account="1007", extension=LONG)),
    ("the account of a login", login(0, account=LONG)),
    ("one of several accounts", login(0, account="1007", accounts=("1008", LONG))),
    ("what a notice is about", notice(0, "extension_registration_blocked", account=LONG, extension=LONG)),
]


@pytest.mark.parametrize("event", [pytest.param(case[1], id=case[0]) for case in CASES])
def test_names_are_short(event) -> None:
    bound = bound_names(event)
    told = [bound.account, getattr(bound, "extension", None), *getattr(bound, "accounts", ())]
    assert all(len(name) <= LONGEST for name in told if name is not None)
    assert any("…" in name for name in told if name is not None)


def test_names_that_people_have_are_left_as_they_are() -> None:
    event = login(0, account="a" * LONGEST, accounts=("1007", "1008"))
    assert bound_names(event) == event


def test_long_names_that_begin_alike_are_told_apart() -> None:
    assert len({shorten(LONG + str(n)) for n in range(100)}) == 100


def test_nothing_that_is_remembered_or_said_holds_a_long_name() -> None:
    events = [registration(n, account=f"{LONG}{n % 3}"[-1_024:], extension=None) for n in range(60)]
    events += [login(100 + n, account=LONG, source=f"203.0.{n}.1") for n in range(10)]
    made = engine()
    for event in events:
        made.process(event)
    assert max(map(len, pages(made, {}))) < 600
    found = detections(run(events))
    assert found
    assert max(len(f"{one.subject.id}{one.summary}") for one in found) < 300
