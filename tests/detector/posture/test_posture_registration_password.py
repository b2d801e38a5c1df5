"""C10: registration password, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import SOUND, UNSEEN, posture, verdict, with_extension

CASES = [
    ("all strong", posture(), "good"),
    ("one weak", posture(extensions=with_extension(password_flaws=("short",))), "critical"),
    ("one not shown", posture(extensions=with_extension(password_flaws=None)), "unknown"),
    (
        "one weak, others not shown",
        posture(extensions=(*with_extension(password_flaws=("short",)), SOUND), passwords=UNSEEN),
        "critical",
    ),
    ("none could be read", posture(passwords=UNSEEN), "unknown"),
    ("no extensions read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_password(of: object, wanted: str) -> None:
    assert verdict("registration_password", of) == wanted
