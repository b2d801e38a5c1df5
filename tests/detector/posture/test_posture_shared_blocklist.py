"""C05: shared blocklist, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("in use", posture(), "good"),
    ("not in use", posture({"shared_blocklist": False}), "info"),
    ("not said", posture({"shared_blocklist": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_shared_blocklist(of: object, wanted: str) -> None:
    assert verdict("shared_blocklist", of) == wanted
