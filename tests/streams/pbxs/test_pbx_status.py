"""What one release writes of a PBX, another reads, and bad bytes break nobody."""

import pytest

from detector.contract.codec import Rejected
from detector.formats.unread import UnreadLines
from streams.pbxs.pbx_status import PbxStatus, copied, decode_status, encode_status
from streams.runtime.ingest import SourceStatus

FULL = PbxStatus(
    at=9, locked=True, date_format="MM/DD/YYYY", time_format="12", heard_at=7,
    sources=(SourceStatus(name="poll", connected=True, last_event_at=5, problem="<b>\u2028", events=3, rejected=1),),
)  # fmt: skip


@pytest.mark.parametrize("status", [FULL, PbxStatus(at=0)])
def test_it_comes_back_as_it_was(status: PbxStatus) -> None:
    assert decode_status(encode_status(status)) == status


def test_text_that_has_no_bytes_is_no_error() -> None:
    read = decode_status(encode_status(PbxStatus(at=1, sources=(SourceStatus(name="poll", problem="a\ud800b"),))))
    assert read is not None
    assert read.sources[0].problem == "a?b"


def test_what_is_new_in_a_later_release_is_passed_over() -> None:
    value = b'{"at":1,"mood":["new"],"sources":[{"name":"poll","connected":true,"colour":{}}]}'
    assert decode_status(value) == PbxStatus(at=1, sources=(SourceStatus(name="poll", connected=True),))


@pytest.mark.parametrize(
    "value",
    [None, b"", b"\xff", b"{}", b"[]", b"null", b'{"at":"x"}', b'{"at":1', b"[" * 100_000,
     b'{"at":1,"new":' + b"[" * 100_000, b'{"at":1,"sources":[{"name":"\xff"}]}', b'{"at":' + b"9" * 40 + b"}"],
    ids=range(12),
)  # fmt: skip
def test_bad_bytes_are_no_status(value: bytes | None) -> None:
    assert decode_status(value) is None


def test_a_source_is_told_as_it_is_now_and_without_endless_text() -> None:
    long = "x" * 9_999
    status = SourceStatus("poll", "hq", last_event_at=1_000_000, problem=long, events=2, unread_reason=long,
                          unread_sample=long)  # fmt: skip
    (told,) = copied([status])
    status.events = 3
    cut = "x" * 300
    assert told == SourceStatus("poll", "hq", last_event_at=1_000_000, problem=cut, events=2, unread_reason=cut,
                                unread_sample=cut)  # fmt: skip


def test_what_a_source_did_not_understand_is_counted_and_its_last_shown_escaped() -> None:
    status, lines = SourceStatus("poll", "hq"), UnreadLines()
    lines.note("no such word", b"\x1b[2J\xff" + b"x" * 999)
    lines.note("no such word", b"again")
    status.note_unread(lines)
    status.note_unread(lines)
    assert (status.unread, status.unread_reason) == (2, "no such word")
    assert status.unread_sample.startswith(r"\x1b[2J\xffxxx")
    status.note_rejected([Rejected(reason="not JSON", excerpt="secret")])
    assert (status.unread, status.rejected, status.unread_reason, status.unread_sample) == (2, 1, "not JSON", "")
