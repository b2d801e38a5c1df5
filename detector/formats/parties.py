"""Who is ours: which names of channels are extensions and which are trunks, where the records do not say."""

import re
from dataclasses import dataclass
from typing import Literal

TRUNK_CONTEXTS = frozenset({
    "from-trunk", "from-pstn", "from-external", "from-did-direct", "from-sip-external", "incoming", "inbound", "public",
})  # fmt: skip
INTERNAL_NUMBER = re.compile(r"\d{2,7}", re.ASCII)
NOT_DIALLED = frozenset({"", "s", "h", "i", "t", "a", "o", "start", "~~s~~"})

ROUTE_CONTEXT = re.compile(r"(?!outbound-allroutes$)(?:outrt|outbound|route)[-_].{1,120}", re.ASCII | re.IGNORECASE)
"""Contexts that are a route's own, by their name, as FreePBX makes them; all other contexts are those of telephones."""

Side = Literal["extension", "trunk"]


def route_by(trunk: str, *contexts: str) -> str:
    """The outbound route of a call over a trunk: the first context it was dialled in that is one, else the trunk."""
    return next((context for context in contexts if ROUTE_CONTEXT.fullmatch(context)), trunk)


@dataclass(frozen=True, kw_only=True)
class Parties:
    """The names an operator gave, and the contexts in which calls from trunks begin.

    What is named in the configuration is certain; a call that begins in one of `trunk_contexts` comes in by a trunk.
    """

    trunks: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    trunk_contexts: frozenset[str] = TRUNK_CONTEXTS

    def internal(self, number: str) -> bool:
        """Whether a number is one of ours, by its name or its length."""
        return number in self.extensions or INTERNAL_NUMBER.fullmatch(number) is not None
