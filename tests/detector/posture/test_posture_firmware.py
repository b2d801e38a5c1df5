"""C01: firmware, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict

CASES = [
    ("the newest", posture(), "good"),
    ("older", posture(firmware="37.22.9.999"), "warning"),
    ("compared by number, not by letter", posture({"latest_firmware": "37.9.0.1"}), "good"),
    ("newer than what is known", posture(firmware="37.24"), "good"),
    ("not read", posture(firmware=UNSEEN), "unknown"),
    ("newest not said", posture({"latest_firmware": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_firmware(of: object, wanted: str) -> None:
    assert verdict("firmware", of) == wanted
