"""What a message says, and what an attacker's text cannot make of it."""

from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.findings import Loss, Subject
from detector.contract.vocabulary import Act, Mode, Stage, State, Status, SubjectKind
from streams.notify.compose import STAGES, STATES, STATUSES, Message, clean, compose, money, occasion
from streams.store.journal.journal import Journal


def told(journal: Journal, reason: str = "opened") -> Message:
    view = journal.incidents.find("inc-1")
    assert view is not None
    return compose(view, occasion(reason, view), "http://127.0.0.1:8600/")


def test_an_incident_in_plain_words(journal: Journal, make: Any) -> None:
    journal.findings.record(
        [make.incident(), make.decision(), make.decision("dec-2", action=Act.HANG_UP, mode=Mode.ASK)]
    )
    now = to_micros(make.AT)
    journal.actions.move("act-dec-1", {State.APPROVED}, State.APPLYING, by="x", now=now)
    journal.actions.move("act-dec-1", {State.APPLYING}, State.FAILED, by="x", now=now, error="the PBX is gone\x1b[2J")
    message = told(journal)
    assert message.title == "[CRITICAL] hq: Extension 1005 calls a block in Somalia"
    assert message.text == (
        "A new incident.\n\n"
        "PBX: hq (acme)\n"
        "Status: open; test calls are being made\n"
        "Since: 2026-03-01 12:00:00 UTC\n"
        "Money: 12.40 EUR spent, 3.10 EUR a minute\n\n"
        "Done:\n"
        "- stop outbound calls of extension 1005: FAILED (the PBX is gone[2J)\n"
        "- hang up extension 1005: WAITS FOR YOUR APPROVAL\n\n"
        "http://127.0.0.1:8600/incidents/inc-1"
    )


def test_what_is_said_of_the_pbx_alone_accuses_nobody(journal: Journal, make: Any) -> None:
    own = (Subject(SubjectKind.PBX, "hq"),)
    journal.findings.record([make.incident(subjects=own, stage=Stage.RECON)])
    assert "\nStatus: open\nSince" in told(journal).text


def test_each_reason_has_its_sentence(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident(status=Status.CONTAINED), make.decision()])
    assert told(journal, "stage:probe").text.startswith("The attack went further: test calls")
    assert told(journal, "failed:act-dec-1:failed").text.startswith("Ringfence could not stop outbound calls of")
    assert told(journal, "ask:act-dec-1").text.startswith("Approval is needed to stop outbound calls of")
    assert told(journal, "contained").text.startswith("The attack is contained.")


@pytest.mark.parametrize(
    ("act", "kind", "target", "said"),
    [
        (Act.HANG_UP, SubjectKind.CALL, "1650.2", "hang up call 1650.2"),
        (Act.RESET_REGISTRATION, SubjectKind.EXTENSION, "1005", "reset the registration password of extension 1005"),
        (Act.BLOCK_IP, SubjectKind.SOURCE_IP, "203.0.113.9", "block address 203.0.113.9"),
        (Act.BLOCK_NUMBER, SubjectKind.DESTINATION, "+25261", "block calls to +25261"),
        (Act.LOCK_ROUTE, SubjectKind.ROUTE, "Out\r\nBcc: x", "lock route Out Bcc: x"),
        (Act.DISABLE_TRUNK, SubjectKind.TRUNK, "{id}", "switch off trunk {id}"),
        (Act.BACKUP_PBX, SubjectKind.PBX, "hq", "back up PBX hq"),
    ],
)
def test_what_is_done_says_to_what(
    journal: Journal, make: Any, act: Act, kind: SubjectKind, target: str, said: str
) -> None:
    decision = make.decision(action=act, target=Subject(kind, target), mode=Mode.ASK)
    journal.findings.record([make.incident(), decision])
    assert told(journal, "ask:act-dec-1").text.startswith(f"Approval is needed to {said}.")


def test_there_are_words_for_everything() -> None:
    assert (set(STATES), set(STATUSES), set(STAGES)) == (set(State), set(Status), set(Stage))


def test_a_drill_says_so_first(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident(drill=True)])
    assert told(journal).title.startswith("DRILL: ")


def test_text_of_an_attacker_stays_one_bounded_line(journal: Journal, make: Any) -> None:
    journal.findings.record(
        [make.incident(title="calls\r\nBcc: all@example.com\x00\u202e" + "x" * 5_000, tenant="a\nb")]
    )
    message = told(journal)
    assert "\n" not in message.title
    assert len(message.title) == 160
    assert "PBX: hq (a b)" in message.text
    assert message.text.count("\n") == 9


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("a\tb\u2028c", "a b c"), ("\u200bx\u202e", "x"), ("é 漢", "é 漢"), ("\ud800x", "x"), ("", "")],
)
def test_what_is_left_of_a_text(raw: str, kept: str) -> None:
    assert clean(raw) == kept


def test_money_in_its_currency() -> None:
    assert money(Loss(1200, 30, 500, "JPY", "tariff")) == "1,200 JPY spent, 30 JPY a minute, 500 JPY avoided"
    assert money(Loss(5, 0, 0, "USD", "tariff")) == "0.05 USD spent, 0.00 USD a minute"
