"""Numbers abroad that ring once (C26)."""

import pytest

from tests.detector.engine.builders import decisions, detections, fired, guesses, incidents, run, rung, settings, whole

RULE = "call.wangiri"


def wave(count, apart=60, ring=2, **more):
    return [rung(apart * n, f"+2224512{n:04}", ring, **more) for n in range(count)]


CASES = [
    ("one below the limit", wave(4), []),
    ("at the limit", wave(5), [240]),
    ("each further one", wave(7), [240, 300, 360]),
    ("within the window", wave(5, 899), [3_596]),
    ("slow drip", wave(30, 901), []),
    ("as short as that", wave(5, ring=6), [240]),
    ("rings for longer", wave(9, ring=6.5), []),
    ("the record says how long it rang", wave(5, ring=30, duration=3.0), [240]),
    ("refused for a PIN", wave(9, reason="wrong_pin"), []),
    ("answered", wave(9, answered_at=None, talk=2, disposition="answered"), []),
    (
        "from many countries",
        [rung(60 * n, f"+{code}4512345678") for n, code in enumerate((44, 222, 252, 371, 49))],
        [240],
    ),
    ("out of order", [wave(5)[n] for n in (4, 2, 0, 1, 3)], [180]),
    ("twice the same event", [event for event in wave(4) for _ in "ab"], []),
    ("one number again and again", [rung(60 * n, "+22245123456") for n in range(20)], []),
    ("from home", [rung(60 * n, f"212555{n:04}") for n in range(20)], []),
    ("withheld", [rung(60 * n, "anonymous") for n in range(20)], []),
    ("no number", [rung(60 * n, "") for n in range(20)], []),
    ("calls out", [event for n in range(9) for event in whole(n, 1)], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_wangiri(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_one_incident_that_accuses_nobody_here() -> None:
    found = run(wave(40, 30))
    (incident,) = incidents(found)
    assert incident.kind == "wangiri"
    assert incident.title == "PBX hq is rung once by numbers abroad that wait for calls back"
    assert {each.kind for each in incident.subjects} == {"pbx", "destination"}
    assert decisions(found) == []


def test_another_attack_at_the_same_time_is_another_incident() -> None:
    assert len(incidents(run([*wave(9), *guesses(600)]))) == 2


def test_limits_are_settable_and_hearsay_is_marked() -> None:
    found = run(wave(2, trust="text"), settings(rules={RULE: {"numbers": 2}}))
    assert [each.values["trust"] for each in detections(found, RULE)] == ["text"]
