"""What a person orders in the console: written to the journal, and as a verdict into the log."""

import asyncio
from collections.abc import Callable

from detector.contract.codec import to_micros
from detector.contract.events import Control
from detector.contract.vocabulary import Status
from streams.runtime.clock import micros_now, utc_now
from streams.runtime.ingest import PutControl
from streams.store.journal.journal import Journal
from streams.store.rows import About


class Orders:
    """The console's commands. `wake` tells the executor that there is something to do.

    Each order that was not too late is kept with its incident: who gave it, when, and what they said.
    """

    def __init__(self, journal: Journal, put_control: PutControl, wake: Callable[[], None]) -> None:
        self._journal = journal
        self._put = put_control
        self._wake = wake

    async def approve(self, action_id: str, by: str) -> bool:
        """Carry out a requested action."""
        done = await asyncio.to_thread(self._journal.actions.approve, action_id, by, now=micros_now())
        self._wake()
        if done:
            await self._remark_action(action_id, by, "approved", "")
        return done

    async def refuse(self, action_id: str, by: str, why: str) -> bool:
        """Never carry out a requested action."""
        done = await asyncio.to_thread(self._journal.actions.refuse, action_id, by, why, now=micros_now())
        if done:
            await self._remark_action(action_id, by, "refused", why)
        return done

    async def undo(self, action_id: str, by: str, note: str) -> bool:
        """Take back what was done, and do not do it again for a day."""
        done = await asyncio.to_thread(self._journal.actions.request_undo, action_id, by, now=micros_now(), note=note)
        self._wake()  # the log learns of it by the outcome, too, if we should end here
        row = await asyncio.to_thread(self._journal.actions.find, action_id)
        if done and row is not None:
            await self._verdict(row.pbx, by, note, row.drill, decision=row.decision.id)
        return done

    async def close_incident(self, incident_id: str, by: str, note: str) -> bool:
        """Nothing more is to be expected of this incident; what it holds is let go."""
        view = await asyncio.to_thread(self._journal.incidents.find, incident_id)
        if view is None or view.incident.status in {"closed", "merged"}:
            return False
        await self._verdict(view.incident.pbx, by, note, view.incident.drill, incident=incident_id)
        await self._remark(incident_id, by, "closed", note)
        return True

    async def acknowledge(self, incident_id: str, by: str) -> bool:
        """Somebody looks after this incident: reminders and calls about it end until there is news."""
        known = await asyncio.to_thread(self._journal.incidents.some, [incident_id])
        if incident_id not in known or known[incident_id].status in {Status.CLOSED, Status.MERGED}:
            return False
        await self._remark(incident_id, by, "acknowledged", "")
        return True

    async def _remark_action(self, action_id: str, by: str, about: About, text: str) -> None:
        row = await asyncio.to_thread(self._journal.actions.find, action_id)
        if row is not None:
            await self._remark(row.incident, by, about, text, action_id)

    async def _remark(self, incident_id: str, by: str, about: About, text: str, action_id: str | None = None) -> None:
        await asyncio.to_thread(
            self._journal.remarks.add, incident_id, by=by, about=about, text=text, now=micros_now(), action_id=action_id
        )

    async def _verdict(
        self, pbx: str, by: str, note: str, drill: bool, *, decision: str | None = None, incident: str | None = None
    ) -> None:
        at = utc_now()
        about = decision or incident or ""
        await self._put([Control(
            pbx=pbx, id=f"verdict:{about}:{to_micros(at)}", at=at, name="verdict", source="ringfence", drill=drill,
            verdict="undone" if decision else "closed", decision=decision, incident=incident, by=by[:64],
            note=note[:1024] or None,
        )])  # fmt: skip
