"""Whose a channel is: told by the configuration, by contexts, by what the dialplan dials; else guessed."""

import re
from collections import OrderedDict

from msgspec import Struct

from detector.formats.bounded import keep
from detector.formats.format import address
from detector.formats.parties import Parties, Side

CHANNEL = re.compile(
    r"(?:(?:AsyncGoto|Parked|Bridge|Transfered)/)?(?P<technology>\w{1,32})/"
    r"(?P<name>.{1,256}?)(?:-[0-9a-f]{1,16}(?:;[12])?)?(?:<(?:ZOMBIE|MASQ)>)?",
    re.ASCII | re.DOTALL,
)
"""Before and behind the name stands what Asterisk is doing to a channel."""
USUAL = re.compile(r"(\w{1,32})/([^/<;]{1,256})-[0-9a-f]{1,16}", re.ASCII)
"""As most channels are called: `CHANNEL` in short."""
WITHIN = frozenset({
    "Local", "Announcer", "AudioSocket", "Bridge", "CBAnn", "ConfBridgeRecorder", "Message", "MulticastRTP", "Recorder",
    "Snoop", "Surrogate", "UnicastRTP", "WebSocket",
})  # fmt: skip
"""Technologies whose channels lead nowhere outside the PBX."""
BY_NAME = frozenset({"SIP", "PJSIP", "IAX2", "SCCP", "Skinny"})
"""Technologies whose channels bear the name of an account; those of others (DAHDI, mISDN, ...) name a line."""
NOBODY = frozenset({"anonymous", "asterisk", "unknown", "guest"})
"""Names under which guests come: never an extension."""
DIALLED = re.compile(
    r"(?P<technology>\w{1,32})/(?P<first>[^/@,&]{1,128})(?P<mark>[/@]?)(?P<rest>[^,&]{0,256})", re.ASCII
)
NUMBER = re.compile(r"\+?[\d*#]{3,64}", re.ASCII)
URI = re.compile(r"sips?:(?P<user>[^@;]{1,128})@", re.ASCII)
LONG = 7
INSIDE = re.compile(
    r"internal|^(?:from-|sip-)?(?:phones?|users?|local(?:sets)?|extensions?|inside|handsets?)$"
    r"|^(?:outgoing|outbound|dialout)$",
    re.ASCII | re.IGNORECASE,
)
"""Contexts in which, by their name, the PBX's own telephones begin."""
OUTSIDE = re.compile(
    r"^(?!(?:(?:macro|sub)[-_])?(?:out|outbound|outgoing|outrt|dial|dialout|to|via)[-_])(?:.{0,80}[-_])?"
    r"(?:trunks?|pstn|external|incoming|inbound|did|provider|carrier|gsm|isdn|outside|world)(?:$|[-_])"
    r"|^from-(?:analog|dahdi|digital|zaptel)$",
    re.ASCII | re.IGNORECASE,
)
"""Contexts in which, by their name, calls from outside begin; not those by which calls go there."""
SENT_TO = re.compile(r"ext-(?:group|local|queues)|ivr-\d{1,6}|timeconditions", re.ASCII)
"""FreePBX's contexts to which calls are sent: mostly such as came in."""
GUESTS = frozenset({"from-sip-external"})
"""FreePBX's context for whoever has no account: the channel is named after what the caller wrote."""
MAX_REMEMBERED = 4_096
GUESS = "{name!r} is taken for an {side}: name it under `extensions` or `trunks` of the PBX to end the guess"


