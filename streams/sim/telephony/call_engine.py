"""The call engine: lets calls through or refuses them, moves them along, ends and records them."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from itertools import count

from streams.sim import event_hub
from streams.sim.event_hub import EventHub
from streams.sim.notices import NoticeBoard
from streams.sim.settings import PbxSettings, SimExtension, SimTrunk
from streams.sim.sim_clock import SimClock
from streams.sim.telephony.cdr import CdrPart, CdrStore
from streams.sim.telephony.registrar import Registrar, RegistrationResult
from streams.sim.telephony.routing import (
    BUSY,
    NO_PERMISSION,
    NOT_FOUND,
    UNAVAILABLE,
    UNREACHABLE,
    Path,
    Router,
    RouteRefusal,
)
from streams.sim.telephony.sim_call import BYE, RINGING, TALKING, Attempt, CallPlan, Role, Side, SimCall, SimMember

PLACED = "placed"
_DISPOSITIONS = {"answered": "ANSWERED", "busy": "BUSY", "no_answer": "NO ANSWER"}


class CallEngine:
    """Owns every call that is up and the count of attempts by outcome."""

    def __init__(
        self,
        clock: SimClock,
        settings: PbxSettings,
        registrar: Registrar,
        router: Router,
        hub: EventHub,
        notices: NoticeBoard,
        cdrs: CdrStore,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._registrar = registrar
        self._router = router
        self._hub = hub
        self._notices = notices
        self._cdrs = cdrs
        self._calls = count(1)
        self._channels = count(0x8A)
        self._shown_states: dict[str, str] = {}
        self.up: dict[str, SimCall] = {}
        self.attempts: Counter[str] = Counter()

    def dial(
        self,
        number: str,
        dialled: str,
        *,
        source_ip: str | None = None,
        pin: str | None = None,
        plan: CallPlan | None = None,
    ) -> Attempt:
        """A registered device of extension `number` dials; refused credentials and drops leave no trace."""
        contact = self._registrar.authorise(number, source_ip)
        extension = self._settings.extension(number)
        if isinstance(contact, RegistrationResult) or extension is None:
            return self._counted(Attempt(str(contact)))
        return self.place(extension, dialled, contact.source_ip, pin=pin, plan=plan)

    def place(
        self,
        extension: SimExtension,
        dialled: str,
        src_addr: str = "",
        *,
        pin: str | None = None,
        plan: CallPlan | None = None,
    ) -> Attempt:
        """A call by an extension whose device need not be asked, as the API's own dialling does."""
        caller = self._extension_member(extension, "caller")
        part = self._part("Internal", extension.number, dialled, src_addr)
        callee = self._settings.extension(dialled)
        if callee is not None and not self._router.is_emergency(dialled):
            return self._deliver(callee, caller, part, plan)
        part.kind, part.pin = "Outbound", pin or ""
        path = self._router.outbound(extension, dialled, pin)
        if isinstance(path, RouteRefusal):
            return self._refuse(path.reason, [caller], part)
        if path.emergency:
            self._notices.post("emergency_call_dialed_out", user=extension.number, number=dialled)
        return self._start_outbound(path, extension, [caller], [part], plan)

    def inbound(self, caller: str, number: str, *, plan: CallPlan | None = None, trunk: str | None = None) -> Attempt:
        """A call from outside to extension `number`, over the named or first trunk that is on."""
        way_in = next((t for t in self._settings.trunks if t.enable and trunk in (None, t.name)), None)
        extension = self._settings.extension(number)
        if way_in is None or extension is None:
            return self._counted(Attempt(UNREACHABLE if way_in is None else NOT_FOUND))
        part = self._part("Inbound", caller, number, way_in.hostname)
        part.src_trunk, part.did = way_in.name, way_in.def_outbound_cid
        member = self._trunk_member(way_in, "inbound", caller, part.did or number)
        if self._router.blocks_inbound(caller):
            return self._refuse(NO_PERMISSION, [member], part)
        if self._settings.watches_trunk(way_in.name):
            invitation: dict[str, object] = {"call_id": part.call_id, "members": [member.shown()]}
            self._hub.emit(event_hub.INBOUND_INVITATION, invitation)
        return self._deliver(extension, member, part, plan, way_in)

    def prompt(self, number: str, dial_permission: SimExtension | None, plan: CallPlan) -> Attempt:
        """The PBX itself calls an extension, or an outside number with an extension's permission."""
        extension = self._settings.extension(number)
        if extension is not None:
            part = self._part("Internal", "", number)
            callee = self._extension_member(extension, "callee")
            return self._start(SimCall(part.call_id, "Internal", number, plan, [callee], [part]))
        if dial_permission is None:
            return self._counted(Attempt(NO_PERMISSION))
        return self.place(dial_permission, number, plan=plan)

    def hang_up(self, channel_id: str) -> SimCall | None:
        """End the call that owns a channel; None if there is no such channel."""
        for call in self.up.values():
            if any(m.channel_id == channel_id and m.status != BYE for m in call.members):
                self._end(call)
                return call
        return None

    def load(self, trunk_id: int) -> int:
        """How many channels a trunk carries now."""
        return sum(call.trunk_ids.count(trunk_id) for call in self.up.values())

    def stop(self) -> None:
        """Cancel every timer; calls that are up vanish without a record."""
        for call in self.up.values():
            if call.timer is not None:
                call.timer.cancel()
            call.over.set()
        self.up.clear()

    def _deliver(
        self,
        callee: SimExtension,
        caller: SimMember,
        part: CdrPart,
        plan: CallPlan | None,
        way_in: SimTrunk | None = None,
    ) -> Attempt:
        """Ring an extension, or send the call on where the extension forwards it."""
        rung = self._extension_member(callee, "callee")
        trunk_ids = (way_in.id,) if way_in else ()
        if callee.forward_to:
            return self._forward(callee, [caller, rung], part, plan, trunk_ids)
        if not self._registrar.contacts(callee.number):
            return self._refuse(UNAVAILABLE, [caller], part)
        call = SimCall(part.call_id, part.kind, part.to_number, plan or CallPlan(), [caller, rung], [part], trunk_ids)
        return self._start(call)

    def _forward(
        self,
        extension: SimExtension,
        members: list[SimMember],
        part: CdrPart,
        plan: CallPlan | None,
        trunk_ids: tuple[int, ...],
    ) -> Attempt:
        target = extension.forward_to
        part.ended_at, part.disposition = part.started_at, "NO ANSWER"
        part.reason = f"{extension.number} forwarded to {target}"
        members[-1].status = BYE
        onward = self._part("Outbound", part.from_number, target, part.src_addr, part.call_id)
        onward.src_trunk, onward.reason = part.src_trunk, part.reason
        path = self._router.outbound(extension, target, None)
        if isinstance(path, RouteRefusal):
            self._record(part)
            return self._refuse(path.reason, members, onward)
        return self._start_outbound(path, extension, members, [part, onward], plan, trunk_ids)

    def _start_outbound(
        self,
        path: Path,
        extension: SimExtension,
        members: list[SimMember],
        parts: list[CdrPart],
        plan: CallPlan | None,
        trunk_ids: tuple[int, ...] = (),
    ) -> Attempt:
        part = parts[-1]
        part.dst_trunk = path.trunk.name
        far = self._trunk_member(path.trunk, "outbound", part.from_number, part.to_number)
        call = SimCall(
            part.call_id,
            "Outbound",
            part.to_number,
            plan or CallPlan(),
            [*members, far],
            parts,
            (*trunk_ids, path.trunk.id),
            -1 if path.emergency else extension.max_outb_call_duration,
        )
        return self._start(call)

    def _start(self, call: SimCall) -> Attempt:
        call.started_at = self._clock.now()
        call.set_status(RINGING)
        self.up[call.call_id] = call
        step = self._answer if call.plan.result == "answered" else self._end
        ring = self._clock.real(call.plan.ring)
        call.timer = asyncio.get_running_loop().call_later(ring, step, call)
        self._show(call)
        return self._counted(Attempt(PLACED, call.call_id, call))

    def _answer(self, call: SimCall) -> None:
        call.answered_at = call.parts[-1].answered_at = self._clock.now()
        call.set_status(TALKING)
        limits = [float(call.max_talk)] if call.max_talk > 0 else []
        if call.plan.talk is not None:
            limits.append(self._clock.real(call.plan.talk))
        call.timer = asyncio.get_running_loop().call_later(min(limits), self._end, call) if limits else None
        self._show(call)

    def _end(self, call: SimCall) -> None:
        if call.timer is not None:
            call.timer.cancel()
        del self.up[call.call_id]
        call.ended_at = self._clock.now()
        for member in call.members:
            member.status = BYE
        self._show(call)
        last = call.parts[-1]
        result = "no_answer" if call.plan.result == "answered" else call.plan.result
        last.disposition = "ANSWERED" if last.answered_at is not None else _DISPOSITIONS[result]
        last.ended_at = call.ended_at
        if last.disposition == "BUSY":
            last.reason = BUSY
            self._show_failure(BUSY, call.call_id, call.members)
        for part in call.parts:
            self._record(part)
        call.over.set()

    def _refuse(self, reason: str, members: list[SimMember], part: CdrPart) -> Attempt:
        for member in members:
            member.status = BYE
        part.reason, part.disposition, part.ended_at = reason, "FAILED", part.started_at
        self._show_failure(reason, part.call_id, members)
        self._record(part)
        return self._counted(Attempt(reason, part.call_id))

    def _counted(self, attempt: Attempt) -> Attempt:
        self.attempts[attempt.outcome] += 1
        return attempt

    def _record(self, part: CdrPart) -> None:
        row = self._cdrs.add(part)
        self._hub.emit(event_hub.CALL_END, self._cdrs.end_details(row))

    def _show_failure(self, reason: str, call_id: str, members: Iterable[SimMember]) -> None:
        shown = [m.shown() for m in members if m.side == "extension"] or None
        self._hub.emit(event_hub.CALL_FAILED, {"call_id": call_id, "reason": reason, "members": shown})

    def _show(self, call: SimCall) -> None:
        """Events 30011 and 30008; trunks that are not ticked in the status monitor stay out."""
        members = [
            m.shown() for m in call.members if m.side == "extension" or self._settings.watches_trunk(m.trunk_name)
        ]
        if members:
            self._hub.emit(event_hub.CALL_STATE, {"call_id": call.call_id, "members": members})
        for number in call.extensions:
            state = self._state(number)
            if self._shown_states.get(number, "Idle") != state and self._settings.watches_extension(number):
                self._hub.emit(event_hub.EXTENSION_CALL_STATE, {"extension": number, "status": state})
            self._shown_states[number] = state

    def _state(self, number: str) -> str:
        statuses = {
            m.status for call in self.up.values() for m in call.members if m.number == number and m.status != BYE
        }
        if statuses & set(TALKING.values()):
            return "Busy"
        return "Ringing" if statuses else "Idle"

    def _part(
        self, kind: str, from_number: str, to_number: str, src_addr: str = "", call_id: str | None = None
    ) -> CdrPart:
        now = self._clock.now()
        return CdrPart(
            call_id or f"{int(now)}.{next(self._calls)}",
            kind,
            from_number,
            self._name(from_number),
            to_number,
            self._name(to_number),
            now,
            src_addr,
        )

    def _name(self, number: str) -> str:
        extension = self._settings.extension(number)
        return extension.name if extension else ""

    def _extension_member(self, extension: SimExtension, role: Role) -> SimMember:
        channel = f"PJSIP/{extension.number}-{next(self._channels):08x}"
        return SimMember("extension", role, channel, number=extension.number)

    def _trunk_member(self, trunk: SimTrunk, side: Side, from_number: str, to_number: str) -> SimMember:
        channel = f"PJSIP/trunk-{trunk.id}-endpoint-{next(self._channels):08x}"
        role: Role = "caller" if side == "inbound" else "callee"
        return SimMember(side, role, channel, "", from_number, to_number, trunk.name)
