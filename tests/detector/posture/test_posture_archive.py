"""C32: archive, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("elsewhere", posture(), "good"),
    ("on the PBX", posture({"archive": "none"}), "warning"),
    ("not said", posture({"archive": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_archive(of: object, wanted: str) -> None:
    assert verdict("archive", of) == wanted
