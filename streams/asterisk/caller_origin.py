"""From which address a call really comes, and by what program: no event of a call says so, but its channel knows."""

import re

from msgspec.structs import replace

from detector.contract.events import Call
from detector.formats.format import clean, endpoint
from streams.asterisk.ami_client import AmiClient
from streams.pbxs.pbx_errors import GiveUp, PbxError
from streams.runtime.clock import CLOCK
from streams.runtime.ingest import Reading

CHANNEL = re.compile(r"(PJSIP|SIP)/[\w.+@-]{1,128}", re.ASCII)
ADDRESS = {"PJSIP": "CHANNEL(pjsip,remote_addr)", "SIP": "CHANNEL(recvip)"}
PROGRAM = {"PJSIP": "PJSIP_HEADER(read,User-Agent)", "SIP": "CHANNEL(useragent)"}
REST_SECONDS = 30.0
"""How long nobody is asked after the PBX did not answer."""


class CallerOrigin:
    """Asks for each call of ours as it begins, while its channel is there; what is not told is left as it is."""

    def __init__(self, client: AmiClient) -> None:
        self._client = client
        self._ask_from = 0.0

    async def added(self, found: Reading) -> Reading:
        """The event with address and program where it is a call that begins with one of our telephones."""
        if not isinstance(found, Call) or found.phase != "started" or found.direction not in ("outbound", "internal"):
            return found
        channel = CHANNEL.fullmatch(found.channel or "")
        if channel is None or CLOCK.now() < self._ask_from:
            return found
        try:
            where = await self._variable(channel[0], ADDRESS[channel[1]])
            program = await self._variable(channel[0], PROGRAM[channel[1]])
        except GiveUp:
            return found
        except PbxError:
            self._ask_from = CLOCK.now() + REST_SECONDS
            return found
        known = endpoint(where)
        return replace(
            found, source_ip=known[0] if known is not None else found.source_ip,
            user_agent=clean(program) or found.user_agent,
        )  # fmt: skip

    async def _variable(self, channel: str, name: str) -> str:
        return (await self._client.ask("Getvar", Channel=channel, Variable=name)).get("Value", "")
