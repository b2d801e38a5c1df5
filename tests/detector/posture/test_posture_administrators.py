"""C20: administrators, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import SOUND, UNSEEN, posture, verdict, with_extension

CASES = [
    ("who is to be", posture(), "good"),
    ("one more", posture(extensions=with_extension(role="administrator")), "critical"),
    ("none, and nobody said who", posture({"administrators": None}, extensions=(SOUND,)), "good"),
    ("some, and nobody said who", posture({"administrators": None}), "unknown"),
    ("a role of their own", posture(extensions=with_extension(role="Fixers")), "unknown"),
    ("no role shown", posture(extensions=with_extension(role=None)), "unknown"),
    ("not read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_administrators(of: object, wanted: str) -> None:
    assert verdict("administrators", of) == wanted
