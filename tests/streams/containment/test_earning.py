"""What rules have earned by people's verdicts: proposed after enough of them, fallen back when one says false."""

from datetime import UTC, datetime
from typing import Any

import pytest

from detector.contract.codec import to_micros
from detector.contract.findings import Detection, Subject
from detector.contract.vocabulary import Act, Mode, Severity, SubjectKind
from detector.decide.brakes import BrakeKind
from streams.containment.earning import judge, overturn, standing
from streams.store.journal.journal import Journal
from streams.store.journal.journal_verdicts import CaseVerdict, Record

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = to_micros(AT)
RULE, MONEY = "call.frequency", "call.cost"


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "mode", "proposed"),
    [
        (36, 0, RULE, Mode.ASK, Mode.AUTO),
        (36, 0, RULE, Mode.SHADOW, Mode.NOTIFY),
        (34, 0, RULE, Mode.ASK, None),
        (19, 0, RULE, Mode.ASK, None),
        (100, 4, RULE, Mode.ASK, Mode.AUTO),
        (100, 5, RULE, Mode.ASK, None),
        (36, 0, RULE, Mode.AUTO, None),
        (36, 0, MONEY, Mode.ASK, None),
        (36, 0, MONEY, Mode.NOTIFY, Mode.ASK),
        (36, 0, "call.gone", Mode.ASK, None),
        (36, 0, RULE, None, None),
        (0, 0, RULE, Mode.ASK, None),
    ],
    ids=[
        "surely right", "one step at a time", "not surely", "too few", "some false", "one false too many",
        "it does all already", "a limit in money never acts", "but may ask", "a rule that is gone",
        "a PBX that is gone", "no verdict",
    ],
)  # fmt: skip
def test_what_a_rule_is_proposed_for(
    right: int, wrong: int, rule: str, mode: Mode | None, proposed: Mode | None
) -> None:
    assert standing(Record(rule, "hq", right, wrong), mode).proposed is proposed


@pytest.fixture
def wrongly(journal: Journal, make: Any) -> Journal:
    """Something was done to an honest extension, because of one rule; another only told of it."""

    def seen(name: str, rule: str) -> Detection:
        return Detection(
            id=name, pbx="hq", at=AT, rule=rule, severity=Severity.CRITICAL, values={}, evidence=(), control="C27",
            subject=Subject(SubjectKind.EXTENSION, "1002"), summary="many calls", mode=Mode.AUTO,
        )  # fmt: skip

    restricted = make.decision("dec-1", Act.RESTRICT_EXTENSION, SubjectKind.EXTENSION, "1002")
    journal.findings.record([
        seen("det-1", RULE), seen("det-2", "call.new_block"), make.incident(detections=("det-1", "det-2")), restricted,
    ])  # fmt: skip
    return journal


def fallen(journal: Journal) -> list[tuple[str, str, str]]:
    return [(one.rule, one.pbx, one.by) for one in journal.brakes.in_force(NOW) if one.kind is BrakeKind.FALLBACK]


@pytest.mark.parametrize(
    ("judged", "falls", "right", "wrong"),
    [
        (CaseVerdict.FALSE, [(RULE, "hq", "anna")], 0, 1), (CaseVerdict.ATTACK, [], 1, 0), (CaseVerdict.TEST, [], 1, 0),
        (CaseVerdict.UNSURE, [], 0, 0),
    ],
)  # fmt: skip
def test_a_verdict_counts_for_each_rule_and_false_takes_back_what_acted(
    wrongly: Journal, judged: CaseVerdict, falls: list[Any], right: int, wrong: int
) -> None:
    for _ in range(2):
        judge(wrongly, "inc-1", judged, by="anna", note="our dialler", now=NOW)
    assert fallen(wrongly) == falls
    assert wrongly.verdicts.records() == [
        Record(RULE, "hq", right, wrong), Record("call.new_block", "hq", right, wrong),
    ]  # fmt: skip


def test_an_action_that_was_wrong_takes_back_its_rules_only(wrongly: Journal) -> None:
    action = wrongly.actions.find("act-dec-1")
    assert action is not None
    overturn(wrongly, action, by="bert", note="a fair", now=NOW)
    assert fallen(wrongly) == [(RULE, "hq", "bert")]
    [brake] = wrongly.brakes.in_force(NOW)
    assert brake.reason == "bert said that it was wrong to stop outbound calls of extension 1002: a fair"
    assert wrongly.brakes.end(brake.id, "anna", now=NOW)
    assert fallen(wrongly) == []
