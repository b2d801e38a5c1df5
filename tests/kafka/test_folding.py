"""Floods of refused attempts become one event; nothing else is folded, and nothing is counted twice or lost."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from detector.contract.codec import Codec
from detector.contract.events import Call, Login, Registration
from streams.kafka.write.folding import Attempt, Floods, foldable, folded

AT = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def refused(number: int, **more: object) -> Registration:
    event = Registration(
        pbx="hq", id=f"r{number}", at=AT + timedelta(milliseconds=number % 1_000), outcome="rejected",
        source_ip="203.0.113.9", account="1001", reason="bad_password", received_at=AT + timedelta(seconds=1),
    )  # fmt: skip
    return replace(event, **more)


def over(events: list[Attempt], now: float = 0.0) -> list[str]:
    floods = Floods()
    return [event.id for event in events if floods.over(event, now)]


def test_the_fifty_first_of_a_second_is_too_many() -> None:
    assert over([refused(number) for number in range(50)]) == []
    assert over([refused(number) for number in range(52)]) == ["r50", "r51"]


def test_each_second_of_event_time_is_counted_by_itself_however_fast_events_come() -> None:
    drip = [refused(number, at=AT + timedelta(seconds=number / 50)) for number in range(1_000)]
    assert over(drip) == []


def test_a_flood_is_one_though_it_comes_over_two_seconds_of_the_clock() -> None:
    floods = Floods()
    found = [floods.over(refused(number), 0.9 + number / 100) for number in range(60)]
    assert found == [False] * 50 + [True] * 10
    assert not floods.over(refused(61), 9.0)


@pytest.mark.parametrize(
    "other",
    [
        {"source_ip": "203.0.113.8"}, {"outcome": "challenged"}, {"pbx": "berlin"}, {"reason": "unknown_account"},
        {"drill": True},
    ],
)  # fmt: skip
def test_another_address_outcome_or_pbx_is_another_flood(other: dict[str, object]) -> None:
    mixed = [refused(number, **(other if number % 2 else {})) for number in range(100)]
    assert over(mixed) == []
    assert len(folded(mixed)) == 2


@pytest.mark.parametrize(
    "event",
    [
        refused(1, outcome="accepted"), refused(1, outcome="expired"), refused(1, source_ip=None),
        refused(1, revision=1),
        Login(pbx="hq", id="l", at=AT, outcome="accepted", source_ip="203.0.113.9"),
        Call(pbx="hq", id="c", at=AT, phase="started", call_id="c", source_ip="203.0.113.9"),
    ],
)  # fmt: skip
def test_what_is_not_a_refused_attempt_from_an_address_is_never_folded(event: Registration) -> None:
    assert not foldable(event)
    assert over([event] * 200) == []


def test_folding_keeps_what_is_shared_and_counts_what_is_not() -> None:
    events = [refused(number, account=str(1_000 + number), user_agent="pplsip") for number in range(100)]
    (event,) = folded(events)
    assert isinstance(event, Registration)
    assert (event.count, event.outcome, event.source_ip, event.user_agent) == (100, "rejected", "203.0.113.9", "pplsip")
    assert (event.account, event.accounts) == (None, tuple(str(1_000 + number) for number in range(32)))
    assert event.at == max(one.at for one in events)
    assert event.received_at == AT + timedelta(seconds=1)
    assert Codec().decode(Codec().encode(event)) == [event]


def test_one_account_keeps_its_name() -> None:
    (event,) = folded([refused(1), refused(2, account=None)])
    assert (event.account, event.accounts, event.count) == ("1001", (), 2)


def test_folded_events_can_be_folded_again() -> None:
    (event,) = folded([refused(1, count=999_999), refused(2, count=7, account=None, accounts=("a", "b"))])
    assert (event.count, event.account, event.accounts) == (1_000_000, None, ("1001", "a", "b"))


def test_the_id_is_made_from_the_ids_in_any_order() -> None:
    forward, backward = folded([refused(1), refused(2)]), folded([refused(2), refused(1)])
    assert forward[0].id == backward[0].id
    assert forward[0].id != folded([refused(1), refused(3)])[0].id
    assert forward[0].id.startswith("fold:")


def test_the_same_event_twice_counts_once_and_one_alone_stays_as_it_is() -> None:
    assert folded([refused(1), refused(1)]) == [refused(1)]
    assert folded([refused(1), refused(2), refused(1)])[0].count == 2


def test_logins_are_folded_by_surface() -> None:
    login = Login(pbx="hq", id="l", at=AT, outcome="rejected", source_ip="::1")
    logins = [replace(login, id=f"l{number}", surface=("web", "ssh")[number % 2]) for number in range(4)]
    assert [(one.surface, one.count) for one in folded(logins) if isinstance(one, Login)] == [("web", 2), ("ssh", 2)]
