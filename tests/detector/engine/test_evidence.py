"""Evidence belongs to whom it names: what is done without a person rests on what was seen of that subject itself."""

import pytest
from msgspec.structs import replace

from detector.contract.events import AnyEvent
from detector.contract.findings import AnyFinding
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    LATVIA,
    NIGHT,
    OFFICE,
    PREMIUM,
    SATELLITE,
    SOMALIA_NEXT,
    THIEF,
    call,
    cdr,
    decisions,
    guesses,
    interrupted,
    known_phones,
    login,
    registration,
    run,
    settings,
    watched,
    whole,
)

AWAY = "198.18.7.7"
PHONES = known_phones(["1001", "1002", "1003", "1007"])
STOLEN = [*guesses(NIGHT), registration(NIGHT + 10, "accepted")]
BURST = [call(NIGHT + 60 + step / 10, call=f"b{step}", source_ip=THIEF) for step in range(6)]
THEFT = [*PHONES, *watched(), *STOLEN, *BURST]
LATER = NIGHT + 120
OTHERS_IN_SOMALIA = "901129077123456"
"""Another block of numbers of the same country."""


def text(events: list[AnyEvent]) -> list[AnyEvent]:
    return [replace(event, trust="text") for event in events]


def acting(found: list[AnyFinding]) -> set[tuple[str, str]]:
    """What is done without a person."""
    return {(each.action.value, each.target.id) for each in decisions(found) if each.mode == "auto"}


def fair(phones: int, each: int = 8) -> list[AnyEvent]:
    """Many phones call, in business hours, where calls go on every day."""
    before = [cdr(day * DAY + 600 * n, 300, GERMANY, str(1020 + n)) for day in (-5, -4, -3, -2) for n in range(6)]
    return [*before, *(cdr(60 * n, 3_000, GERMANY, str(1020 + n % phones)) for n in range(phones * each))]


MONEY = settings(rules={"call.cost": {"amount": 50}, "call.cost_pbx": {"amount": 300}})
CASES: dict[str, tuple[list[AnyEvent], set[tuple[str, str]]]] = {
    "a theft": (THEFT, {("block_ip", THIEF), ("restrict_extension", "1007"), ("hang_up", "1007")}),
    "a colleague who calls the same country at night": (
        [*THEFT, *whole(LATER, 60, OTHERS_IN_SOMALIA, "1002", source_ip=OFFICE)], set(),
    ),
    "a colleague who calls the same block": ([*THEFT, *whole(LATER, 60, SOMALIA_NEXT, "1002")], set()),
    "a colleague whose costly call is known from text": (
        [*THEFT, *text([call(LATER, PREMIUM, "1002")])], set(),
    ),
    "a colleague who calls a costly number": (
        [*THEFT, call(LATER, PREMIUM, "1002")], {("restrict_extension", "1002"), ("hang_up", "1002")},
    ),
    "the thief's second extension": (
        [*THEFT, registration(LATER, "accepted", "1003"), call(LATER + 9, extension="1003", source_ip=THIEF)],
        {("restrict_extension", "1003"), ("hang_up", "1003")},
    ),
    "guessing in text at the hotel of a traveller": (
        [*PHONES, registration(0, "accepted", "1003", AWAY, user_agent="x"), *whole(NIGHT, 60, LATVIA, "1003",
         source_ip=AWAY), *text([login(NIGHT + 90 + n, source=AWAY) for n in range(6)])],
        set(),
    ),
    "the sum of all calls, passed by a bystander": (
        [*fair(4, 2), *THEFT[len(PHONES):], *(cdr(NIGHT + 90, 3_000, GERMANY, "1021") for _ in "a")], set(),
    ),
    "a fair": (fair(12), set()),
    "a call centre that spends so much every day": (fair(1, 20), set()),
    "a newcomer who spends on numbers that are new": (
        [*watched(), *(cdr(4_000 * n, 3_600, SATELLITE, "1030") for n in range(3))], set(),
    ),
    "many extensions that call one new block": (
        [*watched(), *(call(NIGHT + n, f"90112526{n:02}34567"[:15], str(1040 + n)) for n in range(4))], set(),
    ),
}  # fmt: skip
SPARED = {"1001", "1002", "1020", "1021", "1022", "1023", *(str(1024 + n) for n in range(20)), AWAY}


@pytest.mark.parametrize("again", [False, True], ids=["in one go", "restarted now and then"])
@pytest.mark.parametrize("name", CASES)
def test_whom_something_is_done_to(name: str, again: bool) -> None:
    events, wanted = CASES[name]
    events = sorted(events, key=lambda event: event.at)
    found = list(interrupted(events, MONEY, batch=1 + len(events) // 8)) if again else run(events, MONEY)
    done = acting(found)
    assert wanted <= done
    accused = {target for _, target in wanted}
    assert not {target for action, target in done if action != "backup_pbx"} & (SPARED - accused)
