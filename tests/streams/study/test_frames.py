"""Frames of calls and findings: what is in them, and which calls belong to an incident."""

from datetime import timedelta

import pandas as pd
import pytest

from streams.study import calls, calls_of, destinations, findings, local
from tests.streams.study.builders import MONDAY, SETTINGS, THIEF, dialled, robbed


def test_calls_are_read_and_priced() -> None:
    made = calls(robbed(), SETTINGS)
    assert len(made) == 4 * 3 * 4 + 12
    abroad = made[made["country"] == "SO"]
    assert (len(abroad), abroad["minutes"].sum()) == (12, 120.0)
    assert set(made["at"] - made["started"]) == {timedelta(seconds=talk + 5) for talk in (90, 91, 92, 93, 600)}


def test_destinations_are_named_and_the_dearest_is_first() -> None:
    more = dialled("sat", MONDAY, "1001", "9011881612345678", 60)
    went = destinations(calls([*robbed(), *more], SETTINGS))
    assert list(went["name"])[:1] == ["Somalia"]
    assert went.loc["US", ["name", "calls"]].to_list() == ["United States", 48]
    assert went["calls"].sum() == 4 * 3 * 4 + 12 + 1
    assert "Iridium" in set(went["name"])
    assert went["cost"].is_monotonic_decreasing


@pytest.mark.parametrize(("column", "hour"), [("started", 9), ("at", 11)])
def test_hours_are_those_of_each_pbx(column: str, hour: int) -> None:
    at = MONDAY + timedelta(hours=14, minutes=10)
    made = calls(
        [*dialled("a", at, "1001", "912125550100", 7_000), *dialled("b", at, "1", "12125550100", 60, pbx="lab")],
        SETTINGS,
    )
    shown = local(made, SETTINGS, column)
    assert shown.dt.hour.to_list() == [hour, 19]
    assert shown.dt.tz is None


def test_findings_name_the_thief() -> None:
    found = findings(robbed(), SETTINGS)
    assert THIEF in set(found.detections["subject"])
    assert "1002" in set(found.detections["subject"])
    assert found.incidents["spent"].max() > 0


def test_an_incident_has_the_calls_of_whom_it_accuses_while_it_lasted() -> None:
    events = robbed()
    found, made = findings(events, SETTINGS), calls(events, SETTINGS)
    incident = found.incidents.sort_values("spent").iloc[-1]
    its = calls_of(incident, found, made)
    assert sorted(its["call_id"]) == sorted(f"p{n}" for n in range(12))


def test_no_events_are_empty_frames() -> None:
    made = calls([], SETTINGS)
    assert made.empty
    assert destinations(made).empty
    assert findings([], SETTINGS).incidents.empty
    assert isinstance(made["at"].dtype, pd.DatetimeTZDtype)
    assert local(made, SETTINGS).empty
