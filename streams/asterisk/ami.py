"""One connection to Asterisk's manager interface: lines in, actions out, bounded in time and size."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

from msgspec import Struct

from detector.contract.codec import Rejected
from detector.formats.asterisk.asterisk_frames import Fields, Frames
from streams.asterisk.manager_login import ManagerLogin
from streams.pbxs.pbx_errors import (
    AccessDenied,
    BadCredentials,
    BadParameter,
    NotFound,
    NotSupported,
    PbxError,
    Refused,
    Unreachable,
)

PORTS = {"ami": 5038, "amis": 5039}
LONGEST_LINE = 64 * 1024
LONGEST_LIST = 50_000
LONGEST_VALUE = 900
"""Asterisk takes lines of about 1,020 bytes."""
ERRORS: tuple[tuple[re.Pattern[str], type[PbxError]], ...] = (
    (re.compile("authentication failed"), BadCredentials),
    (re.compile("permission denied"), AccessDenied),
    (re.compile("invalid/unknown"), NotSupported),
    (re.compile("no such|not found|did not find|could not be deleted|unable to find|no .{1,40} found"), NotFound),
)
"""What a refusal means, by words in its message."""


class ManagerPlace(Struct, frozen=True):
    """Where a manager interface listens; `tls` None is none, which is for this machine or a network of our own."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Ami:
    """An open connection that has logged in. Raises `PbxError` only; after `Unreachable` it is of no more use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, within: float) -> None:
        self._reader = reader
        self._writer = writer
        self._within = within
        self._frames = Frames()
        self._numbers = count(1)

    async def line(self) -> bytes:
        """The next line as it came, however long that takes."""
        problem = "the PBX has closed the connection"
        try:
            if line := await self._reader.readline():
                return line
        except (OSError, ValueError) as error:
            problem = type(error).__name__ if isinstance(error, OSError) else "a line that has no end"
        raise Unreachable(f"manager interface: {problem}")

    async def send(self, action: str, **fields: str | int) -> str:
        """Send an action without waiting; the name its answers bear."""
        name = f"ringfence-{next(self._numbers)}"
        given = {"Action": action, "ActionID": name, **fields}
        lines = [f"{key}: {sound(str(value), key)}" for key, value in given.items()]
        try:
            self._writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
            await self._writer.drain()
        except OSError as error:
            raise Unreachable(f"{action}: {type(error).__name__}") from None
        return name

    async def ask(self, action: str, **fields: str | int) -> Fields:
        """The answer to an action, if that is not an error."""
        async with patience(self._within, action):
            return await self._answer(action, await self.send(action, **fields))

    async def list(self, action: str, **fields: str | int) -> list[Fields]:
        """The items of an answer that is a list."""
        async with patience(self._within, action):
            name = await self.send(action, **fields)
            if (await self._answer(action, name)).get("EventList", "").lower() != "start":
                return []
            found: list[Fields] = []
            while (frame := await self._frame_of(name)).get("EventList", "").lower() not in ("complete", "cancelled"):
                found.append(frame)
                if len(found) > LONGEST_LIST:
                    raise Unreachable(f"{action}: a list of more than {LONGEST_LIST} items")
            return found

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()

    async def _answer(self, action: str, name: str) -> Fields:
        answer = await self._frame_of(name)
        while "Response" not in answer:
            answer = await self._frame_of(name)
        if answer["Response"] == "Error":
            raise refusal(action, answer.get("Message", ""))
        return answer

    async def _frame_of(self, name: str) -> Fields:
        """The next frame that answers the action of this name."""
        while True:
            frame = self._frames.add(await self.line())
            if isinstance(frame, Rejected):
                raise Unreachable(f"manager interface: {frame.reason}")
            if frame is not None and frame.get("ActionID") == name:
                return frame


@asynccontextmanager
async def patience(seconds: float, action: str) -> AsyncIterator[None]:
    """Bounds a wait; what takes longer is `Unreachable`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unreachable(f"{action}: no answer in time") from None


async def opened(place: ManagerPlace, login: ManagerLogin, *, events: bool, within: float) -> Ami:
    """A connection that has logged in; without `events` it is for actions only. Raises `PbxError`."""
    login.may_try()
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(place.host, place.port, ssl=place.tls, limit=LONGEST_LINE)
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"manager interface: {type(error).__name__}") from None
    ami = Ami(reader, writer, within)
    try:
        challenge = (await ami.ask("Challenge", AuthType="MD5")).get("Challenge", "")
        await ami.ask(
            "Login", AuthType="MD5", Username=login.user, Key=login.key(challenge), Events="on" if events else "off"
        )
    except BadCredentials:
        ami.close()
        await login.refused()
        raise
    except BaseException:
        ami.close()
        raise
    await login.accepted()
    return ami


def place_of(url: str, tls: ssl.SSLContext) -> ManagerPlace:
    """Where `ami://host:port`, or with TLS `amis://host:port`, leads."""
    parts = urlsplit(url)
    return ManagerPlace(str(parts.hostname), parts.port or PORTS[parts.scheme], tls if parts.scheme == "amis" else None)


def sound(value: str, key: str) -> str:
    """The value of a field; one with a line end would be an action of somebody else's."""
    if any(one in value for one in "\r\n\0") or len(value.encode("utf-8", "replace")) > LONGEST_VALUE:
        raise BadParameter(f"{key}: not a value of the manager interface")
    return value


def refusal(action: str, message: str) -> PbxError:
    """The error that an answer stands for; its message is cut to 120 characters."""
    shown = "".join(c for c in message[:120] if c.isprintable())
    kind = next((kind for words, kind in ERRORS if words.search(message.lower())), Refused)
    return kind(f"{action}: {shown}")
