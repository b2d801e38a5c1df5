from detector.formats.unread import MAX_REASONS, OTHERS, SAMPLE_BYTES, UnreadLines


def test_each_reason_is_counted_with_its_first_sample_cut_short() -> None:
    unread = UnreadLines()
    unread.note("no such word", b"first" + b"x" * 1_000 + b"\n")
    unread.note("no such word", b"second")
    unread.note("no time", b"third\r\n")
    assert unread.total == 3
    assert unread.counts == {"no such word": 2, "no time": 1}
    assert unread.samples["no such word"].startswith(b"first")
    assert len(unread.samples["no such word"]) == SAMPLE_BYTES
    assert unread.samples["no time"] == b"third"


def test_reasons_are_bounded_and_nothing_is_lost_of_the_count() -> None:
    unread = UnreadLines()
    for number in range(MAX_REASONS + 10):
        unread.note(f"reason {number}", b"line")
    assert unread.total == MAX_REASONS + 10
    assert unread.counts[OTHERS] == 10
    assert len(unread.counts) == MAX_REASONS + 1


def test_what_was_taken_is_not_taken_again() -> None:
    unread = UnreadLines()
    unread.note("a", b"1")
    taken = unread.take()
    unread.note("a", b"2")
    assert (taken.counts, taken.samples) == ({"a": 1}, {"a": b"1"})
    assert (unread.take().samples, unread.total) == ({"a": b"2"}, 0)


def test_tallies_of_several_files_are_one() -> None:
    one, other = UnreadLines(), UnreadLines()
    one.note("a", b"1")
    other.note("a", b"2")
    other.note("b", b"3")
    one.add(other)
    assert one.counts == {"a": 2, "b": 1}
    assert one.samples == {"a": b"1", "b": b"3"}
