"""Names of FreeSWITCH's channels, and what its dialplan dials: who is meant, and by which line."""

import re
from collections.abc import Iterator

from msgspec import Struct

from detector.formats.parties import Parties

GATEWAY = re.compile(
    r"sofia/gateway/(?:[^/,|]{1,64}::)?(?P<line>[^/,|\]]{1,128})/(?P<to>\+?[\d*#]{1,64})?", re.ASCII | re.DOTALL
)
PROFILE = re.compile(
    r"sofia/(?P<line>[A-Za-z][\w.-]{0,63})/(?:sips?:)?(?P<to>\+?[\d*#]{3,64})@[\w.:\[\]-]{1,255}", re.ASCII
)
"""A carrier that is called without a gateway, by a profile of its own."""
SPAN = re.compile(r"(?P<line>(?:freetdm|openzap)/[\w.-]{1,64})/[\w.-]{1,16}/(?P<to>\+?[\d*#]{1,64})?", re.ASCII)
LOOPBACK = re.compile(r"loopback/(?P<to>\+?[\d*#]{1,64})(?=[/,|\]]|\Z)", re.ASCII)
LOOPED = re.compile(r"loopback/(?P<to>.{1,256})-[ab]", re.DOTALL)
"""Either half of a call that the PBX makes to itself; the dialplan routes the one that ends in `-b`."""
CALLER = re.compile(
    r"(?:sofia/(?P<profile>[^/]{1,64})|verto\.rtc)/(?:sips?:)?(?P<user>[^@]{1,256})(?:@.{1,255})?", re.DOTALL
)
DIALLED = re.compile(r"sofia/(?P<line>[^/]{1,64})/(?P<to>\+?[\d*#]{3,64})", re.ASCII)
"""A channel to a gateway is named by the number alone; whoever calls has a host."""
INTERNAL, EXTERNAL = "internal", "external"
TAIL = 6
MAX_LINES = 8
MAX_NAME = 256


class LineCalled(Struct, frozen=True):
    """A number that is sent to a line; `to` is None where only the PBX knows it."""

    trunk: str
    to: str | None


def lines_of(dial: str, parties: Parties) -> list[LineCalled]:
    """The lines that a dial string calls, one for each number; those of one number that are tried in turn are one."""
    found: dict[str, LineCalled] = {}
    for dialled in _lines(dial, parties):
        found.setdefault((dialled.to or "")[-TAIL:], dialled)
    return list(found.values())[:MAX_LINES]


def _lines(dial: str, parties: Parties) -> Iterator[LineCalled]:
    for pattern in (GATEWAY, SPAN):
        for match in pattern.finditer(dial):
            yield LineCalled(match["line"].strip()[:MAX_NAME], match["to"])
    for match in PROFILE.finditer(dial):
        if not match["line"].startswith(INTERNAL) and not parties.internal(match["to"]):
            yield LineCalled(match["line"], match["to"])


def line_in(channel: str, parties: Parties) -> LineCalled | None:
    """What a channel calls outside, as its name says."""
    match = DIALLED.fullmatch(channel)
    if match is None or match["line"].startswith(INTERNAL) or parties.internal(match["to"]):
        return None
    return LineCalled(match["line"], match["to"])


def caller_of(channel: str) -> str:
    """The account a channel is named after."""
    match = CALLER.fullmatch(channel)
    return match["user"] if match is not None else ""


def profile_of(channel: str) -> str:
    """The profile by which a call came."""
    match = CALLER.fullmatch(channel)
    return (match["profile"] or "") if match is not None else ""


def comes_from_outside(channel: str, context: str, parties: Parties) -> bool:
    """Whether who calls is none of ours: by the context, or by a profile for carriers and a name none of us has."""
    if context in parties.trunk_contexts or DIALLED.fullmatch(channel):
        return True
    return profile_of(channel).startswith(EXTERNAL) and not parties.internal(caller_of(channel))


def same_number(one: str | None, other: str | None) -> bool:
    """Whether one is the other with something before it, such as an access digit."""
    if not one or not other:
        return True
    tail = min(len(one), len(other), TAIL)
    return one[-tail:] == other[-tail:]
