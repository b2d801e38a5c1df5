"""Connects to a PBX again and again, for as long as it is watched."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from streams.pbxs.pbx_errors import GiveUp, PbxError
from streams.pbxs.trouble import say_trouble
from streams.runtime.backoff import Backoff
from streams.runtime.ingest import SourceStatus

STEADY_SECONDS = 60.0
"""A connection that held for so long was a good one: the next try comes soon."""


async def keep_connected(
    connection: Callable[[], Awaitable[None]], status: SourceStatus, backoff: Backoff, rest: float
) -> NoReturn:
    """Make connections until cancelled; each ends with a `PbxError`. A refusal is followed by `rest` seconds."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await connection()
        except GiveUp as error:
            say_trouble(status, error)
            await asyncio.sleep(rest)
        except PbxError as error:
            say_trouble(status, error)
            if loop.time() - began > STEADY_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.next())
