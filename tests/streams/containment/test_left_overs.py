"""What stands where nobody of the settings can undo it: who is named, what the journal keeps, what the log is told."""

from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.vocabulary import Act, State, SubjectKind
from streams.config.installation import Installation
from streams.containment.left_overs import LeftOvers, find_left_overs, in_lines
from streams.store.journal.journal import Journal
from tests.lives import lead

EXTENSION = (Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1007")
ADDRESS = (Act.BLOCK_IP, SubjectKind.SOURCE_IP, "198.51.100.7")


class Standing:
    def __init__(self, journal: Journal, make: Any) -> None:
        self.journal, self.make = journal, make
        self.now = to_micros(make.AT)
        journal.findings.record([make.incident()])

    def act(
        self, kind: tuple[Act, SubjectKind, str], state: State = State.CONFIRMED, handle: str | None = None
    ) -> None:
        self.journal.findings.record([self.make.decision("dec-1", *kind)])
        lead(self.journal, "act-dec-1", state, now=self.now)
        if handle:
            self.journal.actions.move("act-dec-1", {state}, state, by="executor", now=self.now, handle=handle)

    def overs(self, *pbxs: str) -> LeftOvers:
        settings = Installation.model_validate({"pbxs": [{"id": name} for name in pbxs]})
        return LeftOvers(self.journal, settings, now=lambda: self.now)

    def row(self) -> Any:
        return self.journal.actions.find("act-dec-1")


@pytest.fixture
def standing(journal: Journal, make: Any) -> Standing:
    return Standing(journal, make)


CASES = [
    ("its PBX is there", EXTENSION, State.CONFIRMED, None, ("hq",), ("feed",), None),
    ("its PBX is gone", EXTENSION, State.CONFIRMED, None, ("other",), (), "PBX hq is not in the settings any more"),
    ("half done on a PBX that is gone", EXTENSION, State.APPLYING, None, (), (), "1007 restricted stands until"),
    ("could not be undone there", EXTENSION, State.UNDO_FAILED, None, (), (), "Extension 1007 may call outside again."),
    ("it is over", EXTENSION, State.UNDONE, None, (), (), None),
    ("never done", EXTENSION, State.APPROVED, None, (), (), None),
    ("its enforcer is there", ADDRESS, State.CONFIRMED, "feed", ("hq",), ("feed", "nftables"), None),
    ("its enforcer is gone", ADDRESS, State.CONFIRMED, "feed,nftables", ("hq",), ("feed",),
     "nftables is no enforcer in the settings any more, and address 198.51.100.7 blocked stands until 2026-03-01 13"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "state", "handle", "pbxs", "enforcers", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_who_is_named(
    standing: Standing, kind: Any, state: State, handle: str | None, pbxs: Any, enforcers: Any, said: str | None
) -> None:
    standing.act(kind, state, handle)
    lines = in_lines(find_left_overs(standing.journal, pbxs, enforcers))
    assert len(lines) == (said is not None)
    assert all(line.startswith("attention: ") and (said or "") in line for line in lines)


def test_what_is_due_is_told_once_and_stays_asked_for_until_the_pbx_is_back(standing: Standing) -> None:
    standing.act(EXTENSION)
    overs = standing.overs("other")
    assert overs.look() == []
    assert overs.problems == [standing.row().error]
    assert (standing.row().state, standing.row().waits) == (State.CONFIRMED, True)
    standing.journal.actions.request_undo("act-dec-1", "anna", now=standing.now)
    (told,) = overs.look()
    assert (told.pbx, told.name, told.source, told.text) == ("hq", "action_left", "act-dec-1", overs.problems[0])
    assert overs.look() == []
    assert [notice.id for notice in standing.overs("other").look()] == [told.id]
    assert (standing.row().state, standing.row().undo_by) == (State.CONFIRMED, "anna")
    assert [row.id for row in standing.journal.actions.claim("x", standing.now, 10, 10, ["hq"])] == ["act-dec-1"]


def test_what_stands_on_a_pbx_that_is_back_waits_for_nobody(standing: Standing) -> None:
    standing.act(EXTENSION)
    standing.overs("other").look()
    back = standing.overs("hq")
    assert back.look() == []
    assert (back.problems, standing.row().waits, standing.row().error) == ([], False, None)


def test_a_passed_end_is_due(standing: Standing) -> None:
    standing.act(EXTENSION)
    standing.now += 3_600_000_000
    assert [notice.name for notice in standing.overs().look()] == ["action_left"]
