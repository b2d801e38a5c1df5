"""An outcome that a person brought about overturns its decision, even if the order itself never reached the log."""

import pytest
from msgspec.structs import replace

from tests.detector.engine.builders import DAY, HOUR, decisions, guesses, outcome, run, settings

AUTO = settings(rules={"registration.bruteforce": {"mode": "auto"}})
FIRST = guesses(0)
AGAIN = guesses(HOUR / 2)
AFTER_ITS_END = guesses(2 * HOUR)
NEXT_DAY = guesses(2 * DAY)


@pytest.mark.parametrize(
    ("state", "by", "lifted"),
    [
        ("undone", "anna", True), ("superseded", "anna", True), ("expired", "anna", True),
        ("undone", "executor", False), ("undone", "policy", False), ("undone", "guard", False), ("undone", None, False),
        ("failed", "anna", False),
    ],
)  # fmt: skip
def test_what_a_person_undid_is_not_done_again_for_a_day(state: str, by: str | None, lifted: bool) -> None:
    (block,) = decisions(run(FIRST, AUTO), "block_ip")
    told = [outcome(10, block.id, "approved"), replace(outcome(20, block.id, state), by=by)]
    (first,) = decisions(run([*FIRST, *told, *AGAIN], AUTO), "block_ip")
    assert (first.status == "lifted") is lifted
    over = [*FIRST, *told, *AFTER_ITS_END]
    assert len(decisions(run(over, AUTO), "block_ip")) == (1 if lifted else 2)
    assert len(decisions(run([*over, *NEXT_DAY], AUTO), "block_ip")) == (2 if lifted else 3)


def test_an_outcome_that_is_over_and_comes_again_changes_nothing() -> None:
    (block,) = decisions(run(FIRST, AUTO), "block_ip")
    over = [*FIRST, outcome(10, block.id, "applied"), outcome(20, block.id, "failed")]
    assert run([*over, outcome(30, block.id, "confirmed")], AUTO) == run(over, AUTO)
