"""Something that stands on a PBX that is no longer in the settings (C30)."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import HOUR, detections, fired, interrupted, notice, run, settings

RULE = "pbx.left_over"


def left(seconds, action="act-1", **more):
    said = {"id": f"left/{action}/{seconds}", "source": action, "level": "warning", "text": "extension 1007"} | more
    return replace(notice(seconds, "action_left", None), **said)


CASES = [
    ("once for each", [left(0), left(9, "act-2")], [0, 9]),
    ("told again after a restart", [left(0), left(900), left(HOUR)], [0]),
    ("twice the same event", [left(0), left(0)], [0]),
    ("what the PBX says by that name", [left(0, trust="text")], []),
    ("nobody's", [left(0, source=None)], []),
    ("something else", [notice(0, "cpu_overload")], []),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_pbx_left_over(events, seconds) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


def test_it_warns_and_nothing_is_done_about_anybody() -> None:
    found = run([left(0)], settings(mode="auto"))
    (told,) = detections(found, RULE)
    assert (told.severity, told.subject.id, told.values["said"]) == ("warning", "hq", "extension 1007")
    assert {type(each).__name__ for each in found} == {"Detection", "Incident"}