class Peer(Struct, frozen=True, gc=False):
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
        self._lines: dict[str, Side] = {}

    def learn(self, data: str) -> None:
        """Take the argument of `Dial`: `SIP/carrier/0123` and `PJSIP/0123@carrier` call through a trunk."""
        self._lines = {}
        for part in data[:2_048].split(",", 1)[0].split("&")[:64]:
            match = DIALLED.match(part)
            if match is not None and match["technology"] in BY_NAME:
                self._learn_name(match["first"], match["mark"], match["rest"])
            elif match is not None:  # whom a line reaches only this call tells: a phone, or with a number the world
                self._lines[match["technology"]] = "trunk" if NUMBER.fullmatch(match["rest"]) else "extension"

    def caller(self, channel: str, context: str, number: str = "") -> Peer | None:
        """Who calls by `SIP/1001-00000012` in `context`, calling itself `number`; None if there is no channel."""
        found = self._of(channel)
        if found is None or found.side == "local":
            return found
        if found.line:
            return Peer(name=found.name, side=self._side(found.name, context, number), line=True)
        named = self._configured(found.name)
        if named is None and (found.side == "guest" or (context in GUESTS and self._told.get(found.name) != "trunk")):
            return Peer(name=found.name, side="guest")
        return Peer(name=found.name, side=named or self._side(found.name, context, number))

    def called(self, channel: str, application: str = "Dial") -> Peer | None:
        """Who is called; a queue rings the PBX's own telephones."""
        found = self._of(channel)
        if found is None or found.side == "local":
            return found
        if found.line:
            told = self._configured(found.name) or self._lines.get(channel.partition("/")[0])
            return Peer(name=found.name, side=told or self.side(found.name), line=True)
        if application == "Queue" and self._configured(found.name) is None and found.name not in self._told:
            return Peer(name=found.name, side="extension")
        if found.side == "guest":  # by its address: a carrier that is dialled without a name
            return Peer(name=found.name, side="trunk" if self._told.get(found.name) == "trunk" else "guest")
        return Peer(name=found.name, side=self.side(found.name))

    def from_outside(self, name: str, context: str) -> bool:
        """Whether somebody of this name, whose call began in `context`, is a trunk by more than its shape."""
        named = self._configured(name)
        if named is not None or INSIDE.search(context):
            return named == "trunk"
        return context in self.parties.trunk_contexts or OUTSIDE.search(context) is not None

    def side(self, name: str) -> Side:
        """Trunk or extension, of a name by itself."""
        return self._configured(name) or self._told.get(name) or self._guess(name, "")

    def _of(self, channel: str) -> Peer | None:
        match = USUAL.fullmatch(channel) or CHANNEL.fullmatch(channel)
        if match is None:
            return None
        (technology, name), whole = match.groups(), channel.partition("/")[2]
        if technology in WITHIN:
            return Peer(name=name.partition("@")[0], side="local")
        if technology not in BY_NAME:
            return Peer(name=f"{technology}/{name.partition('/')[0]}", side="", line=True)
        if whole != name and (self._configured(whole) or whole in self._told):
            name = whole
        return Peer(name=name, side="guest" if name.lower() in NOBODY or address(name) is not None else "")

    def _side(self, name: str, context: str, number: str) -> Side:
        configured = self._configured(name)
        if configured is not None:
            return configured
        if context in self.parties.trunk_contexts:
            return "trunk"
        if name in self._told:
            return self._told[name]
        if INSIDE.search(context):
            return "extension"
        if OUTSIDE.search(context) or (SENT_TO.fullmatch(context) and not self._fits(name, number)):
            return "trunk"
        return self._guess(name, number)

    def _guess(self, name: str, number: str) -> Side:
        """By the shape of its name, or because it calls itself by its name or by a number as phones have."""
        ours = self.parties.internal(name) or (bool(number) and (number == name or self.parties.internal(number)))
        guess: Side = "extension" if ours else "trunk"
        if name not in self.guessed and len(self.guessed) < MAX_REMEMBERED:
            self.guessed[name] = guess
        return guess

    def _fits(self, name: str, number: str) -> bool:
        """Whether a name of a telephone calls itself as telephones do, or hides what it calls itself."""
        return number == name or (self.parties.internal(name) and (not number or self.parties.internal(number)))

    def _configured(self, name: str) -> Side | None:
        if name in self.parties.trunks:
            return "trunk"
        return "extension" if name in self.parties.extensions else None

    def _learn_name(self, first: str, mark: str, rest: str) -> None:
        uri = URI.match(rest) if mark else None
        if mark == "@" and NUMBER.fullmatch(first) and first != rest:
            self._remember(rest.partition("/")[0], "trunk")
        elif mark == "/" and (NUMBER.fullmatch(rest) or (uri and self._foreign(uri["user"], first))):
            self._remember(first, "trunk")
        elif not mark or uri:
            self._remember(first, "extension")

    def _foreign(self, user: str, name: str) -> bool:
        """Whether an account is sent a number of the world.

        The address of a telephone names the telephone, or is made up: then it does not begin as numbers abroad do.
        """
        if user == name or len(user) <= LONG or not NUMBER.fullmatch(user):
            return False
        return not self.parties.internal(name) or user[0] in "+0"

    def _remember(self, name: str, side: Side) -> None:
        keep(self._told, name, side, MAX_REMEMBERED)


def way_out(called: Peer | None, data: str) -> str:
    """What `Dial` calls through, by its argument: a trunk, or of lines the group it picks one of; `""` if no trunk."""
    if called is None or called.side != "trunk":
        return ""
    if called.line:
        technology = called.name.partition("/")[0]
        for part in data[:2_048].split(",", 1)[0].split("&")[:64]:
            match = DIALLED.match(part)
            if match is not None and match["technology"] == technology and match["mark"] == "/":
                return f"{technology}/{match['first']}"
    return called.name
