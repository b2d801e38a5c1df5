"""Frames of the manager interface: each by itself, however it is taken."""

from detector.contract.codec import Rejected
from detector.formats.asterisk.asterisk_frames import BROKEN_OFF, TWO_EVENTS, Fields, Frames


def taken(*lines: bytes) -> list[Fields | Rejected]:
    frames = Frames()
    return [found for line in lines if (found := frames.add(line)) is not None]


def test_frames_that_nobody_looks_at_do_not_flow_into_the_next() -> None:
    frames = Frames()
    for line in (b"Event: A\r\n", b"Key: first\r\n", b"odd\r\n", b"\r\n", b"Event: B\r\n"):
        frames.add(line)
    assert frames.odd == 0
    assert frames.add(b"\r\n") == {"Event": "B"}


def test_lines_that_are_no_fields_are_counted_until_the_next_frame_begins() -> None:
    frames = Frames()
    frames.add(b"Event: A\r\n")
    frames.add(b"odd\r\n")
    assert frames.open
    assert frames.add(b"\r\n") == {"Event": "A"}
    assert (frames.odd, frames.strange, frames.open) == (1, b"odd", False)


def test_a_frame_that_cannot_be_trusted_is_told_once_and_the_next_one_is_whole() -> None:
    lines = (b"Event: A", b"Event: B", b"Event: C", b"Key: 1", b"", b"Event: D", b"", b"")
    assert taken(*lines) == [TWO_EVENTS, {"Event": "D"}]


def test_what_has_no_end_is_told_once() -> None:
    frames = Frames()
    frames.add(b"Event: A")
    assert frames.close() is BROKEN_OFF
    assert frames.close() is None
    frames.add(b"Event: B")
    assert frames.add(b"") == {"Event": "B"}
