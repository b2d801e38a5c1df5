"""Many extensions call one new block of numbers (C28)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import (
    DAY,
    EMERGENCY,
    HOME,
    HOUR,
    LATVIA,
    NIGHT,
    SOMALIA,
    branch,
    call,
    cdr,
    decisions,
    detections,
    fired,
    incidents,
    run,
    settings,
    watched,
    whole,
)

RULE = "call.fan_out"


def spread(count, apart=60, start=0, to=SOMALIA):
    return [call(start + apart * n, f"{to[:-2]}{n:02}", str(1010 + n), call=f"{to}{n}") for n in range(count)]


def country(count, code="252", start=0):
    return [call(start + 60 * n, f"9011{code}6{n}23456", str(1010 + n)) for n in range(count)]


def at_night(count, apart=600):
    return spread(count, apart, NIGHT)


def records(*calls):
    """Records of calls `(extension, began, talk)` in the order of their ends, as a PBX writes them."""
    made = [cdr(began, talk, f"{SOMALIA[:-2]}{phone - 1000}", str(phone), call=f"{phone}/{began}")
            for phone, began, talk in calls]  # fmt: skip
    return sorted(made, key=lambda each: each.at)


def busy(phones, times, talk=300):
    """Each of these extensions calls at these times."""
    return [(phone, at + phone % 10 * 10, talk) for phone in phones for at in times]


BRANCH = branch(LATVIA)
CASES = [
    ("one below the limit", spread(4), []),
    ("at the limit", spread(5), [240]),
    ("one past the limit", spread(6), [240]),
    ("starts over", spread(10), [240, 540]),
    ("within the window", spread(5, 149), [596]),
    ("slow drip", spread(20, 151), []),
    ("out of order", [spread(5)[n] for n in (4, 2, 0, 1, 3)], [180]),
    ("twice the same event", [event for event in spread(4) for _ in "ab"], []),
    ("at night one below", at_night(2), []),
    ("at night at the limit", at_night(3), [NIGHT + 1_200]),
    ("at night, slowly", at_night(3, 10_799), [NIGHT + 2 * 10_799]),
    ("at night, slower", at_night(3, 3 * HOUR), []),
    ("all over a country that is new", country(5), [240]),
    ("at night, all over it", country(3, start=NIGHT), [NIGHT + 120]),
    ("all over a country that is called every day", [*BRANCH, *country(20, "371")], []),
    ("all over the area of a country that shares its code", country(5, "1876"), [240]),
    ("one extension", [call(n) for n in range(20)], []),
    ("two blocks", [*spread(4), *spread(4, to=LATVIA)], []),
    ("an overseas branch called every day", [*BRANCH, *spread(20, to=LATVIA)], []),
    ("an overseas branch, at night", [*BRANCH, *spread(20, 60, NIGHT, LATVIA)], []),
    ("records: one below the limit", records(*busy(range(1010, 1014), [0])), []),
    ("records: at the limit", records(*busy(range(1010, 1015), [0])), [340]),
    ("records: newest first", records(*busy(range(1010, 1015), [0]))[::-1], [300]),
    ("records: of very different lengths", records(*((1010 + n, 60 * n, 600 * n + 1) for n in range(5))), [2_641]),
    (
        "records: a long call beneath many others",
        records((1010, 0, 3_600), *busy(range(1011, 1015), range(60, 3_600, 800))),
        [3_600],
    ),
    ("records: a long call that was over before", records((1010, 0, 600), *busy(range(1011, 1015), [1_260])), []),
    (
        "records: hours late, beside newer ones",
        [*records((1020, 9_000, 60)), *records(*busy(range(1010, 1015), [0])), *records((1021, 9_300, 60))],
        [340],
    ),
    (
        "records: hours late, four of one time and four of another",
        [
            *records((1020, 9_000, 60)),
            *records(*busy(range(1010, 1014), [0])),
            *records(*busy(range(1014, 1018), [3_000])),
        ],
        [],
    ),
    ("records: rows of one call", [cdr(n, 60, extension="1007", call="one", leg=str(n)) for n in range(9)], []),
    (
        "records: a queue rings twenty",
        [cdr(0, 60, "1007", str(1010 + n), direction="inbound", call="q", leg=str(n)) for n in range(20)],
        [],
    ),
    ("at home", spread(20, 5, 0, HOME), []),
    ("emergencies", [call(n, EMERGENCY, str(1010 + n)) for n in range(9)], []),
    ("nobody is charged", [call(n, extension=None) for n in range(9)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_fan_out(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_and_critical_once_the_pbx_is_known() -> None:
    new, known = run(at_night(3)), run([*watched(), *at_night(3)])
    assert [each.severity for found in (new, known) for each in detections(found, RULE)] == ["warning", "critical"]
    (incident,) = incidents(known)
    assert (incident.kind, incident.stage) == ("irsf", "pumping")
    assert decisions(new) == []
    assert "restrict_extension" in {each.action for each in decisions(known)}


def test_by_day_it_is_only_a_warning_for_so_a_call_centre_begins_with_new_customers() -> None:
    calls = [event for n in range(8) for event in whole(60 * n, 30, f"{SOMALIA[:-2]}{n:02}", str(1010 + n))]
    found = run([*watched(), *calls])
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
    assert decisions(found) == []


def test_a_number_that_only_one_of_them_called_is_not_cut_off_for_its_country() -> None:
    alone, together = country(3, start=NIGHT), [*country(1, start=NIGHT - 60), *spread(3, 60, NIGHT)[1:]]
    for events, mode in ((alone, "ask"), (together, "auto")):
        assert {each.mode for each in decisions(run([*watched(), *events]), "block_number")} == {mode}


@pytest.mark.parametrize(("start", "count"), [(0, 5), (NIGHT, 3)], ids=["a conference", "a doctor on call"])
def test_one_number_is_only_a_warning(start, count) -> None:
    found = run([*watched(), *(call(start + 60 * n, SOMALIA, str(1010 + n)) for n in range(count))])
    assert [each.severity for each in detections(found, RULE)] == ["warning"]
    assert decisions(found) == []


@pytest.mark.parametrize(("apart", "severity"), [(1_799, "critical"), (1_800, "warning")])
def test_guests_who_call_home_over_an_evening_are_only_a_warning(apart, severity) -> None:
    found = run([*watched(), *at_night(3, apart)])
    assert [each.severity for each in detections(found, RULE)] == [severity]
    assert bool(decisions(found)) is (severity == "critical")


def test_it_names_all_who_called() -> None:
    (incident,) = incidents(run([*watched(), *country(5)]))
    assert {each.id for each in incident.subjects if each.kind == "extension"} == {str(1010 + n) for n in range(5)}
    assert ("destination", "+252") in {(each.kind, each.id) for each in incident.subjects}


@pytest.mark.parametrize(
    ("late", "modes"), [(0, {"destination": "auto", "extension": "ask"}), (2 * HOUR, {})], ids=["live", "history"]
)
def test_only_the_number_is_cut_off_and_history_does_nothing(late, modes) -> None:
    only = settings(mode="shadow", rules={RULE: {"mode": "auto"}})
    *old, live = records(*busy(range(1010, 1013), [NIGHT]))
    events = [*(replace(each, received_at=each.at + timedelta(seconds=late)) for each in old), live]
    assert {each.target.kind: each.mode for each in decisions(run([*watched(), *events], only))} == modes


def test_limits_are_settable() -> None:
    strict = settings(rules={RULE: {"extensions": 2, "window": "1d"}})
    assert fired(spread(2, DAY - 1), RULE, settings(rules={RULE: {"extensions": 2, "window": "2d"}})) == [DAY - 1]
    assert fired(spread(2), RULE, strict) == [60]
