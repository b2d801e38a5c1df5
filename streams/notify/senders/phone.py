"""Rings people through the PBX itself, for when nobody reads messages at night."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from streams.config.installation import Installation
from streams.notify.sender import Channel, PbxAtHand, SenderKind, SendError, sender
from streams.pbxs.pbx_errors import PbxError

HOUR_SECONDS = 3_600.0


class CallCeiling:
    """How many calls an hour are placed to people, over all telephones: a flood of alarms must not ring for ever."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._placed: deque[float] = deque()

    def take(self) -> None:
        """Count a call that is about to be placed. Raises `SendError` above the ceiling; it is tried again later."""
        now = self._clock()
        while self._placed and self._placed[0] <= now - HOUR_SECONDS:
            self._placed.popleft()
        if len(self._placed) >= self._most:
            raise SendError(f"{self._most} calls to people were placed within an hour: ask them in another way")
        self._placed.append(now)


@sender
class Phone(SenderKind):
    """Calls one number and plays prompts recorded on the PBX; the text itself cannot be read out.

    `pbx` gives the one to call by, None when there is none. `extension` is whose permission an outside number
    needs. Without prompts, or on a PBX that cannot play them, that extension is rung and then connected to
    `number`. It reaches nobody when the PBX is what fails, so it belongs beside another channel.
    """

    kind: ClassVar[str] = "phone"

    def __init__(self, pbx: PbxAtHand, number: str, extension: str, prompts: Sequence[str] = (),
        ceiling: CallCeiling | None = None,
    ) -> None:  # fmt: skip
        self._pbx = pbx
        self._ceiling = ceiling
        self._number = number
        self._extension = extension
        self._prompts = tuple(prompts)

    @classmethod
    def channels(cls, settings: Installation, pbx: PbxAtHand) -> Iterator[Channel]:
        """Everybody under `calls`."""
        ceiling = CallCeiling(settings.ceilings.calls)
        for number, call in enumerate(settings.calls, 1):
            to = call.extension or call.number or ""
            phone = cls(pbx, to, call.extension or to, (call.prompt,) if call.prompt else (), ceiling)
            yield Channel(f"call-{number}", phone, call.severity, rings=True)

    async def send(self, title: str, text: str) -> None:
        """Ring, and wait until the call is over; what is said was recorded before."""
        pbx = self._pbx()
        if pbx is None:
            raise SendError("there is no PBX to call by")
        if self._ceiling is not None:
            self._ceiling.take()
        try:
            answered = await pbx.call_person(self._number, self._extension, self._prompts)
        except PbxError as error:
            raise SendError(f"the PBX did not place the call: {error}") from error
        if not answered:
            raise SendError("nobody answered the call")
