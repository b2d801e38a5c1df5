"""What stands in AstDB: who wants something stopped, and until when, so that it ends by itself without us."""

import re
from collections.abc import Mapping
from datetime import datetime

from streams.asterisk.ami_client import AmiClient
from streams.pbxs.pbx_errors import GiveUp, NotFound

NAME = re.compile(r"[\w.+*#@-]{1,80}", re.ASCII)
VALUE = re.compile(r"\d{1,12}\|(\w{1,32}=\d{1,12}(?:,\w{1,32}=\d{1,12}){0,19})", re.ASCII)
"""UNTIL|DECISION=UNTIL,...: the dialplan reads the first, the end of the last one that ends."""

Holders = Mapping[str, int]
"""Who wants it, each until when in seconds since 1970."""


def read_value(value: str) -> dict[str, int] | None:
    """Who holds it; None for a value that is not ours."""
    found = VALUE.fullmatch(value)
    if found is None:
        return None
    return {name: int(until) for name, _, until in (one.partition("=") for one in found[1].split(","))}


def write_value(holders: Holders) -> str:
    """The value that these holders make."""
    return f"{max(holders.values())}|{','.join(f'{name}={until}' for name, until in holders.items())}"


def epoch(until: datetime) -> int:
    """An end in seconds since 1970."""
    return int(until.timestamp())


def sound_name(name: str) -> str:
    """A name as it can stand in a key; raises `GiveUp` for one that the dialplan would read otherwise."""
    if NAME.fullmatch(name) is None:
        raise GiveUp("this name cannot stand in AstDB")
    return name


class AstDb:
    """Families and keys of one PBX's own database."""

    def __init__(self, client: AmiClient) -> None:
        self._client = client

    async def get(self, family: str, key: str) -> str | None:
        """The value, None if there is none."""
        found = await self._client.list("DBGet", Family=family, Key=key)
        return next((one["Val"] for one in found if "Val" in one), None)

    async def put(self, family: str, key: str, value: str) -> None:
        """Write it."""
        await self._client.change("DBPut", Family=family, Key=key, Val=value)

    async def delete(self, family: str, key: str) -> None:
        """Remove it; what is not there is no error."""
        try:
            await self._client.change("DBDel", Family=family, Key=key)
        except NotFound:
            return

    async def tree(self, family: str) -> dict[str, str]:
        """All below a family, by `/FAMILY/KEY`."""
        found = await self._client.list("DBGetTree", Family=family)
        return {one["Key"]: one.get("Val", "") for one in found if "Key" in one}
