"""Long names that somebody invents are not kept at hand."""

import tracemalloc

from detector.enrich.agents import attack_tool, without_version
from detector.memory.fields import digest

NAMES = 2_000
MIB = 1 << 20


def invented(n: int) -> str:
    """A name of 1,000 characters of four bytes each."""
    return f"{n:08d}" + chr(0x10000 + n) * 992


def test_what_is_read_of_long_names_is_not_kept() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        found = {(digest(invented(n)), without_version(invented(n)), attack_tool(invented(n))) for n in range(NAMES)}
        assert len(found) == NAMES
        found.clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2 * MIB, "all of them would be 8 MiB, thrice"


def test_short_and_long_texts_are_told_apart_alike() -> None:
    texts = ["", "a", "b" * 128, "b" * 129, "b" * 130, "\ud800" * 200]
    assert len({digest(text) for text in texts}) == len(texts)
    assert without_version("Yealink 1.2" + "x" * 200) == "Yealink ." + "x" * 55
    assert attack_tool("x" * 200 + "sipvicious") == "sipvicious"
