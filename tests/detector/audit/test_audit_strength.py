"""Which registration passwords are weak, and why."""

import pytest

from detector.audit.strength import flaws

CASES = [
    ("random", "Kq7vXb2mRw", []),
    ("one shorter", "Kq7vXb2mR", ["shorter"]),
    ("no digit", "KqAvXbCmRw", ["not upper"]),
    ("no capital", "kq7vxb2mrw", ["not upper"]),
    ("no small letter", "KQ7VXB2MRW", ["not upper"]),
    ("holds the number", "Kq1007vXbRw", ["extension number"]),
    ("holds the name, in other letters", "xGRACEx7vXb2", ["user's name"]),
    ("a short part of a name is not one", "Kq7liXb2mRw", []),
    ("four equal", "Kq7vXb2aaaaR", ["equal or consecutive"]),
    ("three equal", "Kq7vXb2aaaR", []),
    ("four upwards", "Kq7vXb3456R", ["equal or consecutive"]),
    ("four downwards", "Kq7vXbdcbaR", ["equal or consecutive"]),
    ("three upwards", "Kq7vXb345R", []),
    ("signs in a row are no run", "Kq7vXb2R()*+", []),
    ("a common word", "Passw0rdKq7v", ["common"]),
    ("empty", "", ["shorter", "not upper"]),
]


@pytest.mark.parametrize(("secret", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_strength(secret: str, wanted: list[str]) -> None:
    found = flaws(secret, "1007", "Grace Li")
    assert len(found) == len(wanted)
    assert all(part in flaw for part, flaw in zip(wanted, found, strict=True))
    assert not secret or all(secret not in flaw for flaw in found)
