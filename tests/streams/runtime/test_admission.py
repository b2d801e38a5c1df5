"""What comes in is judged once, as it will be read: by its size, its text, and whether it is ours to say."""

from datetime import UTC, datetime

import pytest

from detector.contract.codec import Codec
from detector.contract.events import MAX_EVENT_BYTES, AnyEvent, Control, Notice
from streams.runtime.admission import Admission, Admitted, TurnedAway

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOTICE = Notice(pbx="hq", id="n", at=AT, name="alarm", source="webhook")
SETTINGS = Control(pbx="*", id="s", at=AT, name="settings", settings={"x": "y" * MAX_EVENT_BYTES})


@pytest.mark.parametrize(
    ("event", "trusted"), [(NOTICE, False), (NOTICE, True), (SETTINGS, True)], ids=["notice", "notice of ours", "ours"]
)
def test_what_may_stand_in_the_log_is_let_in_as_it_will_be_read(event: AnyEvent, *, trusted: bool) -> None:
    judged = Admission().judge(event, trusted=trusted)
    assert isinstance(judged, Admitted)
    assert judged.event == event
    assert Codec(trusted=trusted).decode(judged.raw) == [event]


@pytest.mark.parametrize(
    ("event", "reason", "source", "pbx"),
    [
        (Control(pbx="hq", id="c", at=AT, name="settings"), "written by Ringfence only", "", "hq"),
        (Notice(pbx="hq", id="n", at=AT, name="alarm", text="x" * 70_000), "", "", "hq"),
        (Notice(pbx="h\ud800q", id="n", at=AT, name="alarm", source="\udfff"), "UTF-8", "\\udfff", "h\\ud800q"),
        (Notice(pbx="hq", id="n", at=AT, name="alarm", text="\udc00", source="poll"), "UTF-8", "poll", "hq"),
    ],
    ids=["a control event of somebody else", "too long a text", "a broken name", "a broken text"],
)
def test_what_nobody_could_read_is_turned_away_with_its_reason(
    event: AnyEvent, reason: str, source: str, pbx: str
) -> None:
    judged = Admission().judge(event, trusted=False)
    assert isinstance(judged, TurnedAway)
    assert reason in judged.rejected.reason
    assert (judged.source, judged.pbx) == (source, pbx)
