"""C13: registration addresses, good, weak and unknown."""

import pytest

from tests.detector.posture.postures import UNSEEN, posture, verdict, with_extension

CASES = [
    ("limited where remote", posture(), "good"),
    ("not limited, remote", posture(extensions=with_extension(remote=True)), "warning"),
    ("not limited, not remote", posture(extensions=with_extension(remote=False)), "good"),
    ("not shown, remote", posture(extensions=with_extension(remote=True, addresses_limited=None)), "unknown"),
    ("not limited, and remote not shown", posture(extensions=with_extension(remote=None)), "unknown"),
    ("not read", posture(extensions=UNSEEN), "unknown"),
]


@pytest.mark.parametrize(("of", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_registration_addresses(of: object, wanted: str) -> None:
    assert verdict("registration_addresses", of) == wanted
