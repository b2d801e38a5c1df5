"""Number patterns as the PBX writes them: X, Z, N, sets such as [1-5], `.` and `!` at the end (C26)."""

import re
from typing import Annotated

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator

from detector.settings.values import as_text, refusal

LONGEST = 64
CLASSES = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
REST = {".": 1, "!": 0}
"""How many more digits there must be at least."""
PLACE = re.compile(r"\[([0-9*#-]{1,24})\]|([0-9*#+XZNxzn])", re.ASCII)
RANGE = re.compile(r"(\d)-(\d)|([0-9*#])", re.ASCII)
ALLOWED = "digits, *, #, +, X (0-9), Z (1-9), N (2-9), sets such as [13-5], and at the end . (one or more) or ! (any)"


class Pattern(Struct, frozen=True):
    """What may stand at each place, and how many more digits may follow: none, or at least `rest`."""

    places: tuple[frozenset[str], ...]
    rest: int | None
    text: str

    def matches(self, number: str) -> bool:
        """Whether the whole of `number` fits; one look at each place."""
        more = len(number) - len(self.places)
        if more != 0 if self.rest is None else more < self.rest:
            return False
        return all(character in place for character, place in zip(number, self.places, strict=False))


def parse(text: str) -> Pattern:
    """Compile a pattern. Raises ValueError saying what is allowed."""
    if not 1 <= len(text) <= LONGEST:
        raise refusal("not a pattern", f"1 to {LONGEST} characters: {ALLOWED}")
    rest = REST.get(text[-1])
    body = text if rest is None else text[:-1]
    places, end = [], 0
    while end < len(body):
        found = PLACE.match(body, end)
        if found is None:
            raise refusal(f"not a pattern: {text[:32]!r}", ALLOWED)
        places.append(members(found[1], text) if found[1] else one(found[2]))
        end = found.end()
    return Pattern(tuple(places), rest, text)


def one(character: str) -> frozenset[str]:
    """What a single character stands for."""
    return frozenset(CLASSES.get(character.upper(), character))


def members(inside: str, text: str) -> frozenset[str]:
    """The characters of a set."""
    found, end = set[str](), 0
    while end < len(inside):
        part = RANGE.match(inside, end)
        if part is None or (part[1] and part[1] > part[2]):
            raise refusal(f"not a set of digits in {text[:32]!r}", "sets such as [13-5]")
        found |= {part[3]} if part[3] else {str(digit) for digit in range(int(part[1]), int(part[2]) + 1)}
        end = part.end()
    return frozenset(found)


def checked(text: str) -> str:
    """The text, if it is a pattern."""
    parse(text)
    return text


PatternText = Annotated[str, BeforeValidator(as_text), AfterValidator(checked)]
