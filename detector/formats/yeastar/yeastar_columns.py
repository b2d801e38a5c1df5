"""The fields of Yeastar's call records by the names that the web portal, the APIs and other products give them."""

import re
from collections.abc import Iterable
from functools import lru_cache

Row = dict[str, object]

MAX_NAME = 64
CLOCK_TIME = re.compile(r"\s*(?:(\d{1,3}):)?(\d{1,2}):(\d\d)\s*", re.ASCII)
UNIT = re.compile(r"\([^()]*\)")
NOT_A_LETTER = re.compile(r"[\W_]+")
CALL_ID = re.compile(r"\d{10}\.\d{1,9}", re.ASCII)
"""So the portal's column `ID` names a call; the API's field of that name numbers the record."""

COLUMNS = {
    "uid": ("uid", "uniqueid"),
    "new_id": ("newid", "cdrid"),
    "call_id": ("callid", "id"),
    "time": ("time", "timestart", "starttime", "calltime"),
    "timestamp": ("timestamp",),
    "call_from": ("callfrom", "from", "caller"),
    "call_from_number": ("callfromnumber", "callernumber"),
    "call_to": ("callto", "to", "callee"),
    "call_to_number": ("calltonumber", "calleenumber"),
    "duration": ("duration", "callduration", "callduraction"),
    "talk_duration": ("talkduration", "talktime", "talkduraction"),
    "disposition": ("disposition", "status", "laststatus", "statusdisposition"),
    "src_trunk": ("srctrunk", "sourcetrunk", "srctrunkname"),
    "dst_trunk": ("dsttrunk", "destinationtrunk", "dsttrunkname", "dsttrcunkname", "desttrunkname"),
    "call_type": ("calltype", "communicationtype", "type"),
    "reason": ("reason",),
    "pin_code": ("pincode", "pin"),
    "src_addr": ("srcaddr", "sourceaddress", "sourceip", "sourceipaddress", "callerip", "calleripaddress"),
}
"""Some are misspelt in the S-Series itself."""
FIELDS = {name: field for field, names in COLUMNS.items() for name in names}
LENGTHS = frozenset({"duration", "talk_duration"})


def fields_of(pairs: Iterable[tuple[object, object]]) -> Row:
    """The known fields that say something, under the names of the P-Series' API; the first of a name counts."""
    found: Row = {}
    for name, value in pairs:
        field = field_of(str(name)[:MAX_NAME])
        if field is None or field in found or value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name in {"id", "ID"} and not CALL_ID.fullmatch(str(value)[:MAX_NAME].strip()):
            continue
        found[field] = _seconds(value) if field in LENGTHS else value
    return found


@lru_cache(maxsize=256)
def field_of(name: str) -> str | None:
    """`Call Duration(s)` as `duration`; `None` for a column nobody needs."""
    return FIELDS.get(NOT_A_LETTER.sub("", UNIT.sub("", name)).lower())


def _seconds(value: object) -> object:
    match = CLOCK_TIME.fullmatch(value) if isinstance(value, str) and len(value) <= 32 else None
    return int(match[1] or 0) * 3_600 + int(match[2]) * 60 + int(match[3]) if match else value
