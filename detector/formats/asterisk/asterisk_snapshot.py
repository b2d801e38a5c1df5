"""What an Asterisk shows when it is asked what is up, as the events that were missed, so that none counts twice."""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from msgspec import structs

from detector.contract.events import Registration
from detector.formats.asterisk.asterisk_frames import Fields
from detector.formats.asterisk.asterisk_owners import Owners
from detector.formats.bounded import keep
from detector.formats.format import address, clean

MAX_SHOWN = 16_384
MAX_ACCEPTED = 4_096
UP = "6"
WITHIN = "Local/"
MISSED = tuple[datetime, Fields]
"""An event that we did not hear, and when it was."""


class ChannelsShown:
    """Collects the channels of one answer."""

    def __init__(self) -> None:
        self._channels: list[Fields] = []

    def add(self, fields: Fields) -> None:
        """One of its channels."""
        if len(self._channels) < MAX_SHOWN:
            self._channels.append(fields)

    def take(self, now: datetime, known: Collection[str], outside: Collection[str]) -> list[MISSED]:
        """The events that lead to what was shown.

        `known` are legs that were up, of which some are gone; calls from trunks are in one of the contexts `outside`.
        """
        channels, self._channels = self._channels, []
        there = {one.get("Uniqueid", "")[:128] for one in channels}
        callers = {one["Uniqueid"]: one for one in channels if one.get("Uniqueid")}
        begun = [
            missed for one in channels
            if one.get("Uniqueid") != one.get("Linkedid") and not one.get("Channel", "").startswith(WITHIN)
            and (caller := callers.get(one.get("Linkedid", ""))) is not None
            for missed in _leg(caller, one, now, outside)
        ]  # fmt: skip
        ended = [(now, {"Event": "Hangup", "Uniqueid": key}) for key in known if key not in there]
        return [*begun, *ended]


def _leg(caller: Fields, leg: Fields, now: datetime, outside: Collection[str]) -> Iterator[MISSED]:
    at, context = _begun(leg, now), caller.get("Context", "")
    # where a call of ours has got to in the dialplan says nothing of where it began
    began = context if context in outside else ""
    both = {"Linkedid": caller["Uniqueid"], "Uniqueid": caller["Uniqueid"], "Channel": caller.get("Channel", "")}
    both["CallerIDNum"] = caller.get("CallerIDNum", "")
    yield at, {"Event": "Newchannel", "Exten": caller.get("DNID", ""), "Context": began, **both}
    dials = caller.get("Application") == "Dial"
    sent = caller.get("Data", "").partition(",")[0].partition("/")[2] if dials else ""
    yield at, {
        "Event": "DialBegin", "DestUniqueid": leg.get("Uniqueid", ""), "DestChannel": leg.get("Channel", ""),
        "DialString": sent, "Context": context, **both,
    }  # fmt: skip
    if leg.get("ChannelState") == UP:
        yield at, {"Event": "DialEnd", "DestUniqueid": leg.get("Uniqueid", ""), "DialStatus": "ANSWER"}


def _begun(leg: Fields, now: datetime) -> datetime:
    """No call is up for a month; what says so does not know."""
    seconds = leg.get("Seconds", "")
    return now - timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 7 else now


class Contacts:
    """Tells who is registered: by the dialogue that was accepted, if we heard it, else as one that was missed."""

    def __init__(self, pbx: str, source: str) -> None:
        self._pbx = pbx
        self._source = source
        self._accepted: OrderedDict[str, Registration] = OrderedDict()

    def learn(self, session: str, event: Registration) -> None:
        """A dialogue of chan_pjsip that was accepted: the list of contacts names it, with the program that it was."""
        keep(self._accepted, session, event, MAX_ACCEPTED)

    def read(self, fields: Fields, at: datetime, owners: Owners) -> Registration | None:
        """One contact; the same again changes nothing."""
        name, where = clean(fields.get("Endpoint", "")), address(fields.get("ViaAddr", ""))
        program, session = clean(fields.get("UserAgent", "")), fields.get("CallId", "")
        if name is None or where is None:
            return None
        known = self._accepted.get(session)
        if known is not None and known.account == name:
            return structs.replace(known, revision=1, user_agent=program) if program else None
        return Registration(  # a revision, for of a registration itself no program is told
            pbx=self._pbx, revision=1, id=f"contact:{fields.get('ObjectName', '')[:256]}:{session[:256]}", at=at,
            source=self._source, outcome="accepted", account=name, party=owners.side(name), source_ip=where,
            user_agent=program,
        )  # fmt: skip
