"""Two hundred thousand names of a thousand characters that somebody invents: memory is bounded, the office known."""

import gc
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding
from streams.backtest.bench import keep_pages
from tests.detector.engine.builders import (
    HOUR,
    LATVIA,
    OFFICE,
    OTHER_THIEF,
    THIEF,
    call,
    decisions,
    detections,
    engine,
    guesses,
    incidents,
    known_phones,
    login,
    registration,
)

NAMES, HOURS = 210_000, 11
MIB = 1 << 20
PHONES = [str(number) for number in range(1001, 1041)]
STOLEN = [*guesses(-900, source=OTHER_THIEF), registration(-880, "accepted", "1040", OTHER_THIEF),
          call(-870, LATVIA, "1040", source_ip=OTHER_THIEF)]  # fmt: skip
END = HOURS * HOUR
THEFT = [*guesses(END), registration(END + 10, "accepted"), *(call(END + 60 + n, source_ip=THIEF) for n in range(4))]


def invented() -> Iterator[AnyEvent]:
    """Each name from another customer's network, and honest telephones between them."""
    every = END / NAMES
    for n in range(NAMES):
        name = chr(0x10000 + n % 50_000) * 992 + f"{n:08d}"
        yield login(
            n * every, account=name, source=f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::1", id=f"{name}/{n}"[-1_024:]
        )
        if n % (NAMES // (HOURS * len(PHONES))) == 0:
            yield registration(n * every, "accepted", PHONES[n // (NAMES // (HOURS * len(PHONES))) % len(PHONES)],
                               "192.0.2.20")  # fmt: skip


def resident() -> int:
    """Bytes of this process that lie in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.slow
def test_invented_names_drive_nobody_out_and_take_little() -> None:
    made = engine()
    found: list[AnyFinding] = []
    pages: dict[str, bytes] = {}
    for event in [*known_phones(PHONES), *STOLEN]:
        found += made.process(event)
    keep_pages(pages, made)
    gc.collect()
    before, largest = resident(), 0
    told: dict[str, AnyFinding] = {}
    for n, event in enumerate(invented()):
        told.update((one.id, one) for one in made.process(event) if not hasattr(one, "rule"))
        if n % 5_000 == 0:
            keep_pages(pages, made)
            largest = max(largest, sum(map(len, pages.values())))
    gc.collect()
    assert resident() - before < 256 * MIB
    assert largest < 256 * MIB
    assert len([one for one in incidents(told.values()) if one.status != "merged"]) <= 4
    held = [one for one in decisions([*found, *told.values()], "restrict_extension") if one.target.id == "1040"]
    assert [one.status for one in held] == ["active"], "what is in force is not given up"
    honest = [
        finding for phone in PHONES[:20] for finding in made.process(registration(END, "accepted", phone, OFFICE))
    ]
    assert detections(honest, "registration.new_place") == []
    theft = [finding for event in THEFT for finding in made.process(event)]
    assert "1007" in {one.target.id for one in decisions(theft, "restrict_extension") if one.mode == "auto"}
    assert not made.errors
