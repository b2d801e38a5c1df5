"""By what program somebody registered may be told after the registration: rules on programs fire then, and once."""

from msgspec import structs

from detector.contract.findings import Detection
from tests.detector.engine.builders import engine, registration

RULE = "registration.attack_tool"


def fired(*revisions: tuple[int, str | None]) -> list[str]:
    """The rules that fire on the revisions of one registration, each with the program it names."""
    made, known = engine(), registration(0, "accepted", user_agent=None)
    found = [
        finding for revision, program in revisions
        for finding in made.process(structs.replace(known, revision=revision, user_agent=program))
    ]  # fmt: skip
    return [one.rule for one in found if isinstance(one, Detection)]


def test_a_program_that_is_told_later_is_judged_like_one_that_is_told_at_once() -> None:
    at_once, later = fired((0, "friendly-scanner")), fired((0, None), (1, "friendly-scanner"))
    assert RULE in at_once
    assert sorted(later) == sorted(at_once)


def test_what_tells_no_program_is_judged_by_nobody_a_second_time() -> None:
    assert fired((0, None), (1, None)) == fired((0, None))


def test_the_same_again_fires_once() -> None:
    assert fired((0, None), (1, "friendly-scanner"), (1, "friendly-scanner")).count(RULE) == 1
