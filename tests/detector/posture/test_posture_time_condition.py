"""C24: time condition, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict, with_route

CASES = [
    ("all that lead abroad", posture(), "good"),
    ("one does not", posture(routes=with_route(name="Abroad at any time")), "warning"),
    ("none", posture({"routes_with_time_condition": []}), "warning"),
    ("not said", posture({"routes_with_time_condition": None}), "unknown"),
    ("not read", posture(routes=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_time_condition(of: object, wanted: str) -> None:
    assert verdict("time_condition", of) == wanted
