"""SSH left on (C02)."""

import pytest

from tests.detector.engine.builders import HOUR, config, detections, fired, interrupted, run, settings, tick

RULE = "config.ssh"


def ssh(seconds, on, **more):
    return config(seconds, "security", {"ssh_enabled": (not on, on)}, **more)


CASES = [
    ("just before the limit", [ssh(0, True), tick(4 * HOUR - 1)], []),
    ("at the limit", [ssh(0, True), tick(4 * HOUR)], [4 * HOUR]),
    ("just past the limit", [ssh(0, True), ssh(4 * HOUR + 1, False)], [4 * HOUR]),
    ("slow drip", [ssh(2 * HOUR * n, n % 2 == 0) for n in range(8)] + [tick(99 * HOUR)], []),
    ("out of order: off before on", [ssh(60, False), ssh(0, True), tick(9 * HOUR)], []),
    ("out of order: on again before off", [ssh(0, True), ssh(HOUR, True), ssh(60, False), tick(9 * HOUR)],
     [4 * HOUR]),
    ("it is said once", [ssh(0, True), tick(4 * HOUR), tick(40 * HOUR)], [4 * HOUR]),
    ("off in time", [ssh(0, True), ssh(4 * HOUR - 1, False), tick(9 * HOUR)], []),
    ("off and on again", [ssh(0, True), ssh(60, False), ssh(HOUR, True), tick(4 * HOUR), tick(9 * HOUR)], [5 * HOUR]),
    ("said to be on twice", [ssh(0, True), ssh(HOUR, True), tick(9 * HOUR)], [4 * HOUR]),
    ("twice the same event", [ssh(0, True), ssh(0, True), tick(9 * HOUR)], [4 * HOUR]),
    ("on again after that", [ssh(0, True), tick(5 * HOUR), ssh(6 * HOUR, False), ssh(7 * HOUR, True), tick(20 * HOUR)],
     [4 * HOUR, 11 * HOUR]),
    ("something else", [config(0, "security", {"telnet": (False, True)}), tick(9 * HOUR)], []),
    ("nothing is told", [config(0, "security", None), tick(9 * HOUR)], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_config_ssh(events, seconds) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


@pytest.mark.parametrize("off", [False, 0, "off", "No", "disabled", None])
def test_the_ways_to_say_off(off) -> None:
    events = [ssh(0, True), config(60, "security", {"SSH": ("on", off)}), tick(9 * HOUR)]
    assert fired(events, RULE) == []


@pytest.mark.parametrize("odd", [["off"], {"a": 1}, 1.5])
def test_odd_values_break_nothing(odd) -> None:
    assert fired([config(0, "security", {"ssh": (None, odd)}), tick(9 * HOUR)], RULE) == [4 * HOUR]


def test_limits_of_the_pbx() -> None:
    assert fired([ssh(0, True), tick(9 * HOUR)], RULE, settings(rules={RULE: {"limit": "1h"}})) == [HOUR]
