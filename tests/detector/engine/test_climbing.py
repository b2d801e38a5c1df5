"""A rung is climbed by who is contained and calls again, and by nobody else."""

from collections.abc import Callable, Iterable

import pytest

from detector.contract.events import AnyEvent, Control
from detector.contract.findings import AnyFinding, Decision
from tests.detector.engine.builders import (
    DAY,
    GERMANY,
    HOUR,
    NIGHT,
    NOON,
    OFFICE,
    SOMALIA,
    SOMALIA_NEXT,
    THIEF,
    call,
    decisions,
    engine,
    guesses,
    incidents,
    known_phones,
    outcome,
    registration,
    restarted,
    run,
    settings,
    tick,
    verdict,
    watched,
    whole,
)

OTHERS_IN_SOMALIA = "901129077123456"
RULES = {name: {"mode": "auto"} for name in ("registration.bruteforce", "call.frequency", "call.concurrent_extension")}
CONFIGURED = settings(mode="notify", rules=RULES)
PHONES = [*known_phones(["1002", "1003", "1004", "1007"]), *watched()]
THEFT = [
    registration(NIGHT, "accepted"),
    *(event for step in range(6) for event in whole(NIGHT + step / 20, 6, call=f"b{step}", source_ip=THIEF)),
]
Answer = Callable[[Decision], str]


def confirm(made: Decision) -> str:
    return "confirmed"


def refuse_extensions(made: Decision) -> str:
    """A PBX that lets nobody change extensions."""
    return "failed" if made.action == "restrict_extension" else "confirmed"


def lived(events: Iterable[AnyEvent], answer: Answer = confirm, *, again: bool = False) -> list[AnyFinding]:
    """The findings where all that is decided to be done by itself is answered a second later, as a PBX does it."""
    made, kept, found = engine(CONFIGURED), dict[str, bytes](), list[AnyFinding]()
    answers: list[Control] = []
    for event in sorted(events, key=lambda event: event.at):
        due = [one for one in answers if one.at <= event.at]
        answers = [one for one in answers if one.at > event.at]
        for one in (*due, event):
            new = made.process(one)
            found += new
            answers += [
                outcome((each.at - NOON).total_seconds() + 1, each.id, answer(each)) for each in new
                if isinstance(each, Decision) and each.mode == "auto" and each.status == "active"
            ]  # fmt: skip
            if again:
                made = restarted(made, kept, CONFIGURED)
    assert not made.errors
    return found


def redials(start: float, times: int, apart: float, extension: str = "1007") -> list[AnyEvent]:
    """One call after the other, each hung up within a moment."""
    return [
        event
        for n in range(times)
        for event in whole(start + n * apart, 2, SOMALIA, extension, call=f"{extension}r{n}")
    ]


def done(found: list[AnyFinding]) -> list[tuple[int, str, str]]:
    """What was done by itself: rung, action, target."""
    return [(each.rung, each.action.value, each.target.id) for each in decisions(found) if each.mode == "auto"]


def rungs(found: list[AnyFinding]) -> set[tuple[int, str, str]]:
    """The same above the first rung."""
    return {one for one in done(found) if one[0] > 1}


