"""Which connections make room where too many wait for their clients."""

import pytest

from streams.processes.half_open import HalfOpen


class Line:
    def __init__(self) -> None:
        self.given_up = False

    def give_up(self) -> None:
        self.given_up = True


CASES = [
    ("within the share", "aaa", ""),
    ("one more than the share: the oldest of that address goes", "aaaa", "0"),
    ("others have their own share", "aaabbb", ""),
    ("the last of all: the oldest of who has most goes", "aaabbbc", "0"),
    ("who has one is not given up for who has many", "baaac" + "ddd", "1"),
]


@pytest.mark.parametrize(("case", "addresses", "dropped"), CASES)
def test_who_makes_room(case: str, addresses: str, dropped: str) -> None:
    kept, lines = HalfOpen(share=3, most=6), [Line() for _ in addresses]
    if case.startswith("who has one"):
        kept = HalfOpen(share=3, most=7)
    for address, line in zip(addresses, lines, strict=True):
        kept.add(address, line)
    assert "".join(str(n) for n, line in enumerate(lines) if line.given_up) == dropped, case


def test_who_is_done_makes_room_for_others_and_counts_no_more() -> None:
    kept, lines = HalfOpen(share=2, most=2), [Line() for _ in range(4)]
    for line in lines:
        kept.add("a", line)
        kept.add("a", line)
        kept.remove("a", line)
        kept.remove("a", line)
    assert not any(line.given_up for line in lines)
