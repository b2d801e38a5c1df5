"""C18: login link, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import posture, verdict

CASES = [
    ("once", posture(), "good"),
    ("again and again", posture({"login_link_once": False}), "warning"),
    ("not said", posture({"login_link_once": None}), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_login_link(of: object, wanted: str) -> None:
    assert verdict("login_link", of) == wanted
