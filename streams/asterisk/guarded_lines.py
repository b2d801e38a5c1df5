"""Which ways out of the dialplan ask our guard, and by which names of trunk and route."""

import re

from msgspec import Struct

from streams.asterisk.ami_client import AmiClient
from streams.asterisk.dialplan_hook import dialplan

ASKS = re.compile(r"ringfence,out,1\(([^,()]{0,256}),([^,()]{1,128}),([^,()]{1,128})\)")


class GuardedLine(Struct, frozen=True):
    """A pattern in a context whose calls ask our guard, naming trunk and route."""

    context: str
    pattern: str
    trunk: str
    route: str


async def guarded_lines(client: AmiClient) -> list[GuardedLine]:
    """All such lines, in the order of the dialplan."""
    return [
        GuardedLine(one.get("Context", ""), one.get("Extension", "").removeprefix("_"), found[2], found[3])
        for one in await dialplan(client)
        if (found := ASKS.search(one.get("AppData", ""))) is not None
    ]
