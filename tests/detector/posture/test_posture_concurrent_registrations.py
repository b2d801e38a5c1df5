"""C11: concurrent registrations, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict, with_extension

CASES = [
    ("one each", posture(), "good"),
    ("two", posture(extensions=with_extension(concurrent_registrations=2)), "warning"),
    (
        "two, as needed",
        posture({"concurrent_registrations": {"1005": 2}}, extensions=with_extension(concurrent_registrations=2)),
        "good",
    ),
    (
        "three where two are needed",
        posture({"concurrent_registrations": {"1005": 2}}, extensions=with_extension(concurrent_registrations=3)),
        "warning",
    ),
    ("not shown", posture(extensions=with_extension(concurrent_registrations=None)), "unknown"),
    ("not read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_concurrent_registrations(of: object, wanted: str) -> None:
    assert verdict("concurrent_registrations", of) == wanted
