"""C14: remote registration, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import SOUND, UNSEEN, posture, verdict, with_extension

CASES = [
    ("who needs it", posture(), "good"),
    ("one more", posture(extensions=with_extension(remote=True)), "warning"),
    ("nobody, and nobody said who", posture({"remote_extensions": None}, extensions=(SOUND,)), "good"),
    ("somebody, and nobody said who", posture({"remote_extensions": None}), "unknown"),
    ("not shown", posture(extensions=with_extension(remote=None)), "unknown"),
    ("not read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_remote_registration(of: object, wanted: str) -> None:
    assert verdict("remote_registration", of) == wanted
