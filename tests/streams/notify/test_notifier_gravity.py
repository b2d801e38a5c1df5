"""What is told again, what first, what together, and who is rung how often."""

from datetime import timedelta
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.findings import Loss, Subject
from detector.contract.vocabulary import Mode, Severity, Stage, Status, SubjectKind
from streams.notify.deliveries import FEW, RINGS
from streams.notify.sender import Channel, SendError
from streams.store.journal.journal import Journal
from tests.streams.notify.test_notifier_messages import Desk, Outbox


async def test_what_goes_on_after_it_was_contained_is_told_again_each_time(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    pumping = {"stage": Stage.PUMPING}
    steps: list[tuple[Status, int]] = [
        (Status.OPEN, 0), (Status.CONTAINED, 0), (Status.OPEN, 1), (Status.CONTAINED, 1), (Status.OPEN, 2),
    ]  # fmt: skip
    for revision, (status, reopened) in enumerate(steps):
        journal.findings.record([make.incident(revision=revision, status=status, reopened=reopened, **pumping)])
        await desk.round()
    again = "It goes on, although it was contained: calls get through again. 12.40 EUR spent, 3.10 EUR a minute by now."
    assert outbox.occasions == ["A new incident.", "The attack is contained.", again, "The attack is contained.", again]
    assert [title.startswith("[CRITICAL] hq: AGAIN: ") for title, _ in outbox.taken] == [
        False,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("case", "changes", "reminders"),
    [
        ("goes on", {}, 3),
        ("contained", {"status": Status.CONTAINED}, 0),
        ("only guessing", {"stage": Stage.CREDENTIAL}, 0),
        ("a warning", {"severity": Severity.WARNING}, 0),
        ("says something of the PBX", {"stage": Stage.RECON, "subjects": (Subject(SubjectKind.PBX, "hq"),)}, 0),
        ("drill", {"drill": True}, 0),
    ],
)
async def test_who_goes_on_is_reminded_of(
    journal: Journal, make: Any, case: str, changes: dict[str, Any], reminders: int
) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(**changes)])
    await desk.round()
    told = len(outbox.taken)
    for _ in range(3):
        desk.now += timedelta(minutes=5)
        desk.restarted()
        await desk.round()
        await desk.round()
    assert len(outbox.taken) == told + reminders, case


async def test_reminders_end_when_somebody_looks_after_it_and_begin_anew_with_news(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident()])
    await desk.round()
    journal.remarks.add("inc-1", by="anna", about="acknowledged", text="", now=to_micros(desk.now))
    for _ in range(3):
        await desk.round(300)
    assert len(outbox.taken) == 1
    journal.findings.record([make.incident(revision=1, stage=Stage.PUMPING)])
    await desk.round()
    for _ in range(3):
        await desk.round(300)
    assert len(outbox.taken) > 2


async def test_many_come_together_and_what_is_grave_by_itself_and_first(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    guessing = [make.incident(f"inc-{n}", stage=Stage.CREDENTIAL, title=f"Guessing {n}") for n in range(40)]
    theft = make.incident("inc-theft", stage=Stage.PUMPING, title="Theft", loss=Loss(1, 1, 0, "EUR", "tariff"))
    journal.findings.record([*guessing, theft])
    for _ in range(3):
        await desk.round()
    titles = [title for title, _ in outbox.taken]
    assert titles[0] == "[CRITICAL] hq: Theft"
    assert titles[1].startswith("[CRITICAL] 40 messages in one, the gravest: [CRITICAL] hq: Guessing ")
    assert len(titles) == 2
    assert outbox.taken[1][1].count("- [CRITICAL] hq: Guessing") == 20
    assert "and 20 more" in outbox.taken[1][1]
    assert journal.notifications.count_due(to_micros(desk.now), "channel-0") == 0


async def test_what_drips_is_gathered_after_a_few(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    for n in range(20):
        journal.findings.record([make.incident(f"inc-{n}", stage=Stage.CREDENTIAL)])
        await desk.round()
    assert len(outbox.taken) == FEW
    journal.findings.record([make.incident("inc-theft", stage=Stage.PUMPING, title="Theft")])
    await desk.round()
    assert outbox.taken[-1][0] == "[CRITICAL] hq: Theft"
    await desk.round(60)
    await desk.round()
    assert outbox.taken[-1][0].startswith("[CRITICAL] 15 messages in one")


def ringing(journal: Journal, make: Any, outbox: Outbox) -> Desk:
    desk = Desk(journal, make.AT, outbox)
    desk.channels = [Channel("call-1", outbox, Severity.CRITICAL, rings=True)]
    desk.restarted()
    return desk


async def test_a_telephone_rings_seldom_and_not_for_good_news(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = ringing(journal, make, outbox)
    journal.findings.record([make.incident("inc-0", stage=Stage.PUMPING)])
    await desk.round()
    for n in range(1, 18):
        journal.findings.record([make.incident(f"inc-{n}", stage=Stage.PUMPING)])
        await desk.round(30)
        assert len(outbox.taken) == min(1 + n // 2, RINGS), "once a minute at most"
    desk.now += timedelta(minutes=10)
    await desk.round()
    assert len(outbox.taken) == RINGS + 1, "one for all that waits"
    journal.findings.record([make.incident("inc-1", stage=Stage.PUMPING, status=Status.CONTAINED, revision=1)])
    desk.now += timedelta(minutes=20)
    journal.findings.record([make.incident(f"inc-{n}", status=Status.CLOSED, revision=2) for n in range(20)])
    await desk.round()
    assert len(outbox.taken) == RINGS + 1


async def test_who_does_not_answer_is_rung_again_until_it_is_acknowledged(journal: Journal, make: Any) -> None:
    outbox = Outbox(refusals=99, error=SendError("nobody answered the call"))
    desk = ringing(journal, make, outbox)
    journal.findings.record([make.incident(), make.decision(mode=Mode.ASK)])
    for _ in range(60):
        await desk.round(60)
    assert 3 * 5 <= outbox.asked <= 3 * 7, "three in ten minutes"
    desk.restarted()
    asked = outbox.asked
    journal.remarks.add("inc-1", by="anna", about="acknowledged", text="", now=to_micros(desk.now))
    for _ in range(30):
        await desk.round(60)
    assert outbox.asked == asked
