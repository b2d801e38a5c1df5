"""Old settings that are played again (C30)."""

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent, Control
from detector.settings import settings_as_json
from tests.detector.engine.builders import detections, fired, interrupted, moment, notice, registration, run, settings

RULE = "pbx.replayed"


def configured(seconds: float, failures: int = 5, name: str = "") -> Control:
    """Settings in which so many failures are guessing."""
    rules = {"registration.bruteforce": {"failures": failures}}
    return Control(
        pbx="*", id=f"settings:{name or seconds}", at=moment(seconds), name="settings",
        settings=dict(settings_as_json(settings(rules=rules))),
    )  # fmt: skip


OLD, NEW = configured(0, 1_000), configured(60)
GUESSED = [registration(100 + n) for n in range(5)]
CASES = [
    ("settings come anew", [GUESSED[0], OLD, NEW], []),
    ("the old ones come again", [GUESSED[0], OLD, NEW, OLD], [100]),
    ("twice", [GUESSED[0], OLD, NEW, OLD, OLD], [100]),
    ("those in force come again", [GUESSED[0], OLD, NEW, NEW], []),
    ("nobody is there to be told of", [OLD, NEW, OLD], []),
    ("what the PBX says by that name", [replace(notice(0, "records_replayed"), source="x", trust="text")], []),
    ("nobody's", [notice(0, "records_replayed")], []),
    ("as the engine says it", [replace(notice(0, "records_replayed", None), source="settings:0")], [0]),
]


@pytest.mark.parametrize(("events", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_pbx_replayed(events: list[AnyEvent], seconds: list[float]) -> None:
    assert fired(events, RULE) == seconds
    assert [each.id for each in detections(interrupted(events), RULE)] == [
        each.id for each in detections(run(events), RULE)
    ]


@pytest.mark.parametrize("again", [[], [OLD], [OLD, OLD]])
def test_the_newest_settings_stay_in_force_whatever_is_appended(again: list[AnyEvent]) -> None:
    assert fired([OLD, NEW, *again, *GUESSED], "registration.bruteforce") == [104]
    assert fired([OLD, *GUESSED], "registration.bruteforce") == []
