"""People hear of each change that matters once, through failures and crashes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, Mode, Severity, Stage, State, Status
from detector.correlate.case import MAX_DETECTIONS
from streams.notify.deliveries import ATTEMPTS
from streams.notify.notifier import Notifier
from streams.notify.sender import Channel, SendError
from streams.store.journal.journal import Journal
from streams.store.rows import NotificationRow


class Outbox:
    """A service: takes messages, or refuses the first ones."""

    def __init__(self, refusals: int = 0, error: Exception | None = None) -> None:
        self.taken: list[tuple[str, str]] = []
        self.asked = 0
        self._refusals = refusals
        self._error = error or SendError("full")

    async def send(self, title: str, text: str) -> None:
        self.asked += 1
        if self.asked <= self._refusals:
            raise self._error
        self.taken.append((title, text))

    @property
    def occasions(self) -> list[str]:
        return [text.partition("\n")[0] for _, text in self.taken]


class Desk:
    def __init__(self, journal: Journal, at: datetime, *outboxes: Outbox, minimum: Severity = Severity.WARNING):
        self.journal = journal
        self.now = at
        self.channels = [Channel(f"channel-{n}", outbox, minimum) for n, outbox in enumerate(outboxes)]
        self.notifier = self.restarted()

    def restarted(self) -> Notifier:
        self.notifier = Notifier(self.journal, self.channels, owner="me", now=lambda: self.now)
        return self.notifier

    async def round(self, seconds: float = 2) -> None:
        await self.notifier.scan()
        await self.notifier.look()
        await self.notifier.gather()
        self.now += timedelta(seconds=seconds)
        await self.notifier.send()
        await self.notifier.settle()

    def rows(self, state: str) -> Sequence[NotificationRow]:
        view = self.journal.incidents.find("inc-1")
        assert view is not None
        return [row for row in view.notifications if row.state == state]


async def test_one_message_per_change_and_channel(journal: Journal, make: Any) -> None:
    one, two = Outbox(), Outbox()
    desk = Desk(journal, make.AT, one, two)
    journal.findings.record([make.incident()])
    await desk.round()
    await desk.round()
    assert one.occasions == two.occasions
    assert len(one.taken) == 1
    assert "A new incident." in one.occasions[0]
    journal.findings.record([make.incident(revision=1, detections=("d1", "d2"))])
    await desk.round()
    assert len(one.taken) == 1, "a new revision alone is no news"
    journal.findings.record([make.incident(revision=2, stage=Stage.PUMPING)])
    await desk.round()
    assert one.occasions[1:] == ["The attack went further: expensive calls are being made."]
    journal.findings.record([make.incident(revision=3, stage=Stage.PUMPING, status=Status.CONTAINED)])
    await desk.round()
    assert one.occasions[2:] == ["The attack is contained."]
    journal.findings.record([make.incident(revision=4, stage=Stage.PUMPING, status=Status.CLOSED)])
    await desk.round()
    assert one.occasions[3:] == ["The incident is closed."]
    assert len(two.taken) == 4


async def test_changes_close_together_are_one_message(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident()])
    await desk.round(1.5)
    assert outbox.taken == []
    journal.findings.record([make.incident(revision=1, stage=Stage.PUMPING)])
    await desk.round(0.5)
    assert len(outbox.taken) == 1
    assert outbox.occasions == ["A new incident."]
    assert "expensive calls" in outbox.taken[0][1]
    await desk.round(10)
    assert len(outbox.taken) == 1


@pytest.mark.parametrize(("severity", "messages"), [("info", 0), ("warning", 1), ("critical", 1)])
async def test_below_the_channels_minimum_nothing_is_said(
    journal: Journal, make: Any, severity: str, messages: int
) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(severity=Severity(severity))])
    await desk.round()
    assert len(outbox.taken) == messages


REHEARSED = [
    ("rehearsed only", [("critical", "shadow"), ("warning", "shadow")], 0),
    ("rehearsed, and one that tells", [("critical", "shadow"), ("warning", "notify")], 1),
    ("rehearsed, and information that tells", [("critical", "shadow"), ("info", "auto")], 0),
    ("more than are remembered", [("critical", "shadow")] * MAX_DETECTIONS, 1),
]


@pytest.mark.parametrize(("case", "fired", "messages"), REHEARSED)
async def test_of_rules_in_shadow_mode_nobody_hears(
    journal: Journal, make: Any, case: str, fired: list[tuple[str, str]], messages: int
) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    detections = [make.detection(f"det-{n}", severity=Severity(severity), mode=Mode(mode))
                  for n, (severity, mode) in enumerate(fired)]  # fmt: skip
    journal.findings.record([*detections, make.incident(detections=tuple(one.id for one in detections))])
    await desk.round()
    assert len(outbox.taken) == messages, case


@pytest.mark.parametrize(("kinds", "messages"), [((), 1), (("irsf",), 1), (("admin_takeover", "policy"), 0)])
async def test_a_channel_hears_of_the_kinds_it_names(
    journal: Journal, make: Any, kinds: tuple[str, ...], messages: int
) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    desk.channels = [Channel("some", outbox, Severity.INFO, kinds)]
    desk.restarted()
    journal.findings.record([make.incident()])
    await desk.round()
    assert len(outbox.taken) == messages


async def test_failed_refused_and_waiting_actions_are_told(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(), make.decision()])
    await desk.round()
    journal.findings.record([make.decision("dec-2", action=Act.HANG_UP, mode=Mode.ASK)])
    await desk.round()
    assert outbox.occasions[1:] == ["Approval is needed to hang up extension 1005."]
    now = to_micros(desk.now)
    journal.actions.move("act-dec-1", {State.APPROVED}, State.REFUSED, by="guard", now=now, error="emergency device")
    await desk.round()
    assert outbox.occasions[2:] == ["Ringfence could not stop outbound calls of extension 1005."]
    assert "NOT DONE, refused (emergency device)" in outbox.taken[-1][1]
    journal.actions.refuse("act-dec-2", "anna", "no", now=now)
    await desk.round()
    assert len(outbox.taken) == 3, "what a person refused is no failure"


async def test_what_was_approved_and_waits_for_a_person_after_all_is_told(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(), make.decision()])
    await desk.round()
    now = to_micros(desk.now)
    journal.actions.move("act-dec-1", {State.APPROVED}, State.REQUESTED, by="guard", now=now, error="a carrier's?")
    await desk.round()
    assert outbox.occasions[1:] == ["Approval is needed to stop outbound calls of extension 1005."]


async def test_what_was_over_before_anybody_heard_is_not_told(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(status=Status.MERGED, merged_into="inc-2")])
    await desk.round()
    assert outbox.taken == []


async def test_imported_history_wakes_nobody(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT + timedelta(hours=13), outbox)
    journal.findings.record([make.incident()])
    await desk.round()
    assert outbox.taken == []


async def test_a_restart_tells_nothing_twice_and_finds_what_was_missed(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident()])
    await desk.round()
    journal.findings.record([make.incident(revision=1, stage=Stage.PUMPING)])
    notifier = desk.restarted()
    await notifier.recover()
    await notifier.scan()
    await desk.round()
    assert len(outbox.taken) == 2


async def test_a_failure_is_tried_again_later_and_then_given_up(journal: Journal, make: Any) -> None:
    outbox = Outbox(refusals=2)
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident()])
    await desk.round()
    assert outbox.asked == 1
    [row] = desk.rows("pending")
    assert (row.attempts, row.error) == (1, "full")
    await desk.round(4.9)
    assert outbox.asked == 1
    await desk.round(0.2)
    await desk.round(10)
    assert outbox.asked == 3
    assert len(desk.rows("sent")) == 1


async def test_after_the_last_attempt_it_is_a_failure(journal: Journal, make: Any) -> None:
    outbox = Outbox(refusals=99, error=RuntimeError("https://user:secret@example"))
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(severity=Severity.WARNING)])
    for _ in range(ATTEMPTS + 3):
        await desk.round(700)
    assert outbox.asked == ATTEMPTS
    [row] = desk.rows("failed")
    assert row.error == "RuntimeError", "errors of strangers may hold secrets"


async def test_a_dead_channel_holds_up_no_other(journal: Journal, make: Any) -> None:
    dead, alive = Outbox(refusals=99), Outbox()
    desk = Desk(journal, make.AT, dead, alive)
    journal.findings.record([make.incident()])
    await desk.round()
    assert len(alive.taken) == 1


@pytest.mark.parametrize(("severity", "reminders"), [(Severity.WARNING, 0), (Severity.CRITICAL, 1)])
async def test_killed_while_sending(journal: Journal, make: Any, severity: Severity, reminders: int) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    journal.findings.record([make.incident(severity=severity)])
    await desk.notifier.look()
    await desk.notifier.gather()
    desk.now += timedelta(seconds=2)
    journal.notifications.claim("me", to_micros(desk.now), 60, 10)  # and killed here
    await desk.restarted().recover()
    await desk.notifier.scan()
    await desk.round()
    assert outbox.taken == [], "not repeated blindly"
    assert len(desk.rows("interrupted")) == 1
    desk.now += timedelta(minutes=5)
    for _ in range(3):
        await desk.notifier.scan()
        await desk.round()
    assert len(outbox.taken) == reminders
    assert all("interrupted" in occasion for occasion in outbox.occasions)


async def test_a_channel_that_is_gone_ends_its_messages(journal: Journal, make: Any) -> None:
    desk = Desk(journal, make.AT, Outbox())
    journal.findings.record([make.incident()])
    await desk.notifier.look()
    await desk.notifier.gather()
    desk.channels.clear()
    desk.restarted()
    await desk.round()
    assert len(desk.rows("failed")) == 1


def test_two_channels_of_one_name_are_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="same name"):
        Notifier(journal, [Channel("a", Outbox()), Channel("a", Outbox())], owner="me")


async def test_changes_are_found_whoever_wrote_them_each_once(journal: Journal, make: Any) -> None:
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)

    async def look() -> None:
        await desk.notifier.look()
        await desk.notifier.gather()
        desk.now += timedelta(seconds=2)
        await desk.notifier.send()
        await desk.notifier.settle()

    journal.findings.record([make.incident()])
    await look()
    await look()
    assert len(outbox.taken) == 1
    journal.findings.record([make.incident(revision=1, stage=Stage.PUMPING)])
    await look()
    assert len(outbox.taken) == 2


async def test_only_incidents_of_our_pbxs_are_told_and_only_their_messages_sent(journal: Journal, make: Any) -> None:
    ours: set[str] = {"hq"}
    outbox = Outbox()
    desk = Desk(journal, make.AT, outbox)
    desk.notifier = Notifier(journal, desk.channels, owner="me", ours=lambda: ours, now=lambda: desk.now)
    journal.findings.record([make.incident("inc-1"), make.incident("inc-2", pbx="branch")])
    await desk.notifier.look()
    await desk.round()
    assert len(outbox.taken) == 1
    ours |= {"branch"}
    await desk.round()
    assert len(outbox.taken) == 2
