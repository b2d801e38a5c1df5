"""Firmware changed, or newer to be had (C01)."""

import pytest

from tests.detector.engine.builders import DAY, detections, fired, incidents, notice, run

RULE = "notice.firmware"
CASES = [
    ("changed", [notice(0, "system_upgrade_completed", None)], [0]),
    ("a newer one", [notice(0, "new_system_firmware_detected", None)], [0]),
    ("restored", [notice(0, "system_restore", None)], [0]),
    ("slow drip", [notice(n * DAY, "system_restore", None) for n in range(3)], [0, DAY, 2 * DAY]),
    ("out of order", [notice(9, "system_restore", None), notice(0, "system_restore", None)], [9, 0]),
    ("twice the same event", [notice(0, "system_restore", None)] * 2, [0]),
    ("something else", [notice(0, "system_reboot", None), notice(1, "cpu_overload")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_notice_firmware(events, seconds) -> None:
    assert fired(events, RULE) == seconds


def test_it_is_information() -> None:
    found = run([notice(0, "system_upgrade_completed", None)])
    assert [(each.severity, each.subject.id) for each in detections(found)] == [("info", "hq")]
    assert incidents(found) == []
