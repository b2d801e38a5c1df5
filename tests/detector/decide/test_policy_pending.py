"""An incident is not contained while something that was decided to be done by itself is still to come."""

import pytest

from detector.contract.codec import from_micros
from detector.contract.findings import FOREVER, Decision, Subject
from detector.contract.vocabulary import Act, DecisionStatus, Mode, SubjectKind
from detector.correlate.case import Case
from detector.decide.policy import pending

MADE = Decision(
    id="a", pbx="hq", at=from_micros(0), incident="i", because=(), action=Act.BLOCK_IP, rung=1, mode=Mode.AUTO,
    target=Subject(SubjectKind.SOURCE_IP, "203.0.113.77"), status=DecisionStatus.ACTIVE, until=FOREVER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "state", "waits"),
    [
        pytest.param({}, None, True, id="nothing is known of it"),
        pytest.param({}, "applied", True, id="applied is not confirmed"),
        pytest.param({}, "of another version", True, id="a state that is not known"),
        pytest.param({}, "confirmed", False, id="confirmed"),
        pytest.param({}, "failed", False, id="failed"),
        pytest.param({"mode": Mode.ASK}, None, False, id="somebody is asked"),
        pytest.param({"refused": "an address of ours"}, None, False, id="refused by the guard"),
        pytest.param({"status": DecisionStatus.LIFTED}, None, False, id="lifted"),
        pytest.param({"action": Act.BACKUP_PBX}, None, False, id="a backup, which contains nothing"),
    ],
)
def test_what_is_waited_for(change: dict[str, object], state: str | None, waits: bool) -> None:
    made = Decision(**{name: getattr(MADE, name) for name in MADE.__struct_fields__} | change)
    states = {} if state is None else {"a": state}
    case = Case(id="i", opened=0, updated=0, tenant="", currency="USD", decisions={"a": made}, states=states)
    assert pending(case) is waits
