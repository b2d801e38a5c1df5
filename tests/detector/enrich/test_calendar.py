"""Opening hours through nights, holidays and changes of the clocks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.enrich.calendar import Calendar

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000


def at(text: str, zone: str = "America/New_York", fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * SECOND


OFFICE = Calendar(
    timezone="America/New_York",
    business_hours={"mon-fri": "08:00-12:10, 13:00-18:00", "sat": "09:00-12:00", "sun": "22:00-06:00"},
    holidays="US",
)


@pytest.mark.parametrize(
    ("when", "opened"),
    [
        ("2026-03-04T07:59:59", False),
        ("2026-03-04T08:00:00", True),
        ("2026-03-04T12:09:59", True),
        ("2026-03-04T12:10:00", False),
        ("2026-03-04T12:59:59", False),
        ("2026-03-04T13:00:00", True),
        ("2026-03-04T17:59:59", True),
        ("2026-03-04T18:00:00", False),
        ("2026-03-07T08:59:59", False),
        ("2026-03-07T11:59:59", True),
        ("2026-03-07T12:00:00", False),
        ("2026-03-08T21:59:59", False),
        ("2026-03-08T22:00:00", True),
        ("2026-03-09T05:59:59", True),
        ("2026-03-09T06:00:00", False),
        ("2026-03-10T05:00:00", False),
        ("2026-12-25T10:00:00", False),  # a Friday, and Christmas
        ("2026-07-03T10:00:00", False),  # Independence Day falls on a Saturday and is kept on Friday
        ("2026-07-06T10:00:00", True),
    ],
)
def test_is_open_from_the_first_minute_to_the_last(when: str, opened: bool) -> None:
    assert OFFICE.is_open(at(when)) is opened


@pytest.mark.parametrize(
    ("when", "fold", "opened"),
    [
        ("2026-03-06T08:00:00", 0, True),  # winter time: 13:00 UTC
        ("2026-03-09T08:00:00", 0, True),  # summer time: 12:00 UTC
        ("2026-03-09T07:59:59", 0, False),
        ("2026-11-02T08:00:00", 0, True),
        ("2026-11-02T07:59:59", 0, False),
    ],
)
def test_opens_by_the_clock_on_the_wall(when: str, fold: int, opened: bool) -> None:
    assert OFFICE.is_open(at(when, fold=fold)) is opened


def test_the_hour_that_comes_twice_is_the_same_hour_both_times() -> None:
    first, second = at("2026-11-01T01:30:00", fold=0), at("2026-11-01T01:30:00", fold=1)
    assert second - first == 3600 * SECOND
    assert OFFICE.season(first) == OFFICE.season(second) == 6 * 24 + 1


@pytest.mark.parametrize(
    ("when", "zone", "hour"),
    [
        ("2026-03-02T00:00:00", "Asia/Kathmandu", 0),
        ("2026-03-02T00:59:59", "Asia/Kathmandu", 0),
        ("2026-03-08T23:59:59", "Australia/Adelaide", 167),
        ("2026-03-04T12:30:00", "UTC", 60),
    ],
)
def test_hours_of_the_week_are_local(when: str, zone: str, hour: int) -> None:
    assert Calendar(timezone=zone).season(at(when, zone)) == hour


def test_a_holiday_is_a_sunday() -> None:
    assert OFFICE.season(at("2026-12-24T10:00:00")) == 3 * 24 + 10
    assert OFFICE.season(at("2026-12-25T10:00:00")) == 6 * 24 + 10


def test_without_hours_it_is_always_open() -> None:
    calendar = Calendar(timezone="America/New_York", holidays="US")
    assert calendar.is_open(at("2026-12-25T03:00:00"))


def test_a_week_in_minutes_is_taken_as_it_is_and_may_be_closed() -> None:
    week = (((480, 1080),), (), (), (), (), (), ())
    calendar = Calendar(timezone="America/New_York", business_hours=week)
    assert calendar.is_open(at("2026-03-02T08:00:00"))
    assert not calendar.is_open(at("2026-03-03T08:00:00"))
    assert not Calendar(business_hours=((),) * 7).is_open(at("2026-03-02T08:00:00"))


def test_holidays_of_a_part_of_the_country_hold_there_only() -> None:
    hours = {"mon-sun": "00:00-24:00"}
    bavaria = Calendar(timezone="Europe/Berlin", business_hours=hours, holidays="DE-BY")
    berlin = Calendar(timezone="Europe/Berlin", business_hours=hours, holidays="de-be")
    epiphany = at("2026-01-06T12:00:00", "Europe/Berlin")
    assert (bavaria.is_open(epiphany), berlin.is_open(epiphany)) == (False, True)


def test_holidays_may_be_a_list_of_dates() -> None:
    calendar = Calendar(
        timezone="Asia/Tokyo",
        business_hours={"mon-sun": "00:00-24:00"},
        holidays=["2026-03-04", date(2026, 3, 6)],
    )
    days = ["2026-03-03T23:59:59", "2026-03-04T00:00:00", "2026-03-05T12:00:00", "2026-03-06T23:59:59"]
    assert [calendar.is_open(at(day, "Asia/Tokyo")) for day in days] == [True, False, True, False]


def test_days_may_wrap_round_the_week_and_be_listed() -> None:
    calendar = Calendar(business_hours={"fri-mon": "10:00-11:00", "tue, thu": "12:00-13:00"})
    opened = [calendar.is_open(at(f"2026-03-0{day}T10:30:00", "UTC")) for day in range(2, 9)]
    assert opened == [True, False, False, False, True, True, True]
    assert calendar.is_open(at("2026-03-05T12:30:00", "UTC"))
    assert not calendar.is_open(at("2026-03-04T12:30:00", "UTC"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "../../etc/passwd"}, "passwd"),
        ({"timezone": "Europe"}, "Europe"),
        ({"timezone": ""}, "time zone"),
        ({"business_hours": {"montag": "08:00-18:00"}}, "montag"),
        ({"business_hours": {"mon-": "08:00-18:00"}}, "mon-"),
        ({"business_hours": {"mon": "8-18"}}, "8-18"),
        ({"business_hours": {"mon": "25:00-26:00"}}, "25:00"),
        ({"business_hours": {"mon": "08:00-08:00"}}, "08:00-08:00"),
        ({"business_hours": {"mon": "08:60-09:00"}}, "08:60"),
        ({"holidays": "ZZ"}, "ZZ"),
        ({"holidays": "DE-QQ"}, "DE-QQ"),
        ({"holidays": ["24.12.2026"]}, "24.12.2026"),
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named.replace(".", r"\.").replace("/", ".")):
        Calendar(**wrong)  # type: ignore[arg-type]


@given(st.integers(0, 4_000_000_000))
def test_the_cache_answers_as_the_clock_on_the_wall_does(seconds: int) -> None:
    local = datetime.fromtimestamp(seconds, NEW_YORK)
    assert OFFICE.season(seconds * SECOND) in {day * 24 + local.hour for day in (local.weekday(), 6)}
    assert OFFICE.local(seconds * SECOND) == local
    minute = local.hour * 60 + local.minute
    if local.weekday() in (1, 2, 3, 4):
        in_hours = 480 <= minute < 730 or 780 <= minute < 1080
        assert OFFICE.is_open(seconds * SECOND) <= in_hours


@given(st.integers(-(10**30), 10**30))
def test_no_time_breaks_the_calendar(time: int) -> None:
    assert 0 <= OFFICE.season(time) < 168
    assert OFFICE.is_open(time) in (True, False)


def test_the_digest_names_the_tables() -> None:
    assert OFFICE.digest.startswith("tzdata-")
    assert "holidays-" in OFFICE.digest
