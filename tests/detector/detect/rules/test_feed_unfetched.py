"""Blocks that wait for a firewall which does not come (C05)."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import HOUR, detections, fired, incidents, interrupted, notice, run, settings

RULE = "feed.unfetched"


def unfetched(seconds, **more):
    said = {
        "id": f"unfetched/{seconds}",
        "source": "feed",
        "level": "alert",
        "text": "nobody has ever fetched it",
    } | more
    return replace(notice(seconds, "list_unfetched", None), **said)


def fetched(seconds, **more):
    return replace(notice(seconds, "list_fetched", None), **{"id": f"fetched/{seconds}", "source": "feed"} | more)


CASES = [
    ("nobody comes", [unfetched(0)], [0]),
    ("somebody comes", [unfetched(0), fetched(HOUR)], [0, HOUR]),
    ("fetched from the start", [fetched(0), fetched(HOUR)], []),
    ("told again after a restart", [unfetched(0), unfetched(900), fetched(HOUR)], [0, HOUR]),
    ("fetched by one process and by the next", [unfetched(0), fetched(60), fetched(HOUR)], [0, 60]),
    ("again and again", [one for n in range(3) for one in (unfetched(n * HOUR), fetched(n * HOUR + 60))],
     [0, 60, HOUR, HOUR + 60, 2 * HOUR, 2 * HOUR + 60]),
    ("out of order: what waited before it was fetched", [fetched(60), unfetched(0)], []),
    ("out of order: what was fetched before it waited", [unfetched(60), fetched(0)], [60]),
    ("twice the same event", [unfetched(0), unfetched(0)], [0]),
    ("what the PBX says by that name", [unfetched(0, trust="text")], []),
    ("nobody's", [unfetched(0, source=None)], []),
    ("something else", [notice(0, "cpu_overload")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_feed_unfetched(events, seconds) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


def test_it_is_critical_and_its_end_is_information_within_the_same_incident() -> None:
    found = run([unfetched(0), fetched(HOUR)])
    told = detections(found, RULE)
    assert [(each.severity, each.subject.id) for each in told] == [("critical", "hq"), ("info", "hq")]
    assert (told[0].values["said"], told[1].values["minutes"]) == ("nobody has ever fetched it", 60)
    assert len({each.id for each in incidents(found)}) == 1
    assert not incidents(found)[-1].accuses


def test_nothing_is_done_about_anybody() -> None:
    found = run([unfetched(0)], settings(mode="auto"))
    assert {type(each).__name__ for each in found} == {"Detection", "Incident"}
