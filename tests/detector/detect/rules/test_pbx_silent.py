"""A source of the PBX that nobody hears (C30)."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import DAY, HOUR, detections, fired, incidents, interrupted, notice, run, settings

RULE = "pbx.silent"
SOCKET, POLL = "yeastar-websocket", "yeastar-cdr"


def silent(seconds, source=SOCKET, **more):
    said = {"id": f"silent/{source}/{seconds}", "source": source, "level": "alert", "text": "last heard at noon"} | more
    return replace(notice(seconds, "source_silent", None), **said)


def heard(seconds, source=SOCKET, **more):
    return replace(
        notice(seconds, "source_heard", None), **{"id": f"heard/{source}/{seconds}", "source": source} | more
    )


CASES = [
    ("silent", [silent(0)], [0]),
    ("heard again", [silent(0), heard(HOUR)], [0, HOUR]),
    ("heard from the start", [heard(0), heard(HOUR)], []),
    ("told again after a restart, and again", [silent(0), silent(900), silent(1_800), heard(HOUR)], [0, HOUR]),
    ("heard by one process and by the next", [silent(0), heard(60), heard(HOUR)], [0, 60]),
    ("again and again", [one for n in range(3) for one in (silent(n * HOUR), heard(n * HOUR + 60))],
     [0, 60, HOUR, HOUR + 60, 2 * HOUR, 2 * HOUR + 60]),
    ("slow drip", [one for n in range(3) for one in (silent(n * DAY), heard(n * DAY + 60))],
     [0, 60, DAY, DAY + 60, 2 * DAY, 2 * DAY + 60]),
    ("another one as well", [silent(0), silent(9, POLL), heard(60, POLL)], [0, 9, 60]),
    ("out of order: what was silent before it was heard", [heard(60), silent(0)], []),
    ("out of order: what was heard before it fell silent", [silent(60), heard(0)], [60]),
    ("twice the same event", [silent(0), silent(0)], [0]),
    ("what the PBX says by that name", [silent(0, trust="text")], []),
    ("nobody's", [silent(0, source=None)], []),
    ("something else", [notice(0, "cpu_overload")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_pbx_silent(events, seconds) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


def test_it_warns_of_the_pbx_and_its_end_is_information_within_the_same_incident() -> None:
    found = run([silent(0, level="warning"), silent(9, POLL), heard(HOUR)])
    told = detections(found, RULE)
    assert [(each.severity, each.subject.id, each.values["source"]) for each in told] == [
        ("warning", "hq", SOCKET), ("critical", "hq", POLL), ("info", "hq", SOCKET),
    ]  # fmt: skip
    assert (told[0].values["said"], told[0].values["limit"], told[2].values["minutes"]) == (
        "last heard at noon",
        900,
        60,
    )
    assert len({each.id for each in incidents(found)}) == 1
    last = incidents(found)[-1]
    assert last.detections == tuple(each.id for each in told)
    assert (last.accuses, last.status) == (False, "open")
    over = [*incidents(run([silent(0), silent(9, POLL), heard(HOUR), heard(HOUR + 1, POLL)]))]
    assert [each.status for each in over] == ["closed"], "it is over when all of its sources are heard"


def test_nothing_is_done_about_anybody() -> None:
    found = run([silent(0)], settings(mode="auto"))
    assert {type(each).__name__ for each in found} == {"Detection", "Incident"}
