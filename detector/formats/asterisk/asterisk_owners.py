"""Whose a channel is: told by the configuration, by what the dialplan dials, by contexts; else guessed."""

import re
from collections import OrderedDict

from msgspec import Struct

from detector.formats.format import address
from detector.formats.parties import Parties, Side

CHANNEL = re.compile(
    r"(?P<technology>\w{1,32})/(?P<name>.{1,256}?)(?:-[0-9a-f]{1,16}(?:;[12])?)?", re.ASCII | re.DOTALL
)
BY_NAME = frozenset({"SIP", "PJSIP", "IAX2", "SCCP", "Skinny"})
"""Technologies whose channels bear the name of an account; those of others (DAHDI, mISDN, ...) name a line."""
NOBODY = frozenset({"anonymous", "asterisk", "unknown", "guest"})
"""Names under which guests come: never an extension."""
DIALLED = re.compile(
    r"(?P<technology>\w{1,32})/(?P<first>[^/@,&]{1,128})(?P<mark>[/@]?)(?P<rest>[^,&]{0,256})", re.ASCII
)
NUMBER = re.compile(r"\+?[\d*#]{3,64}", re.ASCII)
INSIDE = re.compile(r"internal|^(?:phones|users|local|extensions|from-inside|sip-phones)$", re.ASCII | re.IGNORECASE)
"""Contexts in which, by their name, the PBX's own telephones begin."""
MAX_REMEMBERED = 4_096
GUESS = "{name!r} is taken for an {side}: name it under `extensions` or `trunks` of the PBX to end the guess"


class Peer(Struct, frozen=True):
    """The other end of a channel: `side` is `extension`, `trunk`, `guest`, or `local` for one within the PBX.

    `line`: it is named after a line, so the name is no extension's.
    """

    name: str
    side: str
    line: bool = False

    @property
    def extension(self) -> str | None:
        """Its name, if it is one of ours."""
        return self.name if self.side == "extension" and not self.line else None

    @property
    def trunk(self) -> str | None:
        """Its name, if calls leave or come by it."""
        return self.name if self.side == "trunk" else None

    @property
    def outside(self) -> bool:
        """Whether whoever holds it is not one of ours."""
        return self.side in {"trunk", "guest"}


class Owners:
    """Tells trunks from extensions; remembers whom the dialplan rang and through whom it called a number.

    `guessed` holds names that nothing tells of, with the side their shape suggests: the configuration ends the guess.
    """

    def __init__(self, parties: Parties) -> None:
        self.parties = parties
        self.guessed: OrderedDict[str, Side] = OrderedDict()
        self._told: OrderedDict[str, Side] = OrderedDict()

    def learn(self, data: str) -> None:
        """Take the argument of `Dial`: `SIP/carrier/0123` and `PJSIP/0123@carrier` call through a trunk."""
        for part in data[:2_048].split(",", 1)[0].split("&")[:64]:
            match = DIALLED.match(part)
            if match is None or match["technology"] not in BY_NAME:
                continue
            first, mark, rest = match["first"], match["mark"], match["rest"]
            if mark == "@" and NUMBER.fullmatch(first) and first != rest:
                self._remember(rest.partition("/")[0], "trunk")
            elif mark == "/" and NUMBER.fullmatch(rest):
                self._remember(first, "trunk")
            elif not mark or rest.startswith(("sip:", "sips:")):
                self._remember(first, "extension")

    def peer(self, channel: str, context: str = "") -> Peer | None:
        """Who is at the end of `SIP/1001-00000012`; None if there is no channel. `context` is of the calling side."""
        match = CHANNEL.fullmatch(channel)
        if match is None:
            return None
        technology, name = match["technology"], match["name"]
        whole = channel.partition("/")[2]
        if technology == "Local":
            return Peer(name=name.partition("@")[0], side="local")
        if technology not in BY_NAME:
            line = f"{technology}/{name}"
            return Peer(name=line, side=self.side(line, context), line=True)
        if whole != name and (self._configured(whole) or whole in self._told):
            name = whole
        if name.lower() in NOBODY or address(name) is not None:
            return Peer(name=name, side="guest")
        return Peer(name=name, side=self.side(name, context))

    def side(self, name: str, context: str = "") -> Side:
        """Trunk or extension."""
        configured = self._configured(name)
        if configured is not None:
            return configured
        if context in self.parties.trunk_contexts:
            return "trunk"
        if name in self._told:
            return self._told[name]
        if INSIDE.search(context):
            return "extension"
        guess: Side = "extension" if self.parties.internal(name) else "trunk"
        if name not in self.guessed and len(self.guessed) < MAX_REMEMBERED:
            self.guessed[name] = guess
        return guess

    def _configured(self, name: str) -> Side | None:
        if name in self.parties.trunks:
            return "trunk"
        return "extension" if name in self.parties.extensions else None

    def _remember(self, name: str, side: Side) -> None:
        self._told[name] = side
        self._told.move_to_end(name)
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)
