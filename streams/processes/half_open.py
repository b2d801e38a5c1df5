"""Connections whose request is not complete yet: for a while only, and each address its share of them."""

import asyncio
from typing import Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
SHARE = 32
MOST = 256


class HalfRequest(Protocol):
    """A connection that waits for its client."""

    def give_up(self) -> None:
        """End it: its client had time enough, or has too many."""


class HalfOpen:
    """Those of one listener, oldest first. Where there are too many, those go first whose address has the most.

    A newcomer is let in, as it may be honest; who has sent nothing for longest makes room.
    """

    def __init__(self, share: int = SHARE, most: int = MOST) -> None:
        self._share = share
        self._most = most
        self._count = 0
        self._of: dict[str, dict[HalfRequest, None]] = {}

    def add(self, address: str, connection: HalfRequest) -> None:
        """It waits for its client from now on."""
        theirs = self._of.setdefault(address, {})
        if connection in theirs:
            return
        theirs[connection] = None
        self._count += 1
        if len(theirs) > self._share:
            self._drop_oldest(address)
        elif self._count > self._most:
            self._drop_oldest(max(self._of, key=lambda name: len(self._of[name])))

    def remove(self, address: str, connection: HalfRequest) -> None:
        """Its request is complete, or it is gone."""
        theirs = self._of.get(address)
        if theirs is None or connection not in theirs:
            return
        del theirs[connection]
        self._count -= 1
        if not theirs:
            del self._of[address]

    def _drop_oldest(self, address: str) -> None:
        oldest = next(iter(self._of[address]))
        self.remove(address, oldest)
        oldest.give_up()


class PatientProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to the patience for a request's header and body."""

    half_open: HalfOpen
    seconds = REQUEST_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take it; a request that is complete is waited for no more."""
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY} and not self._is_answering():
            self._wait()
        else:
            self._stop_waiting()

    def give_up(self) -> None:
        """End it at once; whatever reads its body learns that the client is gone."""
        self._stop_waiting()
        self.transport.abort()

    def _is_answering(self) -> bool:
        """Whether a whole request is being answered: the next one may come meanwhile."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self.give_up)
            self.half_open.add(self._address(), self)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self.half_open.remove(self._address(), self)

    def _address(self) -> str:
        return self.client[0] if self.client else ""


def patient(kept: HalfOpen) -> type[PatientProtocol]:
    """The protocol for one listener."""

    class ListenerProtocol(PatientProtocol):
        half_open = kept

    return ListenerProtocol
