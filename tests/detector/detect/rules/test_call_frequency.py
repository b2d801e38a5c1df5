"""Dialling faster than the guide's call frequency allows (C27)."""

import pytest

from tests.detector.engine.builders import EMERGENCY, HOME, call, cdr, detections, fired, run, settings

RULE = "call.frequency"


def dialled(start, times, apart=0.1, **more):
    return [call(round(start + apart * step, 3), HOME, **more) for step in range(times)]


CASES = [
    ("one below the limit", dialled(0, 4), []),
    ("at the limit", dialled(0, 5), [0.4]),
    ("one past the limit", dialled(0, 6), [0.4]),
    ("starts over", dialled(0, 10), [0.4, 0.9]),
    ("slow drip", dialled(0, 100, apart=0.25), []),
    ("the window still holds the first", [call(0, HOME), *dialled(0.699, 4)], [0.999]),
    ("the window no longer holds the first", [call(0, HOME), *dialled(0.7, 4)], []),
    ("out of order", [call(at, HOME) for at in (0.4, 0.1, 0.3, 0.0, 0.2)], [0.2]),
    ("the last one comes late", [call(at, HOME) for at in (0.0, 0.1, 0.2, 0.9, 0.3)], [0.3]),
    ("twice the same event", [event for event in dialled(0, 4) for _ in "ab"], []),
    ("several legs of one call", [call(0.1 * leg, HOME, call="one", leg=str(leg)) for leg in range(4)], []),
    ("several phases of one call", [call(0.1 * s, HOME, call="one", phase=p)
                                    for s, p in enumerate(["started", "answered", "ended"])] * 5, []),
    ("two extensions", [*dialled(0, 4), *dialled(0, 4, extension="1008")], []),
    ("records that come at the end of calls", [cdr(0.1 * number, 60 + number, HOME) for number in range(5)], [64.4]),
    ("records of calls that began far apart", [cdr(60 - number, number, HOME) for number in range(20)], []),
    ("emergency calls", [call(0.1 * step, EMERGENCY) for step in range(9)], []),
    ("internal calls", [call(0.1 * step, "1008", direction="internal") for step in range(9)], []),
    ("calls that come in", [call(0.1 * step, "1007", direction="inbound") for step in range(9)], []),
    ("no extension is charged", [call(0.1 * step, HOME, None, call=str(step)) for step in range(9)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_call_frequency(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_several_legs_count_as_one_call() -> None:
    legs = [call(0.1 * leg, HOME, call="one", leg=str(leg)) for leg in range(9)]
    assert fired(legs, RULE) == []
    assert fired([*legs, *dialled(0.05, 3)], RULE) == []
    assert fired([*legs, *dialled(0.05, 4, apart=0.01)], RULE) == [0.08]


@pytest.mark.parametrize(
    ("limit", "events", "seconds"),
    [
        pytest.param("200/10/second&6/1/minute", dialled(0, 6, apart=9), [45], id="the slower of two rules"),
        pytest.param("3/1/second&100/1/minute", dialled(0, 3), [0.2], id="the faster of two rules"),
        pytest.param("10/1/seconds", dialled(0, 9), [], id="more is allowed"),
        pytest.param("1/1/second", dialled(0, 1), [0], id="every call"),
        pytest.param("3/1/second&100/1/minute", [call(at, HOME) for at in (0.0, 0.1, 30, 0.2)], [0.2], id="late burst"),
    ],
)
def test_limits_of_the_pbx(limit, events, seconds) -> None:
    assert fired(events, RULE, settings(rules={RULE: {"limit": limit}})) == seconds


def test_a_call_centre_and_its_group_have_limits_of_their_own() -> None:
    own = {"extensions": {"1008": {"rules": {RULE: {"limit": "20/1/second"}}}},
           "groups": {"dialler": {"members": ["1009"], "rules": {RULE: {"limit": "8/1/second"}}}}}  # fmt: skip
    configured = settings(pbx=own)
    assert fired(dialled(0, 19, 0.01, extension="1008"), RULE, configured) == []
    assert fired(dialled(0, 20, 0.01, extension="1008"), RULE, configured) == [0.19]
    assert fired(dialled(0, 8, 0.01, extension="1009"), RULE, configured) == [0.07]
    assert fired(dialled(0, 5, 0.01), RULE, configured) == [0.04]


def test_the_forwarder_is_charged_not_the_caller() -> None:
    forwarded = [call(step / 10, extension="1001", on_behalf_of="1009", via="forward") for step in range(5)]
    (found,) = detections(run(forwarded), RULE)
    assert found.subject.id == "1009"
    assert found.values["rule"] == "5/1/second"


def test_who_is_forwarded_to_where_calls_usually_go_counts_against_the_caller() -> None:
    forwarded = dialled(0, 9, extension=None, on_behalf_of="1009", via="forward", from_="12125550199")
    assert fired(forwarded, RULE) == []
    assert fired([*forwarded, *dialled(0.05, 5, extension="1009")], RULE) == [0.45]
