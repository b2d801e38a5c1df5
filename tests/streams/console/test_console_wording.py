"""How times, money and deeds are put in words."""

from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from detector.contract.findings import FOREVER, Subject
from detector.contract.lifecycle import BROKEN
from detector.contract.vocabulary import Act, Author, MessageState, Severity, Stage, State, Status, SubjectKind
from streams.console import wording
from streams.store.rows import About


def test_times_are_shown_where_the_reader_is() -> None:
    at = datetime(2026, 3, 7, 7, 11, 3, tzinfo=UTC)
    assert wording.clock(at, ZoneInfo("America/New_York")) == "2026-03-07 02:11:03 EST"
    assert wording.short_clock(at, UTC) == "7 Mar 07:11 UTC"
    assert wording.millis(at) == 1_772_867_463_000
    assert wording.clock(FOREVER.replace(hour=23), ZoneInfo("Asia/Tokyo")).startswith("9999-12-31")


def test_an_open_end_is_none_or_the_last_day() -> None:
    assert wording.open_ended(None)
    assert wording.open_ended(FOREVER)
    assert not wording.open_ended(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "said"),
    [(1_234, "1,234"), (5.70, "5.7"), (3.0, "3"), (True, "yes"), (None, "unknown"), ("<b>", "<b>")],
)
def test_figures(value: object, said: str) -> None:
    assert wording.figure(value) == said


def test_stages_up_to_the_one_reached() -> None:
    steps = wording.stage_steps(Stage.ACCESS, {Stage.CREDENTIAL, Stage.ACCESS})
    assert steps == [
        ("Scouting", "passed"),
        ("Guessing", "done"),
        ("Break-in", "now"),
        ("Test call", "ahead"),
        ("Pumping", "ahead"),
    ]


def test_there_are_words_for_everything() -> None:
    assert set(wording.STATES) == set(State)
    assert set(wording.TROUBLES) == BROKEN
    assert set(wording.STEPS) == set(wording.REACHED) == set(Stage)
    assert set(wording.REMARKS) == set(get_args(About))
    assert set(wording.OURSELVES) == set(Author)
    assert set(wording.MESSAGES) == set(MessageState)
    assert set(wording.STATUSES) == set(Status)
    assert set(wording.SEVERITIES) == set(Severity)


def test_a_target_with_braces_stays_as_it_is() -> None:
    odd = Subject(SubjectKind.EXTENSION, "{kind}{0}")
    assert wording.order(Act.RESTRICT_EXTENSION, odd) == "Restrict extension {kind}{0}"


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\x1b", "\x00", "\u0085", "\ufeff"])
def test_signs_one_cannot_see_are_written_out(sign: str) -> None:
    assert wording.visible(f"a{sign}b") == f"a\\u{ord(sign):04x}b"
    assert wording.visible("Zoë\n1007") == "Zoë\n1007"
