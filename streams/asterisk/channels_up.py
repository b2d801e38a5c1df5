"""The calls that are up on an Asterisk, put together from its channels; and who is registered."""

from collections.abc import Iterable

from msgspec import Struct

from detector.audit.posture import Fact
from detector.formats.asterisk.asterisk_frames import Fields
from detector.formats.asterisk.asterisk_owners import Owners, Peer
from detector.formats.parties import NOT_DIALLED
from streams.asterisk.ami_client import AmiClient
from streams.asterisk.asterisk_action import AsteriskMeans
from streams.pbxs.discovery import CallUp
from streams.pbxs.pbx import Present, RegisteredPhone
from streams.pbxs.pbx_errors import GiveUp

UNKNOWN = frozenset({*NOT_DIALLED, "<unknown>"})


class ChannelsUp(Struct, frozen=True):
    """A call with its channels; that of who calls comes first, and to hang it up ends the call."""

    call: CallUp
    channels: tuple[str, ...]


async def calls_now(means: AsteriskMeans) -> list[ChannelsUp]:
    """All calls, those within the house included: they have called nobody outside."""
    return calls_of(await means.client.list("Status"), means.owners())


def calls_of(channels: Iterable[Fields], owners: Owners) -> list[ChannelsUp]:
    """The calls that these channels make."""
    linked: dict[str, list[Fields]] = {}
    for one in channels:
        if one.get("Event") == "Status" and one.get("Channel"):
            linked.setdefault(one.get("Linkedid") or one.get("Uniqueid", ""), []).append(one)
            if one.get("Application") == "Dial":
                owners.learn(one.get("Data", ""))
    return [_call(name, legs, owners) for name, legs in linked.items()]


def _call(name: str, legs: list[Fields], owners: Owners) -> ChannelsUp:
    ordered = sorted(legs, key=lambda leg: leg.get("Uniqueid") != name)
    peers = [_peer(leg, owners) for leg in ordered]
    extensions = tuple(dict.fromkeys(peer.name for peer in peers if peer is not None and peer.extension))
    channels = tuple(leg["Channel"] for leg in ordered)
    names = {name, *channels, *(peer.name for peer in peers if peer is not None)}
    called = tuple(
        number for leg, peer in zip(ordered, peers, strict=True)
        if leg.get("Uniqueid") != name and peer is not None and peer.outside
        for number in _numbers(leg, ordered[0])
    )  # fmt: skip
    return ChannelsUp(
        CallUp(id=name, extensions=extensions, uses=frozenset(names), called=tuple(dict.fromkeys(called))), channels
    )


def _peer(leg: Fields, owners: Owners) -> Peer | None:
    """Whose a channel is; where it is in the dialplan by now says little, unless calls from outside begin there."""
    context = leg.get("Context", "")
    told = context if context in owners.parties.trunk_contexts else ""
    return owners.caller(leg["Channel"], told, leg.get("CallerIDNum", ""))


def _numbers(leg: Fields, first: Fields) -> list[str]:
    """What a leg to the world may have called: as dialled by who began the call, and as its own channel shows it.

    Empty where neither shows a number: nobody may say that it is no emergency call.
    """
    shown = [first.get("DNID", ""), leg.get("CallerIDNum", "")]
    return list(dict.fromkeys(number for number in shown if number not in UNKNOWN)) or [""]


async def present(means: AsteriskMeans) -> Present:
    """Whose telephones are registered from where, and what calls are up."""
    return Present(await _registered(means.client), Fact(tuple(one.call for one in await calls_now(means)), "Status"))


async def _registered(client: AmiClient) -> Fact[tuple[RegisteredPhone, ...]]:
    try:
        contacts = await client.list("PJSIPShowContacts")
    except GiveUp as error:
        return Fact(None, str(error))
    phones = [RegisteredPhone(one["Endpoint"], one["ViaAddr"]) for one in contacts
              if one.get("Endpoint") and one.get("ViaAddr")]  # fmt: skip
    return Fact(tuple(phones), "PJSIPShowContacts")
