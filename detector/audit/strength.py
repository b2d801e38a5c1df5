"""What is wrong with a registration password, without keeping it (C10)."""

import itertools

SHORTEST = 10
LONGEST_RUN = 4
COMMON = frozenset({"password", "passw0rd", "admin", "asterisk", "yeastar", "welcome", "letmein", "qwerty", "changeme"})


def flaws(secret: str, number: str, names: str = "") -> tuple[str, ...]:
    """The rules of the guide that `secret` breaks, given the extension's number and the user's names."""
    lower = secret.lower()
    words = [word for word in names.lower().split() if len(word) > 2]
    found = {
        f"shorter than {SHORTEST} characters": len(secret) < SHORTEST,
        "not upper case, lower case and digits": not mixed(secret),
        "holds the extension number": len(number) > 1 and number in secret,
        "holds the user's name": any(word in lower for word in words),
        f"{LONGEST_RUN} equal or consecutive characters": any(run(secret, step) for step in (0, 1, -1)),
        "a common word": any(word in lower for word in COMMON),
    }
    return tuple(flaw for flaw, broken in found.items() if broken)


def mixed(secret: str) -> bool:
    """Whether upper case, lower case and digits are all there."""
    return all(any(map(kind, secret)) for kind in (str.isupper, str.islower, str.isdigit))


def run(secret: str, step: int) -> bool:
    """Whether four letters or digits in a row each differ by `step` from the one before."""
    length = 1
    for one, two in itertools.pairwise(secret):
        same = ord(two) - ord(one) == step and one.isalnum() and two.isalnum()
        length = length + 1 if same else 1
        if length >= LONGEST_RUN:
            return True
    return False