HONEST = {
    "the same country": whole(NIGHT + 60, 120, OTHERS_IN_SOMALIA, "1002", source_ip=OFFICE),
    "the very block": whole(NIGHT + 60, 120, SOMALIA_NEXT, "1002", source_ip=OFFICE),
    "one a second after it was contained": whole(NIGHT + 8, 120, SOMALIA_NEXT, "1002"),
    "one after the other": [
        *whole(NIGHT + 60, 120, OTHERS_IN_SOMALIA, "1002"), *whole(NIGHT + 80, 120, SOMALIA_NEXT, "1003"),
        *whole(NIGHT + 90, 120, GERMANY, "1004"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("again", [False, True], ids=["in one go", "restarted after every event"])
@pytest.mark.parametrize("name", HONEST)
def test_honest_colleagues_call_on(name: str, again: bool) -> None:
    found = lived([*PHONES, *THEFT, *HONEST[name], tick(NIGHT + 600)], again=again)
    assert {target for _, _, target in done(found)} == {"1007", THIEF}
    assert rungs(found) == set()


NEXT = {(2, "block_number", "+2526123")}


@pytest.mark.parametrize("again", [False, True], ids=["in one go", "restarted after every event"])
@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        pytest.param(redials(NIGHT + 30, 1, 1), NEXT, id="once again: the numbers"),
        pytest.param(redials(NIGHT + 30, 2, 15), NEXT | {(3, "lock_route", "International")}, id="twice: the route"),
        pytest.param(
            redials(NIGHT + 8, 154, 0.45), NEXT | {(3, "lock_route", "International")}, id="154 hang-ups in 70 s"
        ),
        pytest.param(
            [*(call(NIGHT + 60 + n / 20, extension="1003", call=f"n{n}") for n in range(6)),
             *redials(NIGHT + 90, 1, 1, "1003")],
            NEXT, id="with a second extension, which is contained and goes on",
        ),
    ],
)  # fmt: skip
def test_who_is_contained_and_goes_on_climbs(
    events: list[AnyEvent], wanted: set[tuple[int, str, str]], again: bool
) -> None:
    found = lived([*PHONES, *THEFT, *events, tick(NIGHT + 600)], again=again)
    assert rungs(found) == wanted
    assert incidents(found)[0].status != "closed"


def test_a_second_extension_begins_on_the_first_rung() -> None:
    second = [call(NIGHT + 60 + n / 20, extension="1003", call=f"n{n}") for n in range(6)]
    found = lived([*PHONES, *THEFT, *redials(NIGHT + 30, 1, 1), *second, tick(NIGHT + 90)])
    assert {(rung, action) for rung, action, target in done(found) if target == "1003"} == {
        (1, "hang_up"), (1, "restrict_extension"),
    }  # fmt: skip
    assert rungs(found) == NEXT


@pytest.mark.parametrize("again", [False, True], ids=["in one go", "restarted after every event"])
def test_what_fails_for_good_climbs_at_once(again: bool) -> None:
    found = lived([*PHONES, *THEFT, tick(NIGHT + 10)], refuse_extensions, again=again)
    assert rungs(found) == NEXT


def test_where_the_restriction_fails_each_redial_climbs() -> None:
    found = lived([*PHONES, *THEFT, *redials(NIGHT + 25, 3, 20)], refuse_extensions)
    assert rungs(found) == NEXT | {(3, "lock_route", "International")}


def test_where_all_fails_the_last_rung_is_asked_for() -> None:
    found = lived([*PHONES, *THEFT, tick(NIGHT + 10)], lambda made: "failed")
    assert rungs(found) == NEXT | {(3, "lock_route", "International")}
    assert [each.mode for each in decisions(found, "disable_trunk")] == ["ask"]


def test_what_a_person_undoes_is_over_with_all_that_it_rested_on() -> None:
    before = lived([*PHONES, *THEFT, tick(NIGHT + 10)])
    (restrict,) = decisions(before, "restrict_extension")
    later = [verdict(NIGHT + 20, decision=restrict.id), *redials(NIGHT + 60, 1, 1)]
    assert rungs(lived([*PHONES, *THEFT, tick(NIGHT + 10), *later])) == set()


def test_when_the_containment_has_ended_one_call_more_is_no_climbing() -> None:
    found = lived([*PHONES, *THEFT, tick(NIGHT + 13 * HOUR), *redials(NIGHT + 14 * HOUR, 1, 1)])
    assert rungs(found) == set()
    pumped = [call(NIGHT + 14 * HOUR + n / 20, call=f"n{n}") for n in range(6)]
    again = lived([*PHONES, *THEFT, tick(NIGHT + 13 * HOUR), *pumped])
    assert len(decisions(again, "restrict_extension")) == 2


def test_an_address_is_held_against_who_comes_in_from_it_for_a_day() -> None:
    def entered(after: float) -> set[str]:
        found = lived([*PHONES, *guesses(NIGHT), tick(NIGHT + after - 1), registration(NIGHT + after, "accepted")])
        return {each.mode for each in decisions(found, "restrict_extension")}

    assert entered(10) == entered(DAY - 60) == {"notify"}


def test_who_may_not_be_restricted_is_passed_by_at_once() -> None:
    own = settings(pbx={"extensions": {"1007": {"emergency_device": True}}})
    found = run([*PHONES, *THEFT], own)
    assert {one.refused for one in decisions(found, "restrict_extension")} == {"1007 serves an emergency device"}
    assert {one.mode for one in decisions(found, "block_number")} == {"auto"}


@pytest.mark.parametrize(("holds", "status"), [(True, "contained"), (False, "open")])
def test_calls_that_were_hung_up_contain_nobody_where_more_was_to_be_done(holds: bool, status: str) -> None:
    found = lived(
        [*PHONES, *THEFT, *redials(NIGHT + 400, 8, 0.2), tick(NIGHT + 500)],
        lambda made: "confirmed" if holds or made.action == "hang_up" else "failed",
    )
    assert {one.action.value for one in decisions(found) if one.mode == "auto"} >= {"hang_up", "restrict_extension"}
    assert [one.status.value for one in incidents(found) if one.stage == "pumping"] == [status]
