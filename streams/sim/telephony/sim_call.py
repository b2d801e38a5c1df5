"""A call in progress: who takes part, how it will go, and what becomes of it."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from streams.sim.telephony.cdr import CdrPart

Side = Literal["extension", "inbound", "outbound"]
Role = Literal["caller", "callee"]
RINGING = {"caller": "ALERT", "callee": "RING"}
TALKING = {"caller": "ANSWERED", "callee": "ANSWER"}
BYE = "BYE"


@dataclass(frozen=True)
class CallPlan:
    """How the far end behaves, in script seconds; `talk` None means until somebody hangs up."""

    ring: float = 4.0
    talk: float | None = 60.0
    result: Literal["answered", "busy", "no_answer"] = "answered"


@dataclass(eq=False)
class SimMember:
    """One channel of a call; `number` for an extension, the other three for a trunk."""

    side: Side
    role: Role
    channel_id: str
    number: str = ""
    from_number: str = ""
    to_number: str = ""
    trunk_name: str = ""
    status: str = ""

    def shown(self) -> dict[str, object]:
        """As in event 30011 and `call/query`."""
        if self.side == "extension":
            who: dict[str, object] = {"number": self.number}
        else:
            who = {"from": self.from_number, "to": self.to_number, "trunk_name": self.trunk_name}
        return {self.side: who | {"channel_id": self.channel_id, "member_status": self.status, "call_path": ""}}


@dataclass(eq=False)
class SimCall:
    """One call with its members and the record rows it will leave."""

    call_id: str
    kind: str
    """Internal, Inbound or Outbound."""
    dialled: str
    plan: CallPlan
    members: list[SimMember]
    parts: list[CdrPart]
    trunk_ids: tuple[int, ...] = ()
    max_talk: int = -1
    """Longest talk the PBX allows, in real seconds; -1 for no limit."""
    started_at: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def up(self) -> bool:
        """Whether the call is still ringing or talking."""
        return self.ended_at is None

    @property
    def extensions(self) -> list[str]:
        """Numbers of our extensions in the call."""
        return [m.number for m in self.members if m.side == "extension"]

    @property
    def channel(self) -> str:
        """A channel to hang the call up by: the extension's own, if it has one."""
        own = [m for m in self.members if m.side == "extension"] or self.members
        return own[0].channel_id

    def state(self) -> dict[str, object]:
        """The content of event 30011."""
        return {"call_id": self.call_id, "members": [m.shown() for m in self.members]}

    def set_status(self, statuses: dict[str, str]) -> None:
        """Give callers and callees that have not left a new status."""
        for member in self.members:
            if member.status != BYE:
                member.status = statuses[member.role]


@dataclass(frozen=True)
class Attempt:
    """What became of trying to call: `outcome` is `placed`, an unseen refusal, or the PBX's reason text."""

    outcome: str
    call_id: str = ""
    call: SimCall | None = None

    @property
    def placed(self) -> bool:
        """Whether the call went through to ringing."""
        return self.call is not None
