"""What a PBX says is not understood (C30)."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import DAY, HOUR, detections, fired, incidents, interrupted, notice, run, settings

RULE = "pbx.unread"
SOCKET, POLL = "yeastar-websocket", "yeastar-cdr"


def unread(seconds, source=SOCKET, **more):
    said = {
        "id": f"unread/{source}/{seconds}",
        "source": source,
        "level": "warning",
        "text": "9 of the last 80 messages",
    } | more
    return replace(notice(seconds, "source_unread", None), **said)


def understood(seconds, source=SOCKET, **more):
    return replace(
        notice(seconds, "source_understood", None), **{"id": f"understood/{source}/{seconds}", "source": source} | more
    )


CASES = [
    ("not understood", [unread(0)], [0]),
    ("understood again", [unread(0), understood(HOUR)], [0, HOUR]),
    ("understood from the start", [understood(0), understood(HOUR)], []),
    ("told again after a restart, and again", [unread(0), unread(900), unread(1_800), understood(HOUR)], [0, HOUR]),
    ("understood by one process and by the next", [unread(0), understood(60), understood(HOUR)], [0, 60]),
    ("again and again", [one for n in range(3) for one in (unread(n * HOUR), understood(n * HOUR + 60))],
     [0, 60, HOUR, HOUR + 60, 2 * HOUR, 2 * HOUR + 60]),
    ("slow drip", [one for n in range(3) for one in (unread(n * DAY), understood(n * DAY + 60))],
     [0, 60, DAY, DAY + 60, 2 * DAY, 2 * DAY + 60]),
    ("another one as well", [unread(0), unread(9, POLL), understood(60, POLL)], [0, 9, 60]),
    ("out of order: what was over before it began", [understood(60), unread(0)], []),
    ("out of order: what began after it was over", [unread(60), understood(0)], [60]),
    ("twice the same event", [unread(0), unread(0)], [0]),
    ("what the PBX says by that name", [unread(0, trust="text")], []),
    ("nobody's", [unread(0, source=None)], []),
    ("something else", [notice(0, "cpu_overload")], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_pbx_unread(events, seconds) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


def test_it_warns_of_the_pbx_and_its_end_is_information_within_the_same_incident() -> None:
    found = run([unread(0), unread(9, POLL), understood(HOUR)])
    told = detections(found, RULE)
    assert [(each.severity, each.subject.id, each.values["source"]) for each in told] == [
        ("warning", "hq", SOCKET), ("warning", "hq", POLL), ("info", "hq", SOCKET),
    ]  # fmt: skip
    assert (told[0].values["said"], told[0].values["limit"]) == ("9 of the last 80 messages", 0.1)
    assert len({each.id for each in incidents(found)}) == 1
    last = incidents(found)[-1]
    assert last.detections == tuple(each.id for each in told)
    assert not last.accuses


def test_nothing_is_done_about_anybody() -> None:
    found = run([unread(0)], settings(mode="auto"))
    assert {type(each).__name__ for each in found} == {"Detection", "Incident"}
