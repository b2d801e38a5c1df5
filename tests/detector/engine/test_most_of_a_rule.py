"""No setting takes a rule further than it may go: a limit in money asks at most."""

import pytest

from detector.contract.vocabulary import Mode
from tests.detector.engine.builders import SOMALIA, decisions, detections, run, settings, whole


@pytest.mark.parametrize(("given", "goes"), [("auto", Mode.ASK), ("ask", Mode.ASK), ("notify", Mode.NOTIFY)])
def test_a_limit_in_money_goes_as_far_as_asking(given: str, goes: Mode) -> None:
    found = run(whole(0, 3_600, SOMALIA), settings(mode="shadow", rules={"call.cost": {"amount": 1, "mode": given}}))
    assert {each.mode for each in detections(found, "call.cost")} == {goes}
    assert {each.mode for each in decisions(found)} <= {goes}
