"""C06: allowed countries, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("one", posture(), "good"),
    ("all", posture({"allowed_countries": []}), "warning"),
    ("not said", posture({"allowed_countries": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_allowed_countries(of: object, wanted: str) -> None:
    assert verdict("allowed_countries", of) == wanted
