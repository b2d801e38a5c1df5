"""The log, the outbox and the dead letters."""

import pytest
from sqlalchemy import Engine

from streams.store import stream as stream_module
from streams.store.store_errors import Fenced
from streams.store.stream import Letter, StreamStore

HOSTILE = "hq\x00\udcff\\x00\\"


def events(*names: str) -> list[tuple[str, bytes]]:
    return [("hq", name.encode()) for name in names]


def test_offsets_are_contiguous_from_one(engine: Engine) -> None:
    store = StreamStore(engine)
    assert store.next_offset() == 1
    assert store.append_and_publish(events("a", "b")) == 1
    assert store.append_and_publish(events("c")) == 3
    assert store.next_offset() == 4
    assert store.read(0, 10) == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert store.read(1, 1) == [(2, b"b")]


def test_offsets_are_never_reused_after_a_cut_and_a_restart(engine: Engine) -> None:
    store = StreamStore(engine)
    store.append_and_publish(events("a", "b"))
    store.cut(2)
    assert store.counts().logged == 0
    again = StreamStore(engine)
    assert again.append_and_publish(events("c")) == 3
    assert again.read(0, 10) == [(3, b"c")]
    assert again.counts().logged == 1


def test_a_cut_keeps_what_is_behind_it(engine: Engine) -> None:
    store = StreamStore(engine)
    store.append_and_publish(events("a", "b", "c"))
    store.cut(2)
    assert store.read(0, 10) == [(3, b"c")]


def test_a_second_writer_is_fenced_and_writes_nothing(engine: Engine) -> None:
    first, second = StreamStore(engine), StreamStore(engine)
    first.append_and_publish(events("a"))
    with pytest.raises(Fenced):
        second.append_and_publish(events("b"), [("i", 0, "incident", "hq", b"{}")])
    assert first.read(0, 10) == [(1, b"a")]
    assert first.undelivered(10) == []


def test_findings_wait_in_order_until_delivered_and_twice_is_once(engine: Engine) -> None:
    store = StreamStore(engine)
    store.append_and_publish([], [("d", 0, "detection", "hq", b"1"), ("i", 0, "incident", "hq", b"2")])
    store.append_and_publish([], [("i", 0, "incident", "hq", b"other"), ("i", 1, "incident", "hq", b"3")])
    waiting = store.undelivered(10)
    assert [(w.finding_id, w.revision, w.body) for w in waiting] == [
        ("d", 0, b"1"),
        ("i", 0, b"2"),
        ("i", 1, b"3"),
    ]
    store.delivered([w.seq for w in waiting[:2]])
    assert [w.body for w in store.undelivered(10)] == [b"3"]
    store.delivered([])
    assert store.counts().undelivered == 1


def test_events_and_findings_are_one_transaction(engine: Engine) -> None:
    store = StreamStore(engine)
    broken: tuple[str, int, str, str, bytes] = ("i", 0, "incident", "hq", None)  # type: ignore[assignment]
    with pytest.raises(Exception, match=r"(?i)null"):
        store.append_and_publish(events("a"), [broken])
    assert store.next_offset() == 1
    assert store.read(0, 10) == []
    assert store.append_and_publish(events("a")) == 1


def test_hostile_text_comes_back_as_it_was(engine: Engine) -> None:
    store = StreamStore(engine)
    store.append_and_publish([(HOSTILE, b"\x00\xff")], [(HOSTILE, 0, "incident", HOSTILE, b"\x00")])
    assert store.read(0, 1) == [(1, b"\x00\xff")]
    waiting = store.undelivered(1)[0]
    assert (waiting.finding_id, waiting.pbx, waiting.body) == (HOSTILE, HOSTILE, b"\x00")
    letter = Letter(received_at=1, source=HOSTILE, reason=HOSTILE, pbx=HOSTILE, field=HOSTILE, excerpt=HOSTILE)
    store.dead_letter(letter)
    assert store.dead_letters(1) == [letter]


def test_oldest_dead_letters_go_and_stay_counted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "DEAD_LETTERS_KEPT", 3)
    store = StreamStore(engine)
    for n in range(5):
        store.dead_letter(Letter(received_at=n, source="syslog", reason="r"))
    assert [letter.received_at for letter in store.dead_letters(10)] == [4, 3, 2]
    store.dead_letter(*(Letter(received_at=n, source="syslog", reason="r") for n in range(5, 12)))
    assert [letter.received_at for letter in store.dead_letters(10)] == [11, 10, 9]
    assert store.counts().dead_letters == 12


def test_dead_letters_are_bounded(engine: Engine) -> None:
    store = StreamStore(engine)
    store.dead_letter(Letter(received_at=1, source="s" * 9_999, reason="r" * 9_999, excerpt="x" * 9_999))
    letter = store.dead_letters(1)[0]
    assert (len(letter.source), len(letter.reason), len(letter.excerpt)) == (512, 512, 1_024)
