"""Moments that only go forward."""

from sqlalchemy import Engine

from streams.store.sequence import next_moment


def test_a_moment_is_later_than_all_before_whatever_the_clock_says(engine: Engine) -> None:
    assert next_moment(engine, "settings", 100) == 100
    assert [next_moment(engine, "settings", now) for now in (100, 50, 103, 7)] == [101, 102, 103, 104]
    assert next_moment(engine, "other", 5) == 5
