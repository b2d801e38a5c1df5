"""Rings a person by the PBX and looks how it goes: the call is over when this returns."""

import asyncio
from collections.abc import Sequence

from streams.pbxs.pbx_errors import GiveUp, NotFound, NotSupported, TryAgain
from streams.yeastar.answers import ActiveCall
from streams.yeastar.client import YeastarClient

LOOK_SECONDS = 0.5
LONGEST_SECONDS = 100.0
TALKING = "ANSWER"
"""What a P-Series says of who was called, once they have answered; of who calls it says `ANSWERED`."""


async def ring(client: YeastarClient, number: str, extension: str, prompts: Sequence[str]) -> bool:
    """Whether `number` answered. An unanswered call, and one with a prompt, does not outlast `LONGEST_SECONDS`."""
    call_id, played = await place(client, number, extension, prompts)
    loop = asyncio.get_running_loop()
    until, answered, call = loop.time() + LONGEST_SECONDS, False, None
    while loop.time() < until:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            call = await client.call(call_id) if call_id is not None else None
        except TryAgain:
            continue
        except GiveUp:  # it may be up, and nobody tells
            await asyncio.sleep(until - loop.time())
            return True
        if call is None:
            return answered
        answered = answered or TALKING in states_of(call)
    if call is not None and (played or not answered):
        await hang_up(client, call)
    return answered


async def place(client: YeastarClient, number: str, extension: str, prompts: Sequence[str]) -> tuple[str | None, bool]:
    """By `call/play_prompt` where the firmware has it, else by `call/dial`: the call, and whether it plays a prompt."""
    if prompts:
        try:
            return await client.play_prompt(number, prompts, dial_permission=extension), True
        except NotSupported:
            pass
    return await client.dial(extension, number), False


async def hang_up(client: YeastarClient, call: ActiveCall) -> None:
    """End it; one that is over already is no matter."""
    sides = [side for one in call.members for side in (one.extension, one.outbound, one.inbound) if side is not None]
    channel = next((side.channel_id for side in sides if side.channel_id), None)
    if channel is not None:
        try:
            await client.hang_up(channel)
        except NotFound:
            return


def states_of(call: ActiveCall) -> list[str | None]:
    """How each side of a call is doing."""
    sides = [side for one in call.members for side in (one.extension, one.outbound, one.inbound) if side is not None]
    return [side.member_status for side in sides]
