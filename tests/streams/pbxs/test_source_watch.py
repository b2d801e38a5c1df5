"""When a source is told to be silent, or not to be understood: once a stretch, and its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from detector.contract.codec import Rejected
from detector.contract.events import AnyEvent, Notice
from detector.detect.catalogue import catalogue
from detector.settings import Policies, Settings
from streams.pbxs import source_watch
from streams.pbxs.source_watch import GRACE_MICROS, SourceWatch
from streams.runtime.ingest import SourceStatus

MINUTE = 60_000_000
START = 1_000_000 * MINUTE


@dataclass
class MemoryLog:
    """The beginning of the log; fails as often as told."""

    events: list[AnyEvent] = field(default_factory=list)
    failures: int = 0

    async def put(self, events: Sequence[AnyEvent]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.events += events

    async def reject(self, rejected: Rejected, source: str, pbx: str | None) -> None:
        raise AssertionError(rejected)


class Watched:
    """Sources of a PBX, seen by a process that began at `START`; minutes pass by hand."""

    def __init__(self, *statuses: SourceStatus, **rules: dict[str, object]) -> None:
        self.statuses = list(statuses)
        self.minutes = 0.0
        self.log = MemoryLog()
        named = {name.replace("_", "."): limits for name, limits in rules.items()}
        settings = Settings.model_validate({"defaults": {"rules": named}})
        self.watch = SourceWatch(self.log, Policies(settings, catalogue()), lambda: self.statuses, now=lambda: self.now)
        self.watch.look()

    @property
    def now(self) -> int:
        return START + round(self.minutes * MINUTE)

    def after(self, minutes: float, heard: Sequence[SourceStatus] = ()) -> list[str]:
        """What is told when so many more have passed and these were heard at last."""
        self.minutes += minutes
        for one in heard:
            one.heard_at = self.now
        return [f"{one.source} {one.name.removeprefix('source_')}" for one in self.watch.look()]


def socket() -> SourceStatus:
    return SourceStatus("socket", "hq")


def test_silence_is_told_once_at_the_limit_and_so_is_its_end() -> None:
    one = socket()
    watched = Watched(one)
    assert watched.after(1, [one]) == ["socket heard"]
    assert watched.after(14.9) == []
    assert watched.after(0.1) == ["socket silent"]
    assert watched.after(600) == []
    assert watched.after(1, [one]) == ["socket heard"]
    assert watched.after(1, [one]) == []


def test_a_quiet_office_whose_heartbeats_are_answered_is_not_silent() -> None:
    one, poll = socket(), SourceStatus("poll", "hq")
    watched = Watched(one, poll)
    watched.after(1, [one, poll])
    assert [watched.after(5, [one, poll]) for _ in range(200)] == [[]] * 200
    assert (one.events, one.last_event_at) == (0, None)


def test_it_is_louder_where_nothing_else_is_heard_of_the_pbx() -> None:
    one, poll, elsewhere = socket(), SourceStatus("poll", "hq"), SourceStatus("poll", "branch")
    watched = Watched(one, poll, elsewhere)
    watched.after(1, [one, poll, elsewhere])
    poll.problem = "Unreachable: nobody there"
    watched.minutes += 15
    poll.heard_at = watched.now - 1 * MINUTE
    elsewhere.heard_at = watched.now
    (first,) = watched.watch.look()
    assert (first.source, first.level) == ("socket", "warning")
    watched.minutes += 15
    elsewhere.heard_at = watched.now
    (second,) = watched.watch.look()
    assert (second.source, second.level) == ("poll", "alert")
    assert (second.text or "").endswith("UTC: Unreachable: nobody there")


def test_flapping_faster_than_the_limit_is_no_silence() -> None:
    one = socket()
    watched = Watched(one)
    told = [word for _ in range(20) for word in (*watched.after(14), *watched.after(0.1, [one]))]
    assert told == ["socket heard"]


def test_one_that_was_never_heard_has_the_limit_from_the_start_of_the_process() -> None:
    watched = Watched(socket())
    assert watched.after(14.9) == []
    assert watched.after(0.1) == ["socket silent"]


def test_what_another_process_heard_last_is_no_sign_of_life_now() -> None:
    one = SourceStatus("gateway", "hq", heard_at=START - 900 * MINUTE)
    watched = Watched(one)
    assert watched.after(1) == []
    assert watched.after(14) == ["gateway silent"]


def test_the_next_process_tells_again_what_it_finds_so_that_it_has_an_end() -> None:
    assert Watched(socket()).after(16) == ["socket silent"]
    one = socket()
    assert Watched(one).after(1, [one]) == ["socket heard"]


def test_a_pbx_that_went_to_another_gateway_is_not_told_of() -> None:
    watched = Watched(socket())
    watched.statuses.clear()
    assert watched.after(60) == []
    watched.statuses.append(socket())
    assert watched.after(60) == []  # it has just come back
    assert watched.after(15) == ["socket silent"]


def test_a_webhook_is_silent_only_if_records_tell_of_what_it_did_not_bring() -> None:
    hook, poll = SourceStatus("webhook", "hq", pushed=True), SourceStatus("poll", "hq")
    watched = Watched(hook, poll)
    watched.after(1, [hook, poll])
    assert watched.after(600, [poll]) == []  # a night without a call
    poll.last_event_at = watched.now
    assert watched.after(GRACE_MICROS / MINUTE - 0.01, [poll]) == []
    assert watched.after(0.01, [poll]) == ["webhook silent"]
    assert watched.after(30, [poll]) == []
    assert watched.after(1, [poll, hook]) == ["webhook heard"]


def test_a_webhook_that_brings_a_call_before_its_record_is_not_silent() -> None:
    hook, poll = SourceStatus("webhook", "hq", pushed=True), SourceStatus("poll", "hq")
    other = SourceStatus("poll", "branch", last_event_at=START + 600 * MINUTE)
    watched = Watched(hook, poll, other)
    watched.after(1, [hook, poll, other])
    watched.after(600, [hook, poll, other])
    poll.last_event_at = watched.now
    assert watched.after(5, [poll, other]) == []


def test_the_limit_is_a_setting() -> None:
    watched = Watched(socket(), pbx_silent={"limit": "2m"})
    assert watched.after(1.9) == []
    assert watched.after(0.1) == ["socket silent"]


def counting(**changes: int) -> SourceStatus:
    return SourceStatus("socket", "hq", heard_at=START + 10_000 * MINUTE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "unread", "rejected", "told"),
    [
        (45, 5, 0, ["socket unread"]),
        (46, 5, 0, []),
        (0, 4, 0, []),
        (0, 0, 5, ["socket unread"]),
        (45, 2, 3, ["socket unread"]),
        (0, 0, 0, []),
        (199, 0, 0, []),
        (200, 0, 0, ["socket understood"]),
        (190, 10, 0, []),
        (191, 9, 0, ["socket understood"]),
    ],
    ids=["at the share", "just below the share", "fewer than the least", "dead letters", "both kinds", "nothing came",
         "too few to say that it is understood", "enough to say so", "half of the share", "just below half of it"],
)  # fmt: skip
def test_what_is_not_understood(events: int, unread: int, rejected: int, told: list[str]) -> None:
    one = counting()
    watched = Watched(one)
    one.events, one.unread, one.rejected = events, unread, rejected
    assert watched.after(1) == told
    assert watched.after(1) == []


def test_what_is_not_understood_is_told_once_a_stretch_with_its_end() -> None:
    one = counting()
    watched = Watched(one)
    watched.after(1)
    told = []
    for good, bad in [(200, 0), (180, 20), (150, 50), (188, 12), (191, 9), (181, 19), (180, 20)]:
        one.events, one.unread = one.events + good, one.unread + bad
        told.append(watched.after(1))
    assert told == [
        ["socket understood"], ["socket unread"], [], [], ["socket understood"], [], ["socket unread"],
    ]  # fmt: skip


def test_a_source_that_begins_to_count_anew_is_counted_from_there() -> None:
    one = counting(events=5_000)
    watched = Watched(one)
    watched.after(1)
    one.events, one.unread = 0, 50
    assert watched.after(1) == []
    one.unread = 600
    assert watched.after(1) == ["socket unread"]


def test_the_log_is_told_in_words() -> None:
    one = socket()
    watched = Watched(one)
    watched.minutes, one.unread, one.unread_reason = 16, 7, "a frame of type 40000 that is not known"
    silent, unread = watched.watch.look()
    assert (silent.name, silent.level, silent.source, silent.trust) == ("source_silent", "alert", "socket", None)
    assert silent.text == "not heard since 1971-11-26 10:40:00 UTC, when this process began to listen"
    assert (unread.name, unread.level) == ("source_unread", "warning")
    assert unread.text == "7 of the last 7 messages, the last one: a frame of type 40000 that is not known"
    assert len({silent.id, unread.id}) == 2


async def test_a_log_that_is_away_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_watch, "EVERY", 0.001)
    watched = Watched(socket())
    watched.minutes, watched.log.failures = 16, 1
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.watch.run())
        while not watched.log.events:  # noqa: ASYNC110 - the state of another task
            await asyncio.sleep(0.01)
        running.cancel()
    (told,) = watched.log.events
    assert isinstance(told, Notice)
    assert (told.name, told.source) == ("source_silent", "socket")
